"""The realtime server's addresses."""

import json
from typing import Any

from channels.db import database_sync_to_async
from channels.routing import URLRouter
from django.urls import path, re_path
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from realtime import event_streams
from realtime.consumers import ShowConsumer, SiteConsumer
from realtime.origins import OwnOriginsOnly, Receive, Scope, Send, header, refuse
from shop import readiness
from shop.http.insiders import may_look

sockets = OwnOriginsOnly(
    URLRouter(
        [
            path("ws/sessions/<slug:slug>/", ShowConsumer.as_asgi()),
            path("ws/site/", SiteConsumer.as_asgi()),
            re_path("", refuse),  # type: ignore[arg-type]
        ]
    )
)

streams = OwnOriginsOnly(
    URLRouter(
        [
            path("sse/sessions/<slug:slug>/", event_streams.of_show),  # type: ignore[arg-type]
            path("sse/site/", event_streams.of_site),  # type: ignore[arg-type]
            re_path("", event_streams.not_found),  # type: ignore[arg-type]
        ]
    )
)

JSON = "application/json"


async def pages(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer plain HTTP without Django: this server has streams of events, and no pages."""
    if scope["path"].startswith("/sse/"):
        await streams(scope, receive, send)
        return
    status, kind, body = await _answer(scope)
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _answer(scope: Scope) -> tuple[int, str, bytes]:
    match scope["path"]:
        case "/health":
            return 200, JSON, b'{"status":"OK"}'
        case "/metrics" | "/ready" if not _may_look(scope):
            return 403, JSON, b'{"status":403,"title":"Forbidden"}'
        case "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest()
        case "/ready":
            checks = await database_sync_to_async(readiness.check)()
            return readiness.status(checks), JSON, json.dumps({"checks": checks}).encode()
        case _:
            return 404, JSON, b'{"status":404,"title":"Not Found"}'


def _may_look(scope: Scope) -> bool:
    forwarded = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for")
    return may_look(
        peer=(scope.get("client") or ("",))[0],
        forwarded=forwarded,
        authorization=header(scope, b"authorization") or "",
    )


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Say yes to a server that asks (uvicorn); the hub starts with the first socket all the same."""
    while True:
        message: dict[str, Any] = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
