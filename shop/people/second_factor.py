"""The second factor of signing in: what allauth.mfa is told about ours, and who owes one.

Secrets of authenticator apps and seeds of recovery codes are encrypted in the database with a key made from
SECRET_KEY; a key that is being replaced stays readable through SECRET_KEY_FALLBACKS.
"""

import base64
import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from shop.models import User
from shop.rest.problems import plain

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
"""Recovery codes stand in for one of these; alone they are none."""
OPEN_PATHS = ("/accounts/", "/health", "/ready", "/metrics")
"""What staff who owe a second factor may ask for: to set it up, or to sign out."""


class Adapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return an empty secret, which no code fits, for what an older key encrypted."""
        try:
            return _keys().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return ""

    def _get_site_name(self) -> str:
        return str(settings.SELLER_NAME)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep the last factor of whoever must have one."""
        others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=FACTORS)
        return not must_have(authenticator.user) or others.exclude(pk=authenticator.pk).exists()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey") if count == 0 else _("Passkey %(number)d") % {"number": count + 1}


def is_set_up(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def must_have(user: User) -> bool:
    return bool(settings.STAFF_SECOND_FACTOR and user.is_staff)


def is_owed(user: User) -> bool:
    """Whether a person must set one up before anything else."""
    return must_have(user) and not is_set_up(user)


def take_away(user: User) -> int:
    """Have a person sign in with the password alone; return how many factors there were."""
    return Authenticator.objects.filter(user=user).delete()[0]


class Middleware:
    """Send staff who owe a second factor to set one up, whatever they ask for; calls of the API are refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        if not settings.STAFF_SECOND_FACTOR or request.path.startswith(OPEN_PATHS):
            return None
        if not isinstance(request.user, User) or not is_owed(request.user):
            return None
        if request.path.startswith("/api/"):
            return plain(HTTPStatus.FORBIDDEN, "second_factor_required", _("Set up a second factor first."))
        messages.warning(request, _("Staff sign in with a second factor here. Set one up to go on."))
        return redirect("mfa_index")


def _keys() -> MultiFernet:
    secrets: list[str] = [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
    digests = [hashlib.sha256(b"shop.people.second_factor:" + secret.encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
