"""Tokens and one's own account over REST."""

import hashlib

from django.contrib.auth import authenticate
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api.persons import person
from shop.api.serializers import MeSerializer, ProblemSerializer, SignInSerializer, TokenSerializer
from shop.http import network, rate_limits
from shop.models import User
from shop.people import guesses, second_factor, tokens, verification
from shop.people.second_factor_forms import AuthenticateForm
from shop.people.sign_in import LOCKED_S
from shop.rest.problems import Problem

# Attempts, right or wrong: a person rarely needs more than one; a guesser gets nowhere. django-axes, which counts the
# wrong ones over pages and this call alike, locks an address out besides.
PER_ADDRESS = 10  # in five minutes
PER_NETWORK = 60  # a minute


class Tokens(APIView):
    """A new token for programs, against e-mail address and password, and a code from whoever has a second factor.

    It ends after 90 days, with the password, or when it is revoked.
    """

    authentication_classes = []
    permission_classes = [permissions.AllowAny]

    @extend_schema(
        operation_id="tokens_create",
        auth=[],
        request=SignInSerializer,
        responses={201: TokenSerializer, **dict.fromkeys((400, 401, 403, 429), ProblemSerializer)},
    )
    def post(self, request: Request) -> Response:
        asked = SignInSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        email = asked.validated_data["email"].lower()
        _limit(request, email)
        user = authenticate(request._request, email=email, password=asked.validated_data["password"])
        if getattr(request._request, "axes_locked_out", False):
            wait_s = getattr(request._request, "guess_wait_s", LOCKED_S)
            raise Problem(429, "locked_out", _("Too many wrong passwords. Try again later."), retry_after_s=wait_s)
        if not isinstance(user, User):
            raise Problem(401, "invalid_credentials", _("The e-mail address or the password is wrong."))
        guesses.forgive(request._request)
        _check_trust(user, code=asked.validated_data["code"])
        agent = request.headers.get("User-Agent", "")
        token = tokens.issue(user, name=asked.validated_data["name"] or agent)
        return Response(TokenSerializer({"token": token}).data, status=201)


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


def _check_trust(user: User, *, code: str) -> None:
    """Ask of a token what signing in asks besides the password. Raises Problem."""
    if not verification.is_verified(user):
        raise Problem(403, "email_not_verified", _("Sign in on the site first, to confirm your e-mail address."))
    if second_factor.is_owed(user):
        raise Problem(403, "second_factor_required", _("Sign in on the site first, to set up a second factor."))
    if second_factor.is_set_up(user):
        if not code:
            raise Problem(401, "code_required", _("Send a code of your app, or a recovery code, as `code`."))
        if not AuthenticateForm(user=user, data={"code": code}).is_valid():
            raise Problem(401, "invalid_code", _("The code is wrong, was used already, or too many were tried."))


def _limit(request: Request, email: str) -> None:
    """Slow down guessing, by address asked for and by where it comes from. Raises Problem with Retry-After."""
    digest = hashlib.sha256(email.encode()).hexdigest()
    waits = [
        rate_limits.take(f"token:address:{digest}", capacity=PER_ADDRESS, refill_per_s=PER_ADDRESS / 300),
        rate_limits.take(
            f"token:network:{network.network(request._request)}", capacity=PER_NETWORK, refill_per_s=PER_NETWORK / 60
        ),
    ]
    if wait_ms := max(waits):
        raise Problem(
            429, "rate_limited", _("That was too often. Try again later."), retry_after_s=-(-wait_ms // 1000)
        )
