"""What a server in front of ours asks before it takes a publisher: nginx-rtmp's `on_publish`, MediaMTX's HTTP
authentication, or anything that can send a stream's name. docs/ingest.md has their configurations.
"""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api.inputs import Body
from shop.rest.parsing import OrjsonParser
from shop.rest.problems import Problem
from shop.text import is_text
from streams import broadcasts, keys
from streams.exceptions import KeyRefused
from streams.ingest.exceptions import ProtocolError
from streams.ingest.rtmp import address

PUBLISH = "publish"


class PublishSerializer(Body[Any]):
    """nginx-rtmp sends `call`, `app` and `name`, MediaMTX `action` and `path`. What else they send is ignored."""

    call = serializers.CharField(required=False, max_length=20)
    app = serializers.CharField(required=False, max_length=200)
    name = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="the stream key")
    action = serializers.CharField(required=False, max_length=20)
    path = serializers.CharField(required=False, max_length=200, help_text="live/<stream key>")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("call", attrs.get("action")) != PUBLISH:
            raise serializers.ValidationError(_("Only publishing is asked about here."))
        if not is_text(self.key(attrs)):
            raise serializers.ValidationError(_("The address ends in /live/ and the stream key."))
        return attrs

    @staticmethod
    def key(attrs: dict[str, Any]) -> str:
        """Return the key that the publisher shows, however its address was pasted; empty without one."""
        try:
            return address.key_of(attrs.get("path", attrs.get("app", "")), attrs.get("name", ""))
        except ProtocolError:
            return ""


class IngestPublish(APIView):
    """Whoever may ask this may as well try the key at our own door, so nobody is asked who they are."""

    authentication_classes = ()
    parser_classes = (FormParser, OrjsonParser)

    @extend_schema(
        request=PublishSerializer,
        responses={204: OpenApiResponse(description="this key may publish now")},
        operation_id="ingest_publish",
    )
    def post(self, request: Request) -> Response:
        """Whether a stream key may publish now. 204 says yes; 403 `key_refused` with a `reason` says no."""
        asked = PublishSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        key = asked.key(asked.validated_data)
        try:
            broadcasts.check_free(keys.session_of(key))
        except KeyRefused as refusal:
            raise Problem(
                403, "key_refused", _("This stream key may not publish now."), reason=refusal.reason
            ) from refusal
        return Response(status=status.HTTP_204_NO_CONTENT)
