"""Signing out when the letter about it, or Redis itself, is lost: it takes effect all the same, a little later."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections
from redis.backoff import NoBackoff
from redis.retry import Retry

from realtime import hub as hubs
from realtime import identity, revocations, routing, user_channel, user_messages
from realtime.hub import Hub
from realtime.identity import Person
from shop import outbox, redis_pool
from shop.models import OutboxEvent, User
from tests.support.factories import make_user
from tests.support.realtime_servers import our_origin

SIGN_IN = "0123456789abcdef"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def hub(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    monkeypatch.setattr(user_channel, "LOOK_S", 0.02)
    monkeypatch.setattr(user_channel, "CHECK_S", 0.0)
    hub = hubs.hub()
    yield hub
    await hub.stop()
    hubs._hubs.clear()


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def lost_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(user_id: int, sign_in: str) -> None:
        raise TimeoutError

    monkeypatch.setattr(user_messages, "send_revocation", lose)


async def seated(user: User, sign_in: str = SIGN_IN) -> WebsocketCommunicator:
    ticket = identity.issue(Person(user_id=user.pk, sign_in=sign_in))
    socket = WebsocketCommunicator(routing.sockets, "/ws/site/", headers=[(b"origin", our_origin().encode())])
    assert (await socket.connect())[0]
    await socket.send_json_to({"type": "hello", "v": 1, "ticket": ticket})
    assert (await socket.receive_json_from(5))["type"] == "welcome"
    assert (await socket.receive_json_from(5))["type"] == "snapshot"
    return socket


async def is_sent_away(socket: WebsocketCommunicator) -> bool:
    """Wait for many beats of the hub at most."""
    if await socket.receive_nothing(timeout=0.5):
        return False
    bye: dict[str, Any] = await socket.receive_json_from()
    assert (bye["type"], bye["code"]) == ("bye", "signed_out")
    return True


async def test_a_lost_letter_is_made_up_for_in_a_few_seconds(user: User, lost_letters: None) -> None:
    here, elsewhere = await seated(user), await seated(user, sign_in="another-browser")
    stranger = await seated(await sync_to_async(make_user)())

    await sync_to_async(revocations.revoke)(user.pk, sign_in=SIGN_IN)

    assert [await is_sent_away(socket) for socket in (here, elsewhere, stranger)] == [True, False, False]
    await sync_to_async(revocations.revoke)(user.pk)
    assert [await is_sent_away(socket) for socket in (elsewhere, stranger)] == [True, False]
    again = await seated(user, sign_in="a-new-one")
    assert not await is_sent_away(again), "who was asked since then stays"
    for socket in (here, elsewhere, stranger, again):
        await socket.disconnect()


async def test_control_without_looking_a_lost_letter_leaves_them_there(
    user: User, lost_letters: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_channel, "CHECK_S", 3600.0)
    here = await seated(user)

    await sync_to_async(revocations.revoke)(user.pk, sign_in=SIGN_IN)

    assert not await is_sent_away(here)
    await here.disconnect()


async def test_with_redis_away_it_is_written_down_and_done_later(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    here = await seated(user)
    nowhere = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    with monkeypatch.context() as away:
        away.setattr(revocations, "redis_pool", type("Away", (), {"client": staticmethod(lambda: nowhere)}))
        await sync_to_async(revocations.revoke)(user.pk, sign_in=SIGN_IN)
    assert not await is_sent_away(here)
    assert not redis_pool.client().exists(f"{revocations.KEY}:sign-in:{SIGN_IN}")

    assert await sync_to_async(outbox.drain)() == 1

    assert await is_sent_away(here)
    assert await asyncio.to_thread(revocations.is_revoked, Person(user_id=user.pk, sign_in=SIGN_IN))
    event = await OutboxEvent.objects.aget()
    assert (event.subject, event.handled_at is None) == (f"user:{user.pk}", False)
    await here.disconnect()
