"""Who a sign-in was tried for, so that guessing at one account locks out that account only."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


def attempted_name(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """Return the e-mail address that was tried, whichever way in: pages, the admin, or the REST API."""
    given = credentials or {}
    named = given.get("email") or given.get("username") or given.get("login")
    posted = request.POST
    return str(named or posted.get("login") or posted.get("username") or "").strip().lower()
