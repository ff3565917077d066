"""What is said in a show: read by everyone who may see it, written by whoever is signed in."""

import math
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop import audit
from shop.api.inputs import Body, Query
from shop.http.network import network
from shop.models import User
from shop.rest.pagination import Cursor
from shop.rest.problems import Problem
from streams import texts
from streams.api.sessions import get_visible
from streams.chat import messages, partitions
from streams.chat.moderators import role_of
from streams.exceptions import ChatRefused
from streams.models import ChatMessage

STATUSES = {
    "not_signed_in": status.HTTP_401_UNAUTHORIZED,
    "slow_mode": status.HTTP_429_TOO_MANY_REQUESTS,
    "rate_limited": status.HTTP_429_TOO_MANY_REQUESTS,
    "muted": status.HTTP_403_FORBIDDEN,
    "banned": status.HTTP_403_FORBIDDEN,
}


class BySaying(Cursor):
    """By the moment of saying: the newest first, or with `order=oldest` the oldest."""

    ordering = ("-at", "-id")  # type: ignore[assignment]

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        is_oldest_first = request.query_params.get("order") == "oldest"
        return ("at", "id") if is_oldest_first else ("-at", "-id")


class CommentsQuerySerializer(Query):
    """A window of what was said; both ends are inclusive."""

    order = serializers.ChoiceField(choices=["newest", "oldest"], required=False, help_text="which come first")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` is no name that a class could give a field.
        said = {"from": "said at this moment or later", "to": "said at this moment or earlier"}
        ends = {name: serializers.DateTimeField(required=False, help_text=help) for name, help in said.items()}
        return {**ends, **super().get_fields()}


class CommentSerializer(serializers.Serializer[ChatMessage]):
    """One message, as the socket's CHAT."""

    id = serializers.UUIDField()
    author = serializers.CharField(source="author_name")
    role = serializers.ChoiceField(choices=ChatMessage.Role.choices)
    text = serializers.CharField()
    at = serializers.DateTimeField()


class NewCommentSerializer(Body[Any]):
    text = serializers.CharField(
        allow_blank=True, trim_whitespace=False, help_text=f"one line of {messages.TEXT_MAX} characters at most"
    )


class HeldCommentSerializer(serializers.Serializer[Any]):
    """A message that is kept and that a moderator looks at first."""

    id = serializers.UUIDField()
    code = serializers.CharField(help_text="`held_for_review`")
    detail = serializers.CharField()


class Comments(ListAPIView[Any]):
    """The messages of a show that may be seen, the newest first unless asked otherwise."""

    serializer_class = CommentSerializer
    pagination_class = BySaying

    def get_queryset(self) -> QuerySet[ChatMessage]:
        asked = CommentsQuerySerializer.read(self.request)
        session = get_visible(self.request, self.kwargs["slug"])
        return messages.visible(session, since=asked.get("from"), until=asked.get("to"))

    @extend_schema(operation_id="comments_list", parameters=[CommentsQuerySerializer])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="comments_create",
        request=NewCommentSerializer,
        responses={
            201: CommentSerializer,
            202: HeldCommentSerializer,
            400: OpenApiResponse(description="`bad_message` (with `reason: no_links` for a link), `too_long`"),
            403: OpenApiResponse(description="`banned`, or `muted` with `retry_ms`"),
            401: OpenApiResponse(description="`not_signed_in`"),
            429: OpenApiResponse(description="`slow_mode`, `rate_limited`, with `retry_ms`"),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Say something, as over the socket: the same limits, the same codes."""
        session = get_visible(request, slug)
        author = request.user if isinstance(request.user, User) else None
        if author is None:  # before anything is said about the message
            raise _problem(ChatRefused("not_signed_in"))
        asked = NewCommentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            text = asked.validated_data["text"]
            message = messages.post(session, author=author, text=text, network=network(request))
        except ChatRefused as refused:
            if refused.message:
                body = {"id": refused.message, "code": refused.code, "detail": texts.of_refusal(refused)}
                return Response(HeldCommentSerializer(body).data, status=status.HTTP_202_ACCEPTED)
            raise _problem(refused) from None
        return Response(CommentSerializer(message).data, status=status.HTTP_201_CREATED)


class Comment(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="comments_remove", responses={204: OpenApiResponse(description="gone, for everyone")})
    def delete(self, request: Request, slug: str, comment_id: UUID) -> Response:
        """Take a message out: for the show's host, its moderators and staff. Twice is fine."""
        assert isinstance(request.user, User)  # noqa: S101 (IsAuthenticated)
        session = get_visible(request, slug)
        if role_of(session, request.user) == ChatMessage.Role.VIEWER:
            raise PermissionDenied
        message = partitions.find(session, comment_id)
        if message is None:
            raise Http404
        messages.remove(message, actor=audit.actor_of(request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _problem(refused: ChatRefused) -> Problem:
    code = STATUSES.get(refused.code, status.HTTP_400_BAD_REQUEST)
    more: dict[str, Any] = {"reason": refused.reason} if refused.reason else {}
    if not refused.retry_ms:
        return Problem(code, refused.code, texts.of_refusal(refused), **more)
    wait_s = math.ceil(refused.retry_ms / 1000)
    detail = texts.of_refusal(refused)
    return Problem(code, refused.code, detail, retry_after_s=wait_s, retry_ms=refused.retry_ms, **more)
