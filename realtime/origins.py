"""Which pages may open a socket. A browser sends Origin with every handshake; another site's page is refused."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from shop.http.origins import is_ours

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


def is_our_page(scope: Scope) -> bool:
    """Whether a page asks, so that its cookie counts. OwnOriginsOnly let no other Origin through.

    A browser sends none with a plain request to the page's own host, but says so in a header that no page can forge.
    """
    return header(scope, b"origin") is not None or header(scope, b"sec-fetch-site") == "same-origin"


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a handshake, or a request, with 403."""
    await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
        return
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


def header(scope: Scope, name: bytes) -> str | None:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return next((value.decode("latin-1") for key, value in headers if key == name), None)
