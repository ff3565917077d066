"""JSON out of the REST API, by orjson."""

import json
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


class OrjsonRenderer(BaseRenderer):
    """Times become ISO 8601 in UTC with a Z; UUIDs and lazy strings become text."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if data is None:
            return b""
        try:
            return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)
        except TypeError:
            # An answer that quotes half a character, or a number of more than 64 bits.
            return json.dumps(data, default=str, ensure_ascii=False).encode(errors="replace")
