"""Server-Sent Events: the socket's frames one way, for clients behind proxies that break WebSockets.

Each is a seat like any other; what its client would say in `hello` stands in the request. The page reads from another
port, hence the CORS headers. Refusals are plain answers, so that an EventSource gives up on what is not there.
"""

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qs

from realtime import origins, topic_log, wire
from realtime.hub import Unavailable
from realtime.origins import Receive, Scope, Send
from realtime.seeding import UnknownShow
from realtime.visits import TooMany, Visit
from realtime.wire import Since
from realtime.writers import stream_writer_of

HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "connection": "close",
    "x-accel-buffering": "no",  # nginx would wait for its buffer to fill
}
ALLOWED = {
    "access-control-allow-methods": "GET",
    "access-control-allow-headers": "Authorization, Last-Event-ID",
    "access-control-max-age": "3600",
}
# When an EventSource comes back by itself to a server that ended without a word.
RETRY = b"retry: 2000\n\n"


async def of_show(scope: Scope, receive: Receive, send: Send) -> None:
    await _answer(topic_log.session_topic(scope["url_route"]["kwargs"]["slug"]), scope, receive, send)


async def of_site(scope: Scope, receive: Receive, send: Send) -> None:
    await _answer(topic_log.SITE, scope, receive, send)


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await _refuse(scope, send, HTTPStatus.NOT_FOUND)


async def _answer(topic: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Check, find out who it is, then stream until the client leaves or the hub says bye."""
    if scope["method"] == "OPTIONS":
        await _start(scope, send, HTTPStatus.NO_CONTENT, ALLOWED)
        await send({"type": "http.response.body"})
        return
    if scope["method"] != "GET":
        await _refuse(scope, send, HTTPStatus.METHOD_NOT_ALLOWED, {"allow": "GET, OPTIONS"})
        return
    visit = Visit(topic, scope)
    try:
        if await _is_let_in(visit, scope, send):
            await _stream(visit, scope, receive, send)
    finally:
        await visit.leave()


async def _is_let_in(visit: Visit, scope: Scope, send: Send) -> bool:
    """Find out who it is and whether there is something for them; say why not."""
    try:
        visit.enter()
        if not await visit.identify(token=_token(scope)):
            await _refuse(scope, send, HTTPStatus.UNAUTHORIZED, {"www-authenticate": "Token"})
            return False
        await visit.hub.admit(visit.topic, visit.person.user_id)
    except TooMany:
        await _refuse(scope, send, HTTPStatus.TOO_MANY_REQUESTS, _retry_after("too_many"))
    except UnknownShow:
        await _refuse(scope, send, HTTPStatus.NOT_FOUND)
    except Unavailable:
        await _refuse(scope, send, HTTPStatus.SERVICE_UNAVAILABLE, _retry_after("unavailable"))
    else:
        return True
    return False


def _retry_after(code: str) -> dict[str, str]:
    return {"retry-after": str(wire.BYES[code].retry_ms[1] // 1000)}


async def _stream(visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
    await _start(scope, send, HTTPStatus.OK, HEADERS)
    await send({"type": "http.response.body", "body": RETRY, "more_body": True})
    visit.open(stream_writer_of(send))
    asked = parse_qs(scope["query_string"].decode("latin-1"))
    since = origins.header(scope, b"last-event-id") or asked.get("last_event_id", [""])[-1]
    try:
        await visit.join(Since.find(since), watches=asked.get("watches") != ["0"])
    except (UnknownShow, Unavailable):
        # It was there a moment ago.
        visit.dismiss("unavailable")
    while True:
        try:
            async with asyncio.timeout(wire.PING_S):
                if (await receive())["type"] == "http.disconnect":
                    return
        except TimeoutError:
            visit.reply(wire.pong())


def _token(scope: Scope) -> str:
    """Return the key of `Authorization: Token KEY`, or an empty word."""
    scheme, _, key = (origins.header(scope, b"authorization") or "").partition(" ")
    return key.strip() if scheme.lower() == "token" else ""


async def _refuse(scope: Scope, send: Send, status: HTTPStatus, headers: Mapping[str, str] | None = None) -> None:
    body = json.dumps({"status": status.value, "title": status.phrase}).encode()
    kind = {"content-type": "application/problem+json", "content-length": str(len(body))}
    await _start(scope, send, status, {**kind, **(headers or {})})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _start(scope: Scope, send: Send, status: HTTPStatus, headers: Mapping[str, str]) -> None:
    """Send an answer's head. Its Origin, if there is one, is ours: OwnOriginsOnly let it through."""
    sent = {**headers, "vary": "Origin"}
    if origin := origins.header(scope, b"origin"):
        sent |= {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": status.value, "headers": encoded})
