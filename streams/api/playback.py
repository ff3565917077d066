"""What a player asks for while it plays: leases."""

import secrets
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api.inputs import Body, Texts
from shop.models import User
from shop.rest.problems import Problem
from shop.text import one_line
from streams import leases, playback
from streams.api.serializers import absolute
from streams.api.sessions import get_visible
from streams.api.watch import nothing_to_play
from streams.exceptions import LeaseLost, NothingToPlay, TooManyStreams
from streams.leases import Device
from streams.store import tokens

GUEST_COOKIE = f"showfloor_guest_{settings.PORT}"
GUEST_SALT = "streams.guest"
GUEST_PATH = "/api/v1/playback/"


class LeaseRequestSerializer(Body[Any]):
    session = serializers.SlugField(max_length=100, help_text="the show")
    device_id = serializers.CharField(max_length=64, help_text="the device's own word, the same after a reload")
    device_name = serializers.CharField(max_length=80, help_text="what its owner knows it by")
    take_over = Texts(
        child=serializers.CharField(max_length=64), required=False, max_length=100, help_text="leases to stop"
    )

    def validate_device_name(self, name: str) -> str:
        if not (shown := one_line(name)):
            raise serializers.ValidationError(_("This name can't be seen."))
        return shown


class LeaseSerializer(serializers.Serializer[Any]):
    """`current` of at most `max` streams of this person are playing now, this one included."""

    lease = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds")
    heartbeat = serializers.IntegerField(help_text="seconds between two PUTs")
    current = serializers.IntegerField()
    max = serializers.IntegerField()
    playlist_url = serializers.SerializerMethodField(help_text="what this lease may play")

    def get_playlist_url(self, granted: dict[str, Any]) -> str:
        return absolute(self, granted["playlist_url"])


class BeatSerializer(serializers.Serializer[Any]):
    lease = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds")
    heartbeat = serializers.IntegerField(help_text="seconds between two PUTs")


class Leases(APIView):
    problem_statuses = (status.HTTP_404_NOT_FOUND,)

    @extend_schema(
        request=LeaseRequestSerializer,
        responses={
            201: LeaseSerializer,
            409: OpenApiResponse(description="`nothing_to_play`: not on air, and no replay"),
            429: OpenApiResponse(description="`max_concurrency`, with `active`: the streams that play elsewhere"),
        },
        operation_id="playback_lease_take",
    )
    def post(self, request: Request) -> Response:
        """Play a show on a device. A device that asks again keeps its lease."""
        wanted = LeaseRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        session = get_visible(request, asked["session"])
        playlist_url = playback.playlist_url(session) or playback.preview_url(session)
        if not playlist_url:
            raise nothing_to_play(NothingToPlay(session.state))
        cookie = "" if isinstance(request.user, User) else _guest_cookie(request)
        try:
            granted = leases.take(
                leases.account(request.user) if isinstance(request.user, User) else leases.guest(cookie),
                Device(asked["device_id"], asked["device_name"]),
                session=session.slug,
                title=session.title,
                take_over=asked.get("take_over", ()),
            )
        except TooManyStreams as error:
            raise _too_many(error) from None
        body = {**_times(granted.lease), "current": granted.current, "max": settings.MAX_CONCURRENT_STREAMS}
        url = tokens.address(playlist_url, session, lease=granted.lease)
        shape = LeaseSerializer({**body, "playlist_url": url}, context={"request": request})
        answer = Response(shape.data, status=status.HTTP_201_CREATED)
        if cookie:
            answer.set_signed_cookie(
                GUEST_COOKIE,
                cookie,
                salt=GUEST_SALT,
                path=GUEST_PATH,
                secure=settings.USE_HTTPS,
                httponly=True,
                samesite="Lax",
            )
        return answer


class Lease(APIView):
    """A lease is its own proof: no session, no token and no database on the way of a heartbeat."""

    authentication_classes = []

    @extend_schema(
        request=None,
        responses={200: BeatSerializer, 410: OpenApiResponse(description="`taken_over` or `expired`")},
        operation_id="playback_lease_beat",
    )
    def put(self, request: Request, lease: str) -> Response:
        """Say that the device still plays."""
        try:
            leases.beat(lease)
        except LeaseLost as lost:
            raise _lost(lost) from None
        return Response(_times(lease))

    @extend_schema(
        responses={204: OpenApiResponse(description="it plays no more")}, operation_id="playback_lease_give_back"
    )
    def delete(self, request: Request, lease: str) -> Response:
        """Stop playing; giving back twice is fine."""
        leases.give_back(lease)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _guest_cookie(request: Request) -> str:
    """Return what a browser without a sign-in is known by: a random word in a signed cookie."""
    return str(request.get_signed_cookie(GUEST_COOKIE, default="", salt=GUEST_SALT) or secrets.token_urlsafe(12))


def _times(lease: str) -> dict[str, Any]:
    return {"lease": lease, "expires_in": leases.EXPIRES_S, "heartbeat": leases.HEARTBEAT_S}


def _too_many(error: TooManyStreams) -> Problem:
    return Problem(
        status.HTTP_429_TOO_MANY_REQUESTS,
        "max_concurrency",
        _("You are watching on as many devices as you may at once. Stop one of them to watch here."),
        max=settings.MAX_CONCURRENT_STREAMS,
        active=[asdict(one) for one in error.active],
    )


def _lost(lost: LeaseLost) -> Problem:
    if lost.reason == "taken_over":
        detail = _("This was stopped: you are watching on another device.")
        return Problem(status.HTTP_410_GONE, lost.reason, detail, by=lost.by, by_name=lost.by_name)
    return Problem(status.HTTP_410_GONE, lost.reason, _("This device was not heard of for too long. Ask again."))
