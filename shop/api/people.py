"""Tokens and one's own account over REST."""

from django.contrib.auth import authenticate
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions
from rest_framework.authtoken.models import Token
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop import network, rate_limits
from shop.api.persons import person
from shop.api.shapes import MeSerializer, ProblemSerializer, SignInSerializer, TokenSerializer
from shop.models import User
from shop.problems import Problem

# Attempts, right or wrong: a person rarely needs more than one; a guesser gets nowhere. django-axes, which counts the
# wrong ones over pages and this call alike, locks an address out besides.
PER_ADDRESS = 10  # in five minutes
PER_NETWORK = 60  # a minute


class Tokens(APIView):
    """A token for programs, against e-mail address and password. The same token is given each time."""

    authentication_classes = []
    permission_classes = [permissions.AllowAny]

    @extend_schema(
        operation_id="tokens_create",
        auth=[],
        request=SignInSerializer,
        responses={201: TokenSerializer, **dict.fromkeys((400, 401, 429), ProblemSerializer)},
    )
    def post(self, request: Request) -> Response:
        asked = SignInSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        email = asked.validated_data["email"].lower()
        _limit(request, email)
        user = authenticate(request._request, email=email, password=asked.validated_data["password"])
        if getattr(request._request, "axes_locked_out", False):
            raise Problem(429, "locked_out", _("Too many wrong passwords. Try again later."), retry_after_s=900)
        if not isinstance(user, User):
            raise Problem(401, "invalid_credentials", _("The e-mail address or the password is wrong."))
        token, _is_new = Token.objects.get_or_create(user=user)
        return Response(TokenSerializer({"token": token.key}).data, status=201)


class Me(APIView):
    """The account of whoever asks."""

    permission_classes = [permissions.IsAuthenticated]

    @extend_schema(operation_id="me_retrieve", responses={200: MeSerializer, 401: ProblemSerializer})
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(person(request)).data)

    @extend_schema(
        operation_id="me_update",
        request=MeSerializer(partial=True),
        responses={200: MeSerializer, **dict.fromkeys((400, 401), ProblemSerializer)},
    )
    def patch(self, request: Request) -> Response:
        changed = MeSerializer(person(request), data=request.data, partial=True)
        changed.is_valid(raise_exception=True)
        changed.save()
        return Response(changed.data)


def _limit(request: Request, email: str) -> None:
    """Slow down guessing, by address asked for and by where it comes from. Raises Problem with Retry-After."""
    waits = [
        rate_limits.take(f"token:address:{email}", capacity=PER_ADDRESS, refill_per_s=PER_ADDRESS / 300),
        rate_limits.take(
            f"token:network:{network.network(request._request)}", capacity=PER_NETWORK, refill_per_s=PER_NETWORK / 60
        ),
    ]
    if wait_ms := max(waits):
        raise Problem(
            429, "rate_limited", _("That was too often. Try again later."), retry_after_s=-(-wait_ms // 1000)
        )
