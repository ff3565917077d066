"""The database away, or asked what it can't take: sockets are answered, and live on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import OperationalError, connections

from realtime import chat, identity, routing, seeding, topic_log, wire
from realtime import hub as hubs
from realtime.hub import Hub
from streams.models import StreamSession
from tests.support.factories import make_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def hub(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    hub = hubs.hub()
    yield hub
    await hub.stop()
    hubs._hubs.clear()


@pytest.fixture
def show() -> StreamSession:
    return make_session("tonight")


def away(*args: object, **kwargs: object) -> None:
    raise OperationalError("the server closed the connection unexpectedly")


async def frame(socket: WebsocketCommunicator, kind: str) -> Any:
    while (got := await socket.receive_json_from(5))["type"] != kind:
        pass
    return got


async def opened(path: str = "/ws/sessions/tonight/") -> WebsocketCommunicator:
    socket = WebsocketCommunicator(routing.sockets, path)
    assert (await socket.connect())[0]
    return socket


async def test_a_show_that_can_not_be_read_is_unavailable(
    show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "read", away)
    socket = await opened()
    await socket.send_json_to({"type": "hello", "v": 1})

    assert (await frame(socket, "bye"))["code"] == "unavailable"
    assert (await socket.receive_output(5))["code"] == wire.TRY_AGAIN_LATER


async def test_nobody_can_be_told_apart(show: StreamSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "find_by_token", away)
    socket = await opened("/ws/site/")
    await socket.send_json_to({"type": "hello", "v": 1, "token": "abc"})

    assert (await frame(socket, "bye"))["code"] == "unavailable"


async def test_a_message_that_can_not_be_kept_is_refused_for_now(
    show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "say", away)
    socket = await opened()
    await socket.send_json_to({"type": "hello", "v": 1})
    await frame(socket, "snapshot")
    await socket.send_json_to({"type": "chat", "id": "m1", "text": "hello"})

    error = await frame(socket, "error")

    assert (error["id"], error["code"], error["reason"]) == ("m1", "rate_limited", "unavailable")
    assert error["retry_ms"] > 0
    await socket.disconnect()


async def test_a_room_waits_for_the_database(hub: Hub, show: StreamSession, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = await opened()
    await socket.send_json_to({"type": "hello", "v": 1})
    await frame(socket, "snapshot")
    monkeypatch.setattr(topic_log, "tail", away)

    await asyncio.wait_for(hub._catch_up(hub.rooms["session:tonight"]), 5)

    await socket.disconnect()


async def test_a_token_that_is_no_text_is_nobodys() -> None:
    socket = await opened("/ws/site/")
    await socket.send_json_to({"type": "hello", "v": 1, "token": "\x00"})

    assert (await frame(socket, "error"))["code"] == "not_signed_in"
    assert await frame(socket, "welcome")
    await socket.disconnect()


@pytest.mark.parametrize(
    "ask", [identity.find_by_token, lambda text: identity.find_by_cookie(f"{settings.SESSION_COOKIE_NAME}={text}")]
)
def test_nul_names_nobody(ask: Callable[[str], object]) -> None:
    assert ask('"\\000abcdefgh"') is None
    assert ask("\x00abcdefgh") is None
