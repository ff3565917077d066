"""JSON into the REST API, by orjson."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser


class TooLarge(APIException):
    """A body of more bytes than its parser takes."""

    status_code = 413
    default_code = "too_large"
    default_detail = gettext_lazy("The request is too large.")


class OrjsonParser(JSONParser):
    """Takes only what can be written again: no half characters, no numbers beyond measure, no bottomless nesting.

    It takes only so much, too. A call that needs more has a parser of its own, with other bounds.
    """

    bytes_max = 1024 * 1024
    depth_max = 16
    length_max = 1000
    """Of a list, and of an object."""
    text_max = 100_000

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Raises ParseError, or TooLarge for more bytes than `bytes_max`."""
        sent = stream.read(self.bytes_max + 1)
        if len(sent) > self.bytes_max:
            raise TooLarge
        try:
            body = orjson.loads(sent)
            orjson.dumps(body)
        except (orjson.JSONDecodeError, TypeError) as error:
            raise ParseError(f"JSON parse error - {error}") from error
        self._check(body)
        return body

    def _check(self, body: Any) -> None:
        """Look at every value, level by level."""
        level = [body]
        for _depth in range(self.depth_max + 1):
            inner: list[Any] = []
            for value in level:
                if isinstance(value, str) and len(value) > self.text_max:
                    raise ParseError(_("A text is longer than %(most)d characters.") % {"most": self.text_max})
                if isinstance(value, list | dict):
                    if len(value) > self.length_max:
                        text = _("A list or an object has more than %(most)d members.")
                        raise ParseError(text % {"most": self.length_max})
                    inner += value if isinstance(value, list) else [*value, *value.values()]
            if not inner:
                return
            level = inner
        raise ParseError(_("Lists and objects are nested more than %(most)d deep.") % {"most": self.depth_max})
