"""One's own API tokens: which there are, and ending them."""

import uuid
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api.persons import person
from shop.api.serializers import ProblemSerializer
from shop.models import ApiToken
from shop.people import tokens
from shop.rest.pagination import Cursor


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token, without what it opens with."""

    is_current = serializers.SerializerMethodField(help_text="whether this call was made with it")

    class Meta:
        model = ApiToken
        fields = ["id", "name", "created_at", "last_used_at", "expires_at", "is_current"]

    def get_is_current(self, token: ApiToken) -> bool:
        return bool(self.context["request"].auth == token)


class Newest(Cursor):
    ordering = ("-created_at", "-id")  # type: ignore[assignment]


class MyTokens(ListAPIView[ApiToken]):
    """What opens one's account besides the password."""

    permission_classes = [permissions.IsAuthenticated]
    serializer_class = ApiTokenSerializer
    pagination_class = Newest
    queryset = ApiToken.objects.none()  # for the schema

    def get_queryset(self) -> Any:
        return tokens.list_good(person(self.request))

    @extend_schema(
        operation_id="me_tokens_list",
        responses={200: ApiTokenSerializer(many=True), 401: ProblemSerializer, 404: ProblemSerializer},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="me_tokens_destroy_all", responses={204: None, 401: ProblemSerializer})
    def delete(self, request: Request) -> Response:
        """End all of one's tokens, the one of this call as well."""
        tokens.revoke_all(person(request))
        return Response(status=204)


class MyToken(APIView):
    """One of one's own tokens."""

    permission_classes = [permissions.IsAuthenticated]

    @extend_schema(
        operation_id="me_tokens_destroy", responses={204: None, 401: ProblemSerializer, 404: ProblemSerializer}
    )
    def delete(self, request: Request, id: uuid.UUID) -> Response:
        """End it. Somebody else's is not there."""
        if not tokens.revoke(ApiToken.objects.filter(user=person(request), pk=id)):
            raise Http404
        return Response(status=204)
