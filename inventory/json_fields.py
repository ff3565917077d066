"""JSON columns with a shape: what a form, a model and the database itself let in.

A shape is a validator, and says the same to PostgreSQL by `constraint`. tests/test_json_fields.py holds the two
together, and asks every JSON column of every model for both.
"""

import json
import math
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func
from django.forms.fields import InvalidJSONInput
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

# Of a text in JSON: no control characters. The first is for PostgreSQL, which knows no NUL and no half characters.
PRINTED = r"[^\u0001-\u001f\u007f-\u009f]"
_PRINTED = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "object": dict}


class JsonPathMatch(Func):
    """Whether the predicate of a JSON path is true of a column; unknown for NULL, which a CHECK lets pass."""

    function = "jsonb_path_match"
    template = "%(function)s(%(expressions)s, '%(predicate)s', '{}', true)"
    output_field = models.BooleanField()
    conditional = True


class Shape:
    """What values a column may hold."""

    message: Any = _("This JSON has another shape than is needed here.")

    def fits(self, value: Any) -> bool:
        raise NotImplementedError

    def predicate(self) -> str:
        """Return the shape as the predicate of a JSON path."""
        raise NotImplementedError

    def __call__(self, value: Any) -> None:
        """Raise ValidationError for a value of another shape."""
        if not self.fits(value):
            raise ValidationError(self.message, code="shape")

    def constraint(self, field: str, *, name: str) -> models.CheckConstraint:
        condition = JsonPathMatch(F(field), predicate=self.predicate())
        return models.CheckConstraint(condition=condition, name=name)


@deconstructible
class AnyObject(Shape):
    """An object; what it holds is the business of the code that alone writes it."""

    def fits(self, value: Any) -> bool:
        return isinstance(value, dict)

    def predicate(self) -> str:
        return 'strict $.type() == "object"'


@deconstructible
class Words(Shape):
    """An object of names and words: `{"Size": "M"}`. With `numbers`, figures and true or false are words, too."""

    message = _('Short names and words are needed, such as {"Size": "M"}: no lists, no objects, nothing empty.')
    NAME_LONGEST = 60

    def __init__(self, *, longest: int, numbers: bool = False) -> None:
        self.longest = longest
        self.numbers = numbers

    def fits(self, value: Any) -> bool:
        return isinstance(value, dict) and all(
            isinstance(name, str) and _is_printed(name, self.NAME_LONGEST) and self._is_word(word)
            for name, word in value.items()
        )

    def _is_word(self, word: Any) -> bool:
        if isinstance(word, str):
            return _is_printed(word, self.longest)
        return self.numbers and isinstance(word, int | float) and math.isfinite(word)

    def predicate(self) -> str:
        name = f'@.key like_regex "^{PRINTED}{{1,{self.NAME_LONGEST}}}$"'
        word = f'@.value.type() == "string" && @.value like_regex "^{PRINTED}{{1,{self.longest}}}$"'
        if self.numbers:
            word += ' || @.value.type() == "number" || @.value.type() == "boolean"'
        return f'strict $.type() == "object" && !exists($.keyvalue() ? (!({name}) || !({word})))'


@deconstructible
class Counts(Shape):
    """An object of whole numbers from 0: how many of each name."""

    def fits(self, value: Any) -> bool:
        return isinstance(value, dict) and all(
            _is_a("number", count) and count >= 0 and float(count).is_integer() for count in value.values()
        )

    def predicate(self) -> str:
        count = '@.value.type() == "number" && @.value >= 0 && @.value.floor() == @.value'
        return f'strict $.type() == "object" && !exists($.keyvalue() ? (!({count})))'


@deconstructible
class Rows(Shape):
    """A list of objects, each with members of these types at least: `Rows(sku="string", quantity="number")`."""

    def __init__(self, **members: str) -> None:
        self.members = members

    def fits(self, value: Any) -> bool:
        return isinstance(value, list) and all(
            isinstance(row, dict) and all(_is_a(kind, row.get(name)) for name, kind in self.members.items())
            for row in value
        )

    def predicate(self) -> str:
        right = [f'@.{name}.type() == "{kind}"' for name, kind in self.members.items()]
        wrong = [f"!({one}) || ({one}) is unknown" for one in right]  # of a missing member nothing is known
        return f'strict $.type() == "array" && !exists($[*] ? (@.type() != "object" || {" || ".join(wrong)}))'


@deconstructible
class Texts(Shape):
    """A list of texts."""

    def fits(self, value: Any) -> bool:
        return isinstance(value, list) and all(isinstance(text, str) for text in value)

    def predicate(self) -> str:
        return 'strict $.type() == "array" && !exists($[*] ? (@.type() != "string"))'


class TypedJson(forms.JSONField):
    """JSON that somebody types: what Python or PostgreSQL can't take is refused like any other wrong input."""

    def to_python(self, value: Any) -> Any:
        try:
            return _written(super().to_python(value))
        except (RecursionError, ValueError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": ""}) from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return _written(super().bound_data(data, initial))
        except (RecursionError, ValueError):
            return InvalidJSONInput(data)


class ShapedJSONField(models.JSONField):
    """A JSON column, to be given a shape as its validator and the shape's constraint."""

    # An empty list or text is a value like any other, and is judged.
    empty_values = (None,)

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": TypedJson, **options})

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """Take a field that was left empty for the default, not for NULL."""
        super().save_form_data(instance, self.get_default() if data is None and not self.null else data)


def _written(value: Any) -> Any:
    """Return what can be written again. Raises RecursionError, and ValueError for NaN or half a character."""
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    return value


def _is_printed(text: str, longest: int) -> bool:
    return len(text) <= longest and bool(_PRINTED.fullmatch(text))


def _is_a(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind]) and not (kind == "number" and isinstance(value, bool))
