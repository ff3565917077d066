"""What players tell of how a show plays."""

from http import HTTPStatus
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api.inputs import Body
from shop.http import network, rate_limits
from shop.rest.problems import Problem
from streams import metrics
from streams.models import StreamSession

State = StreamSession.State

LARGEST_BYTES = 2048
# A player tells once a minute; behind one address there may be a whole hall of them.
NETWORK_BURST = 600
NETWORK_PER_S = 20
TEN_MINUTES_MS = 600_000


class ReportSerializer(Body[Any]):
    """What a player saw since its last report."""

    session = serializers.SlugField(max_length=100)
    startup_ms = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=TEN_MINUTES_MS, help_text="to the first picture; once"
    )
    latency_ms = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=TEN_MINUTES_MS,
        help_text="behind the camera; live only",
    )
    stalls = serializers.IntegerField(default=0, min_value=0, max_value=1000)
    stalled_ms = serializers.IntegerField(default=0, min_value=0, max_value=TEN_MINUTES_MS)
    watched_ms = serializers.IntegerField(default=0, min_value=0, max_value=TEN_MINUTES_MS)


class Metrics(APIView):
    """Browsers send this as they leave, with no header of ours: nobody is asked who they are."""

    authentication_classes = []
    problem_statuses = (status.HTTP_404_NOT_FOUND,)

    @extend_schema(
        request=ReportSerializer,
        responses={
            204: OpenApiResponse(description="counted"),
            413: OpenApiResponse(description="`too_long`"),
            429: OpenApiResponse(description="`rate_limited`"),
        },
        operation_id="playback_metrics",
    )
    def post(self, request: Request) -> Response:
        """Count how a show plays at one viewer."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BYTES:
            detail = _("A report has %(most)d bytes at most.") % {"most": LARGEST_BYTES}
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_long", detail)
        wait_ms = rate_limits.take(
            f"metrics:{network.network(request)}", capacity=NETWORK_BURST, refill_per_s=NETWORK_PER_S
        )
        if wait_ms:
            detail = _("Too many reports from this network.")
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", detail, retry_after_s=1 + wait_ms // 1000)
        told = ReportSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        report = dict(told.validated_data)
        metrics.note(_session_id(report.pop("session")), metrics.Report(**report))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _session_id(slug: str) -> Any:
    """Return the id of a show that viewers may watch. Raises Http404."""
    shows = StreamSession.objects.filter(slug=slug, state__in=[*StreamSession.ON_AIR, State.ENDED])
    if (session_id := shows.values_list("pk", flat=True).first()) is None:
        raise Http404
    return session_id
