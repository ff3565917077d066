"""Sign-ins that fail too often: who they were for, and what the guesser reads."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

LOCKED_S = 900  # AXES_COOLOFF_TIME


def attempted_name(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """Return the e-mail address that was tried, whichever way in: pages, the admin, or the REST API.

    Guessing at one account locks that account only.
    """
    given = credentials or {}
    named = given.get("email") or given.get("username") or given.get("login")
    posted = request.POST
    return str(named or posted.get("login") or posted.get("username") or "").strip().lower()


def locked_out(request: HttpRequest, answer: HttpResponse, credentials: Mapping[str, Any] | None) -> HttpResponse:
    """Answer a locked-out sign-in: a page, except to the REST API, which has said so itself."""
    if request.path.startswith("/api/"):
        return answer
    wait_s = getattr(request, "guess_wait_s", LOCKED_S)
    page = render(request, "account/locked.html", {"minutes": -(-wait_s // 60)}, status=429)
    page["Retry-After"] = str(wait_s)
    return page
