"""Which pages may open a socket. A browser sends Origin with every handshake; another site's page is refused."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from shop.origins import is_ours

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


def header(scope: Scope, name: bytes) -> str | None:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return next((value.decode("latin-1") for key, value in headers if key == name), None)
