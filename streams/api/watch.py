"""Where to begin to watch a show on a device."""

import math

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api.inputs import Query
from shop.rest.problems import Problem
from streams import watch
from streams.api.serializers import absolute
from streams.api.sessions import get_visible
from streams.exceptions import NothingToPlay, OffsetBeyond


class WatchQuerySerializer(Query):
    device = serializers.ChoiceField(choices=list(watch.DEVICES), default="desktop")
    offset = serializers.FloatField(
        required=False, min_value=0, help_text="seconds of video from the beginning; without it the newest, or 0"
    )

    def validate_offset(self, offset: float) -> float:
        if not math.isfinite(offset):
            raise serializers.ValidationError(_("A number of seconds is needed."))
        return offset


class PlaceSerializer(serializers.Serializer[watch.Place]):
    playlist_url = serializers.SerializerMethodField(help_text="the rendition's media playlist")
    rendition = serializers.CharField()
    segment_url = serializers.SerializerMethodField(help_text="the segment that holds the offset")
    offset = serializers.FloatField(source="offset_s", help_text="seconds of video from the beginning of the show")
    segment_offset = serializers.FloatField(source="segment_offset_s", help_text="where that segment begins")

    def get_playlist_url(self, place: watch.Place) -> str:
        return absolute(self, place.playlist_url)

    def get_segment_url(self, place: watch.Place) -> str:
        return absolute(self, place.segment_url)


class Watch(APIView):
    @extend_schema(
        parameters=[WatchQuerySerializer],
        responses={
            200: PlaceSerializer,
            409: OpenApiResponse(description="`nothing_to_play`: not on air, and no replay"),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        """The rendition that suits a device, and the segment that holds a moment of the show."""
        asked = WatchQuerySerializer.read(request)
        session = get_visible(request, slug)
        try:
            place = watch.find(session, device=asked["device"], offset_s=asked.get("offset"))
        except NothingToPlay as nothing:
            raise nothing_to_play(nothing) from None
        except OffsetBeyond as beyond:
            words = _("The show is %(length).1f seconds long.") % {"length": beyond.length_s}
            raise serializers.ValidationError({"offset": [words]}) from None
        return Response(PlaceSerializer(place, context={"request": request}).data)


def nothing_to_play(error: NothingToPlay) -> Problem:
    """Word that a show has no picture now."""
    words = {
        "scheduled": _("The show has not begun yet."),
        "rehearsal": _("The show has not begun yet."),
        "ended": _("The show is over, and there is no recording of it, or none yet."),
    }
    detail = words.get(error.state, _("The picture is on its way. Please try again in a second."))
    return Problem(status.HTTP_409_CONFLICT, "nothing_to_play", detail, state=error.state)
