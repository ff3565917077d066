"""The captions of a host's replay."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from shop.rest.problems import Problem
from streams import captions
from streams.api.host import HostView
from streams.hls.exceptions import BadCaptions
from streams.host import texts
from streams.store.exceptions import StoreAway

RETRY_AFTER_S = 5


class WebVttParser(BaseParser):
    """Reads a file as it is, and no further than one that is too large."""

    media_type = "text/vtt"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, bytes]:
        return {"captions": stream.read(captions.MOST_BYTES + 1)}


class HostCaptions(HostView):
    parser_classes = [WebVttParser]

    @extend_schema(
        request={"text/vtt": OpenApiTypes.STR},
        responses={204: OpenApiResponse(description="the replay has these captions")},
        operation_id="host_captions",
    )
    def put(self, request: Request, slug: str) -> Response:
        """Give the replay captions: a WebVTT file, at most 1 MB, whose times count from the replay's beginning."""
        session = self.own(slug)
        sent = request.data if isinstance(request.data, dict) else {}
        captions.give(session, sent.get("captions", b""), actor=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        request=None,
        responses={204: OpenApiResponse(description="the replay has no captions")},
        operation_id="host_remove_captions",
    )
    def delete(self, request: Request, slug: str) -> Response:
        """Take the captions away; removing them twice is fine."""
        captions.remove(self.own(slug), actor=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def handle_exception(self, exc: Exception) -> Response:
        """Word what the domain refuses."""
        if isinstance(exc, BadCaptions):
            exc = ValidationError({"captions": [texts.of_captions(exc)]})
        elif isinstance(exc, StoreAway):
            detail = _("The captions could not be stored just now. Please try again.")
            exc = Problem(503, "store_away", detail, retry_after_s=RETRY_AFTER_S)
        return super().handle_exception(exc)
