"""JSON into the REST API, by orjson."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class OrjsonParser(JSONParser):
    """Takes only what can be written again: no half characters, no numbers beyond measure, no bottomless nesting."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            body = orjson.loads(stream.read())
            orjson.dumps(body)
        except (orjson.JSONDecodeError, TypeError) as error:
            raise ParseError(f"JSON parse error - {error}") from error
        return body
