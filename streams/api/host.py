"""A host's own shows."""

from contextlib import suppress
from dataclasses import asdict
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from shop import audit
from shop.models import User
from shop.rest.problems import Problem
from streams import access, addresses, broadcasts, figures, health, keys, metrics, pins, retention, run_list, shows
from streams.api import serializers
from streams.api.sessions import answer_session
from streams.chat import messages, partitions, review
from streams.exceptions import NotOnRunList, RunListFull, StateRefused, UnknownSkus
from streams.host import studio_page
from streams.ingest.camera import tickets
from streams.models import StreamSession

State = StreamSession.State


class IsHost(BasePermission):
    """Signed in, and a host."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.is_host


class HostView(APIView):
    permission_classes = [IsAuthenticated, IsHost]
    problem_statuses = (status.HTTP_409_CONFLICT,)

    def own(self, slug: str) -> StreamSession:
        """Return a show of the caller's; others' are not found."""
        try:
            return access.get_own(slug, self.person)
        except StreamSession.DoesNotExist:
            raise Http404 from None

    @property
    def person(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 (IsHost)
        return self.request.user

    @property
    def actor(self) -> str:
        return audit.actor_of(self.person)

    def handle_exception(self, exc: Exception) -> Response:
        """Word what the domain refuses."""
        if isinstance(exc, StateRefused):
            exc = Problem(409, "wrong_state", _("In its present state the show can't do that."), state=exc.state)
        elif isinstance(exc, NotOnRunList):
            exc = Problem(409, "not_on_run_list", _("Only what is on the run list can be pinned."), sku=exc.sku)
        elif isinstance(exc, UnknownSkus):
            exc = ValidationError({"skus": [_("%(sku)s is not for sale here.") % {"sku": sku} for sku in exc.skus]})
        elif isinstance(exc, RunListFull):
            exc = ValidationError({"skus": [_("A run list has room for %(most)d products.") % {"most": exc.most}]})
        return super().handle_exception(exc)


class HostSessions(HostView):
    @extend_schema(
        request=serializers.NewSessionSerializer, responses={201: serializers.KeySerializer}, operation_id="host_plan"
    )
    def post(self, request: Request) -> Response:
        """Plan a show; the answer holds what its encoder needs."""
        plan = read(serializers.NewSessionSerializer, request)
        session = shows.create(
            host=self.person,
            title=plan["title"],
            description=plan["description"],
            starts_at=plan["starts_at"],
            has_preview=plan["preview"],
            is_recorded=plan["is_recorded"],
            replay_days=plan["replay_days"],
        )
        return answer_key(session, request, status.HTTP_201_CREATED)


class HostProducts(HostView):
    @extend_schema(
        request=serializers.SkusSerializer, responses=serializers.SessionSerializer, operation_id="host_products"
    )
    def post(self, request: Request, slug: str) -> Response:
        """Make the run list exactly this. What is pinned and no longer listed is unpinned."""
        session = self.own(slug)
        run_list.set_skus(session, read(serializers.SkusSerializer, request)["skus"], actor=self.actor)
        return answer_session(self.own(slug), request)


class HostPin(HostView):
    @extend_schema(request=serializers.PinSerializer, responses=serializers.SessionSerializer, operation_id="host_pin")
    def post(self, request: Request, slug: str) -> Response:
        """Put a product of the run list on the table, or take it off."""
        session = self.own(slug)
        pins.pin(session, read(serializers.PinSerializer, request)["sku"], actor=self.actor)
        return answer_session(self.own(slug), request)


class HostLive(HostView):
    @extend_schema(request=None, responses=serializers.SessionSerializer, operation_id="host_live")
    def post(self, request: Request, slug: str) -> Response:
        """Go live with a show whose preview is running; one that is on air stays so."""
        session = self.own(slug)
        if not session.is_on_air:
            if session.state != State.REHEARSAL:
                raise StateRefused(session.state, "go live")
            shows.go_live(session)
        return answer_session(self.own(slug), request)


class HostEnd(HostView):
    @extend_schema(request=None, responses=serializers.SessionSerializer, operation_id="host_end")
    def post(self, request: Request, slug: str) -> Response:
        """End the show for good; one that has ended stays so."""
        session = self.own(slug)
        with suppress(StateRefused):
            shows.end(session, actor=self.actor)
        return answer_session(self.own(slug), request)


class HostKey(HostView):
    @extend_schema(request=None, responses=serializers.KeySerializer, operation_id="host_rotate_key")
    def post(self, request: Request, slug: str) -> Response:
        """Replace the stream key; the old one is refused from now on."""
        session = self.own(slug)
        keys.rotate(session, actor=self.actor)
        return answer_key(session, request)


class HostRecording(HostView):
    @extend_schema(
        request=serializers.RecordingSerializer,
        responses=serializers.RecordingSerializer,
        operation_id="host_recording",
    )
    def put(self, request: Request, slug: str) -> Response:
        """Decide whether the show is recorded, and for how many days its replay is kept."""
        session = self.own(slug)
        retention.choose(session, **read(serializers.RecordingSerializer, request), actor=self.actor)
        return Response(serializers.RecordingSerializer(session).data)


class HostCamera(HostView):
    @extend_schema(request=None, responses={201: serializers.CameraSerializer}, operation_id="host_camera")
    def post(self, request: Request, slug: str) -> Response:
        """Get a ticket with which the studio sends the browser's camera, once; docs/ingest.md tells how."""
        session = self.own(slug)
        if session.state == State.ENDED:
            raise StateRefused(session.state, "send a camera")
        url = addresses.of_camera(host=request.get_host(), is_secure=request.is_secure())
        body = {"url": url, "ticket": tickets.issue(session), "expires_in": tickets.MAX_AGE_S}
        answer = Response(serializers.CameraSerializer(body).data, status=status.HTTP_201_CREATED)
        answer["Cache-Control"] = "no-store"
        return answer


