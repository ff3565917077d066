"""What REST calls take, to the letter of the schema: a number is no text, "yes" is no boolean, empty is not absent.

Django REST framework is kind to forms and reads 0 as "0", "1_000" as 1000 and 1 as true. A program that sends such a
thing has a fault that it should hear of.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.request import Request

Model = TypeVar("Model")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")


class Body(serializers.Serializer[Model]):
    """A JSON body. Forms, where a call takes them, are read as forms."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and not isinstance(data, QueryDict):
            errors = {name: [_REASONS[kind]] for name, kind in self._strangers(data)}
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)

    def _strangers(self, data: Mapping[str, Any]) -> list[tuple[str, type]]:
        found = []
        for name, field in self.fields.items():
            value = data.get(name)
            kind = _kind(field)
            if kind and value is not None and not field.read_only and not _is_a(kind, value):
                found.append((name, kind))
        return found


class Query(serializers.Serializer[Any]):
    """The query of an address. What is given as empty is empty; of several with one name, the last counts."""

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """Return what was asked for. Raises ValidationError."""
        query = cls(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return dict(query.validated_data)

    def to_internal_value(self, data: Mapping[str, str]) -> Any:
        forms = {int: WHOLE, float: NUMBER}
        kinds = {name: _kind(field) for name, field in self.fields.items()}
        errors = {
            name: [_REASONS[kind]]
            for name, kind in kinds.items()
            if kind in forms and name in data and not forms[kind].fullmatch(data[name])
        }
        if errors:
            raise serializers.ValidationError(errors)
        return super().to_internal_value(data)


_REASONS: dict[type, Any] = {
    str: serializers.CharField.default_error_messages["invalid"],
    int: serializers.IntegerField.default_error_messages["invalid"],
    float: serializers.FloatField.default_error_messages["invalid"],
    bool: serializers.BooleanField.default_error_messages["invalid"],
}
# As JSON knows them; the first that fits.
_KINDS: tuple[tuple[type | tuple[type, ...], type], ...] = (
    (serializers.BooleanField, bool),
    (serializers.IntegerField, int),
    (serializers.FloatField, float),
    (
        (
            serializers.CharField,
            serializers.ChoiceField,
            serializers.UUIDField,
            serializers.DateField,
            serializers.DateTimeField,
        ),
        str,
    ),
)


def _kind(field: Any) -> type | None:
    return next((kind for classes, kind in _KINDS if isinstance(field, classes)), None)


def _is_a(kind: type, value: Any) -> bool:
    if kind is bool:
        return isinstance(value, bool)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:  # 2.0 is whole, too, for a JSON schema
        return (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, float) and value.is_integer()
        )
    return isinstance(value, str)


class Texts(serializers.ListField):
    """A list of texts, and of nothing that could be read as one."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list) and not all(isinstance(one, str) for one in data):
            raise serializers.ValidationError(_REASONS[str])
        return super().to_internal_value(data)
