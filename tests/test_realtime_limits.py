"""How many sockets and streams one network, and one person, may have; and what keeps a quiet stream alive."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator
from django.db import connections

from realtime import consumers, routing, wire
from realtime import hub as hubs
from realtime.hub import Hub
from shop.models import User
from tests.support.factories import make_user
from tests.support.realtime_servers import our_origin, ticket_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def hub(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    hub = hubs.hub()
    yield hub
    await hub.stop()
    hubs._hubs.clear()


@pytest.fixture
def person() -> User:
    return make_user()


async def opened(address: str = "10.0.0.1", **hello: Any) -> tuple[WebsocketCommunicator, dict[str, Any]]:
    """Open a socket, say hello; return it and the first frame."""
    socket = WebsocketCommunicator(routing.sockets, "/ws/site/", headers=_headers(address))
    socket.scope["client"] = (address, 4321)
    assert (await socket.connect())[0]
    await socket.send_json_to({"type": "hello", "v": 1, **hello})
    return socket, await socket.receive_json_from(5)


async def stream(address: str = "10.0.0.1") -> tuple[ApplicationCommunicator, dict[str, Any]]:
    """Ask for a stream; return it and the head of its answer."""
    scope = {"type": "http", "method": "GET", "path": "/sse/site/", "query_string": b"", "headers": _headers(address)}
    asked = ApplicationCommunicator(routing.pages, {**scope, "client": (address, 4321), "http_version": "1.1"})
    await asked.send_input({"type": "http.request"})
    return asked, await asked.receive_output(5)


def _headers(address: str) -> list[tuple[bytes, bytes]]:
    return [(b"origin", our_origin().encode()), (b"x-forwarded-for", f"8.8.8.8, {address}".encode())]


async def test_a_network_has_so_many_and_may_come_again_when_one_is_closed(settings: Any, hub: Hub) -> None:
    settings.SOCKETS_PER_NETWORK = 2
    first, welcome = await opened()
    second, head = await stream()
    third, bye = await opened()
    _, refused = await stream()
    elsewhere, other_welcome = await opened("10.0.0.2")

    assert (welcome["type"], head["status"], other_welcome["type"]) == ("welcome", 200, "welcome")
    assert (bye["type"], bye["code"], bye["retry_ms"]) == ("bye", "too_many", [60_000, 120_000])
    assert (await third.receive_output(5))["code"] == wire.POLICY
    assert refused["status"] == 429
    await third.disconnect()
    await first.disconnect()
    again, welcome = await opened()
    assert welcome["type"] == "welcome"

    await second.send_input({"type": "http.disconnect"})
    await second.wait()
    for socket in (again, elsewhere):
        await socket.disconnect()
    assert hub.census._counts == {}


@pytest.mark.parametrize(("proxies", "is_let_in"), [(0, False), (1, True)])
async def test_behind_a_proxy_its_word_counts(settings: Any, proxies: int, is_let_in: bool) -> None:
    """Without one, anybody could write X-Forwarded-For."""
    settings.SOCKETS_PER_NETWORK, settings.TRUSTED_PROXIES = 1, proxies
    sockets = []
    for address in ("10.0.0.1", "10.0.0.2"):
        socket = WebsocketCommunicator(routing.sockets, "/ws/site/", headers=_headers(address))
        socket.scope["client"] = ("127.0.0.1", 4321)
        assert (await socket.connect())[0]
        await socket.send_json_to({"type": "hello", "v": 1})
        sockets.append(socket)

    assert ((await sockets[1].receive_json_from(5))["type"] == "welcome") is is_let_in
    for socket in sockets:
        await socket.disconnect()


async def test_a_person_has_so_many_wherever_they_are(settings: Any, person: User) -> None:
    settings.SOCKETS_PER_PERSON = 1
    first, welcome = await opened(ticket=ticket_of(person))
    await first.send_json_to({"type": "hello", "v": 1, "ticket": ticket_of(person)})  # again: the same one
    second, bye = await opened("10.0.0.2", ticket=ticket_of(person))
    stranger, other_welcome = await opened()

    assert (welcome["type"], other_welcome["type"]) == ("welcome", "welcome")
    assert (bye["type"], bye["code"]) == ("bye", "too_many")
    for socket in (first, second, stranger):
        await socket.disconnect()


async def test_who_says_no_hello_is_sent_away(monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    monkeypatch.setattr(consumers, "HELLO_WITHIN_S", 0.05)
    socket = WebsocketCommunicator(routing.sockets, "/ws/site/", headers=_headers("10.0.0.1"))
    socket.scope["client"] = ("10.0.0.1", 4321)
    assert (await socket.connect())[0]

    assert (await socket.receive_json_from(5))["code"] == "no_hello"
    assert (await socket.receive_output(5))["code"] == wire.SERVICE_RESTART
    await socket.disconnect()
    assert hub.census._counts == {}


async def test_a_quiet_stream_gives_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PING_S", 0.05)
    asked, _ = await stream()
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(5):
        while len(events) < 4:
            body = (await asked.receive_output(5))["body"].decode()
            if "data: " in body:
                events.append(json.loads(body.rpartition("data: ")[2]))

    assert [event["type"] for event in events] == ["welcome", "snapshot", "pong", "pong"]
    await asked.send_input({"type": "http.disconnect"})
    await asked.wait()
