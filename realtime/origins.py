"""Which pages may open a socket. A browser sends Origin with every handshake; another site's page is refused."""

from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class OwnOriginsOnly:
    """ASGI middleware: 403 at the handshake for an Origin that is not ours; none at all is an API client's."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = header(scope, b"origin")
        if origin is not None and not is_ours(origin, host=header(scope, b"host") or ""):
            await refuse(scope, receive, send)
            return
        await self.application(scope, receive, send)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a handshake with 403."""
    await receive()
    await send({"type": "websocket.close"})


def is_ours(origin: str, *, host: str) -> bool:
    """Whether an Origin is one of ours: named in the settings, or an allowed host at the port of the pages.

    Where any host is allowed, the page's must be the one that the socket was asked from.
    """
    if origin in _named():
        return True
    try:
        page = urlsplit(origin)
        port = page.port or {"http": 80, "https": 443}.get(page.scheme)
    except ValueError:
        return False
    if page.scheme not in {"http", "https"} or port not in _ports() or not page.hostname:
        return False
    patterns = [pattern for pattern in settings.ALLOWED_HOSTS if pattern != "*"]
    if "*" in settings.ALLOWED_HOSTS:
        patterns.append(urlsplit(f"//{host}").hostname or "")
    bracketed = f"[{page.hostname}]" if ":" in page.hostname else page.hostname
    return validate_host(bracketed, patterns)


def header(scope: Scope, name: bytes) -> str | None:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return next((value.decode("latin-1") for key, value in headers if key == name), None)


@cache
def _named() -> frozenset[str]:
    return frozenset({settings.SITE_URL, *settings.CSRF_TRUSTED_ORIGINS})


@cache
def _ports() -> frozenset[int]:
    site = urlsplit(settings.SITE_URL)
    return frozenset({settings.PORT, site.port or (443 if site.scheme == "https" else 80)})
