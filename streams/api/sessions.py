"""Shows, for everyone."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.models import User
from shop.rest.pagination import Cursor
from streams import access, opinions, programme
from streams.api import serializers
from streams.models import RunListItem, StreamSession


class NewestFirst(Cursor):
    ordering = ("-created_at", "-id")  # type: ignore[assignment]


class SessionList(ListAPIView[Any]):
    """Shows, the newest first. One that is rehearsed is planned to all but its host, moderators and staff."""

    serializer_class = serializers.SessionSerializer
    pagination_class = NewestFirst

    @extend_schema(parameters=[serializers.SessionQuerySerializer], operation_id="sessions_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        rows = programme.rows(access.as_seen(page or []))[0]
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def get_queryset(self) -> QuerySet[StreamSession]:
        asked = serializers.SessionQuerySerializer.read(self.request)
        shows = access.list_visible(self.request.user, state=asked.get("state", ""))
        if words := asked.get("q"):
            shows = shows.filter(_matches(words))
        return shows


class SessionDetail(APIView):
    """One show."""

    @extend_schema(responses=serializers.SessionSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return answer_session(get_visible(request, slug), request)


class SessionOpinion(APIView):
    """The caller's like or dislike of a show: one a person, or none."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=serializers.OpinionRequestSerializer, responses=serializers.OpinionSerializer)
    def put(self, request: Request, slug: str) -> Response:
        wanted = serializers.OpinionRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        return self._set(request, slug, wanted.validated_data["opinion"])

    @extend_schema(request=None, responses={200: serializers.OpinionSerializer})
    def delete(self, request: Request, slug: str) -> Response:
        return self._set(request, slug, None)

    def _set(self, request: Request, slug: str, value: opinions.Value | None) -> Response:
        assert isinstance(request.user, User)  # noqa: S101 (IsAuthenticated)
        counts = opinions.set_opinion(get_visible(request, slug), request.user, value)
        return Response(serializers.OpinionSerializer(counts).data)


def get_visible(request: Request, slug: str) -> StreamSession:
    try:
        return access.get_visible(slug, request.user)
    except StreamSession.DoesNotExist:
        raise Http404 from None


def answer_session(session: StreamSession, request: Request) -> Response:
    [row] = programme.rows([session])[0]
    return Response(serializers.SessionSerializer(row, context={"request": request}).data)


def _matches(words: str) -> Q:
    listed = RunListItem.objects.filter(session=OuterRef("pk"), variant__product__name__icontains=words)
    return Q(title__icontains=words) | Q(host__display_name__icontains=words) | Q(Exists(listed))