class HostSlowMode(HostView):
    @extend_schema(
        request=serializers.SlowModeSerializer, responses=serializers.SlowModeSerializer, operation_id="host_slow_mode"
    )
    def put(self, request: Request, slug: str) -> Response:
        """Have each viewer wait so long between two messages; 0 ends it."""
        session = self.own(slug)
        seconds = read(serializers.SlowModeSerializer, request)["seconds"]
        messages.set_slow_mode(session, seconds, actor=self.actor)
        return Response({"seconds": seconds})


class HostChatMessage(HostView):
    @extend_schema(responses={204: OpenApiResponse(description="gone, for everyone")}, operation_id="host_remove_chat")
    def delete(self, request: Request, slug: str, message_id: str) -> Response:
        """Remove a message; removing it twice is fine."""
        message = partitions.find(self.own(slug), message_id)
        if message is None:
            raise Http404
        messages.remove(message, actor=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class HostFigures(HostView):
    @extend_schema(responses=serializers.FiguresSerializer, operation_id="host_figures")
    def get(self, request: Request, slug: str) -> Response:
        """The show's figures at this moment."""
        session = self.own(slug)
        is_sending = session.state in {State.REHEARSAL, State.LIVE}
        read_now = {
            **asdict(figures.of_show(session)),
            "state": session.state,
            "preview_url": studio_page.preview_url(session),
            "health": health.read(session.pk) if is_sending else None,
            "refused_codec": broadcasts.refused_codec(session.pk) if session.state != State.ENDED else "",
            "watching": metrics.read(session.pk),
            "waiting": review.held(session).count(),
        }
        return Response(serializers.FiguresSerializer(read_now, context={"request": request}).data)


def read(kind: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Read and check a request's body. Raises ValidationError."""
    asked = kind(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def answer_key(session: StreamSession, request: Request, code: int = status.HTTP_200_OK) -> Response:
    where = addresses.of_session(session, host=addresses.hostname(request.get_host()))
    body = {
        "slug": session.slug,
        "stream_key": session.stream_key,
        "rtmp_url": where.rtmp_url,
        "srt_url": where.srt_url,
    }
    answer = Response(serializers.KeySerializer(body).data, status=code)
    answer["Cache-Control"] = "no-store"
    return answer
