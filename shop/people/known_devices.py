"""Browsers that signed in to an account before, by a cookie: nobody's wrong guesses elsewhere keep its owner out.

The cookie opens nothing. It is signed, and names accounts by digests only.
"""

import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

COOKIE = f"showfloor_device_{settings.PORT}"
SALT = "shop.people.known_devices"
KEPT_S = 365 * 24 * 3600
NAMES_MAX = 5


class KnownDevicesMiddleware:
    """Send the cookie with the answer to whatever signed somebody in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._get_response(request)
        if new := getattr(request, "known_device", None):
            answer.set_cookie(
                COOKIE, new, max_age=KEPT_S, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
            )
        return answer


def find(request: HttpRequest, name: str) -> str:
    """Return the id of the browser, if this account was signed in to there; an empty word if not."""
    device, names = _read(request)
    return device if _digest(name) in names else ""


def remember(request: HttpRequest, name: str) -> None:
    """Let this browser be known to an account from now on; of many accounts, the oldest are forgotten."""
    device, names = _read(request)
    digest = _digest(name)
    kept = [*(other for other in names if other != digest), digest][-NAMES_MAX:]
    request.known_device = signing.dumps([device or secrets.token_hex(16), kept], salt=SALT)  # type: ignore[attr-defined]


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        device, names = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT_S)
    except signing.BadSignature:
        return "", []
    return str(device), [str(name) for name in names]


def _digest(name: Any) -> str:
    return salted_hmac(SALT, str(name).strip().upper().lower(), algorithm="sha256").hexdigest()[:32]
