"""The hub with a real Redis: gaps are healed, a Redis that forgot is noticed, and clients move between processes."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from inventory import stock
from realtime import hub as hubs
from realtime import identity, publish, topic_log, user_channel, wire
from realtime.hub import Hub, Unavailable
from realtime.rooms import SKIP_BYTES
from realtime.seeding import UnknownShow
from realtime.wire import Frame, Since
from realtime.writers import writer_of
from shop import redis_pool
from streams import pins
from streams.chat import messages
from streams.models import StreamSession
from tests.support.factories import make_product, make_session, make_user
from tests.support.hub_seats import Inbox, eventually, sit
from tests.support.own_redis import OwnRedis, started

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def connections_close_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread keeps a connection that the test database's end would wait for."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)


@pytest.fixture
def show() -> StreamSession:
    make_product("Vase", skus=("VASE-1", "VASE-2"), price_minor=4200, stock=7)
    return make_session("hubbed", skus=("VASE-1", "VASE-2"))


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    yield hub
    await hub.stop()


@pytest.fixture
async def other_hub() -> AsyncIterator[Hub]:
    hub = Hub()
    yield hub
    await hub.stop()


async def test_a_newcomer_gets_the_state_of_the_database(hub: Hub, show: StreamSession) -> None:
    _, inbox = await sit(hub, "session:hubbed")

    welcome, snapshot = inbox.frames
    assert (welcome["type"], welcome["recovered"]) == ("welcome", False)
    assert snapshot["run_list"] == ["VASE-1", "VASE-2"]
    assert snapshot["items"]["VASE-1"]["available"] == 7


async def test_an_unknown_show_leaves_nothing_behind(hub: Hub) -> None:
    with pytest.raises(UnknownShow):
        await sit(hub, "session:there-is-none")

    assert hub.rooms == {}
    assert redis_pool.client().keys("*there-is-none*") == []
    assert redis_pool.client().smembers(topic_log.TOPICS) == set()


async def test_many_changes_come_as_one_frame_that_says_the_last(hub: Hub, show: StreamSession) -> None:
    _, inbox = await sit(hub, "session:hubbed")
    await hubs.in_thread(publish.to_show, "hubbed", wire.slow_mode(1))
    await eventually(lambda: inbox.events("slow_mode"))
    for seconds in range(2, 30):
        topic_log.publish("session:hubbed", [wire.slow_mode(seconds)])
    await eventually(lambda: inbox.events("slow_mode")[-1]["seconds"] == 29)

    assert len(inbox.events("slow_mode")) < 5


async def test_a_lost_message_is_healed_from_the_log_by_the_next(
    hub: Hub, show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, inbox = await sit(hub, "session:hubbed")
    with monkeypatch.context() as deaf:
        heard = []
        deaf.setattr(hub, "_take", heard.append)
        await hubs.in_thread(publish.to_show, "hubbed", wire.pin("VASE-1"))
        await eventually(lambda: heard)
    await hubs.in_thread(publish.to_show, "hubbed", wire.slow_mode(5))
    await eventually(lambda: inbox.events("slow_mode"))

    assert inbox.events("pin") == [wire.pin("VASE-1")]
    assert _is_gapless(inbox)


async def test_a_lost_last_message_is_noticed_without_a_next(
    hub: Hub, show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, inbox = await sit(hub, "session:hubbed")
    await eventually(lambda: inbox.events("viewers"))
    with monkeypatch.context() as deaf:
        heard = []
        deaf.setattr(hub, "_take", heard.append)
        await hubs.in_thread(publish.to_show, "hubbed", wire.pin("VASE-1"))
        await eventually(lambda: heard)
    await eventually(lambda: inbox.events("pin"))

    assert _is_gapless(inbox)


async def test_a_subscription_that_fell_silent_is_renewed(hub: Hub, show: StreamSession) -> None:
    _, inbox = await sit(hub, "session:hubbed")
    await eventually(lambda: inbox.events("viewers"))
    for connection in redis_pool.client().client_list(_type="pubsub"):
        redis_pool.client().client_kill_filter(_id=connection["id"])
    await eventually(lambda: redis_pool.client().pubsub_numsub("showfloor:rt:session:hubbed")[0][1] == 1)
    await hubs.in_thread(publish.to_show, "hubbed", wire.pin("VASE-2"))
    await eventually(lambda: inbox.events("pin"))

    assert _is_gapless(inbox)


async def test_a_client_moves_to_another_process_and_misses_nothing(
    hub: Hub, other_hub: Hub, show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the other process is behind the one it left."""
    _, inbox = await sit(hub, "session:hubbed")
    _, resident = await sit(other_hub, "session:hubbed")
    await eventually(lambda: inbox.events("viewers") and resident.events("viewers"))
    with monkeypatch.context() as deaf:
        deaf.setattr(other_hub, "_take", lambda message: None)
        await hubs.in_thread(publish.to_show, "hubbed", wire.pin("VASE-1"))
        await eventually(lambda: inbox.events("pin"))
        last = inbox.of("batch")[-1]
        _, moved = await sit(other_hub, "session:hubbed", Since(last["epoch"], last["to"]))
    await hubs.in_thread(publish.to_show, "hubbed", wire.pin("VASE-2"))
    await eventually(lambda: moved.events("pin") and len(resident.events("pin")) == 2)

    assert moved.frames[0]["recovered"]
    assert [event["sku"] for event in moved.events("pin")] == ["VASE-2"]
    assert moved.of("batch")[0]["from"] == last["to"] + 1
    assert _is_gapless(resident)


async def test_a_log_that_no_longer_reaches_so_far_gives_a_snapshot(hub: Hub, show: StreamSession) -> None:
    _, inbox = await sit(hub, "session:hubbed")
    start = inbox.frames[1]
    for _ in range(12):
        topic_log.publish("session:hubbed", [wire.slow_mode(number) for number in range(100)])
    await eventually(lambda: inbox.frames[-1].get("to", 0) >= 1200)
    _, late = await sit(hub, "session:hubbed", Since(start["epoch"], start["seq"]))

    assert [frame["type"] for frame in late.frames[:2]] == ["welcome", "snapshot"]


async def test_a_redis_that_was_emptied_is_another_epoch(hub: Hub, show: StreamSession) -> None:
    _, inbox = await sit(hub, "session:hubbed")
    before = inbox.of("snapshot")[0]
    await hubs.in_thread(messages.post, show, author=await hubs.in_thread(make_user), text="still here")
    await eventually(lambda: inbox.events("chat"))
    redis_pool.client().flushall()
    await eventually(lambda: len(inbox.of("snapshot")) == 2)

    after = inbox.of("snapshot")[1]
    assert after["epoch"] != before["epoch"]
    assert [message["text"] for message in after["chat"]] == ["still here"]
    await hubs.in_thread(publish.to_show, "hubbed", wire.pin("VASE-1"))
    await eventually(lambda: inbox.events("pin"))


@pytest.fixture
def own_redis(tmp_path: Path, settings: Any) -> Iterator[OwnRedis]:
    with started(tmp_path, settings) as server:
        yield server


async def test_a_restart_of_redis_reaches_everyone_as_a_snapshot(own_redis: OwnRedis, show: StreamSession) -> None:
    hub = Hub()
    try:
        seated = [await sit(hub, "session:hubbed") for _ in range(50)]
        before = seated[0][1].frames[1]["epoch"]
        await asyncio.to_thread(own_redis.stop)
        # A commit while Redis is away is news that nobody hears.
        await hubs.in_thread(stock.write_off, sku="VASE-1", warehouse="main", quantity=2, actor="system")
        await asyncio.to_thread(own_redis.start)
        await eventually(lambda: all(len(inbox.of("snapshot")) == 2 for _, inbox in seated))

        for _, inbox in seated:
            after = inbox.of("snapshot")[-1]
            assert after["epoch"] != before
            assert after["items"]["VASE-1"]["available"] == 5
        await hubs.in_thread(pins.pin, show, "VASE-2", actor="system")
        await eventually(lambda: all(inbox.events("pin") for _, inbox in seated))
    finally:
        await hub.stop()


async def test_redis_away_sends_everyone_away_and_refuses_newcomers(
    own_redis: OwnRedis, show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "AWAY_S", 0.5)
    hub = Hub()
    try:
        _, inbox = await sit(hub, "session:hubbed")
        await asyncio.to_thread(own_redis.stop)
        await eventually(lambda: inbox.closed_with)

        assert inbox.frames[-1] == {"type": "bye", "code": "unavailable", "retry_ms": [1000, 5000]}
        with pytest.raises(Unavailable):
            await sit(hub, "site")
    finally:
        await hub.stop()
        await asyncio.to_thread(own_redis.start)


async def test_a_slow_socket_is_skipped_and_gets_a_snapshot_once_it_has_read(hub: Hub, show: StreamSession) -> None:
    _, slow = await sit(hub, "session:hubbed")
    _, quick = await sit(hub, "session:hubbed")
    slow.waiting = SKIP_BYTES + 1
    seen = len(slow.frames)
    await hubs.in_thread(publish.to_show, "hubbed", wire.pin("VASE-1"))
    await eventually(lambda: quick.events("pin"))
    assert len(slow.frames) == seen
    slow.waiting = 0
    await eventually(lambda: len(slow.frames) > seen)

    assert slow.frames[seen]["type"] == "snapshot"
    assert slow.frames[seen]["session"]["pinned_sku"] == "VASE-1"
    assert len(quick.of("snapshot")) == 1


async def test_a_socket_that_does_not_read_is_sent_away(
    hub: Hub, show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.rooms.STALLED_S", 0.2)
    _, stalled = await sit(hub, "session:hubbed")
    stalled.waiting = SKIP_BYTES + 1
    await hubs.in_thread(publish.to_show, "hubbed", wire.pin("VASE-1"))
    await eventually(lambda: stalled.closed_with)

    assert stalled.frames[-1]["code"] == "slow"
    assert stalled.closed_with == wire.POLICY


async def test_a_show_that_is_gone_sends_everyone_away(hub: Hub, show: StreamSession) -> None:
    _, inbox = await sit(hub, "session:hubbed")
    await hubs.in_thread(show.delete)
    await hubs.in_thread(redis_pool.client().flushall)
    await eventually(lambda: inbox.closed_with)

    assert inbox.frames[-1]["code"] == "not_found"
    assert inbox.closed_with == wire.NOT_FOUND
    assert hub.rooms == {}


async def test_draining_says_bye_to_everyone_once(hub: Hub, show: StreamSession) -> None:
    _, inbox = await sit(hub, "session:hubbed")
    hub.drain()
    hub.drain()
    await eventually(lambda: inbox.closed_with)

    assert [frame["code"] for frame in inbox.of("bye")] == ["restart"]


async def test_an_empty_room_is_closed_after_a_while(
    hub: Hub, show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "LINGER_S", 0.1)
    seat, _ = await sit(hub, "session:hubbed")
    hub.leave("session:hubbed", seat)
    await eventually(lambda: not hub.rooms)

    assert redis_pool.client().pubsub_numsub("showfloor:rt:session:hubbed")[0][1] == 0
    _, inbox = await sit(hub, "session:hubbed")
    await hubs.in_thread(publish.to_show, "hubbed", wire.pin("VASE-1"))
    await eventually(lambda: inbox.events("pin"))


async def test_who_comes_while_another_room_is_closed_stays(
    hub: Hub, show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = {"session:hubbed", "site"}
    for topic in topics:
        hub.leave(topic, (await sit(hub, topic))[0])
    await eventually(lambda: hub._empty_since.keys() == topics)
    unsubscribe, came = hub._unsubscribe, []

    async def while_somebody_comes(topic: str) -> None:
        if not came:
            (other,) = topics - {topic}
            came.append((other, (await sit(hub, other))[1]))
        await unsubscribe(topic)

    monkeypatch.setattr(hub, "_unsubscribe", while_somebody_comes)
    monkeypatch.setattr(hubs, "LINGER_S", -1.0)

    await hub._close_empty()

    ((topic, inbox),) = came
    assert list(hub.rooms) == [topic]
    assert not inbox.of("bye")


async def test_a_room_that_is_closed_while_it_catches_up_is_opened_again(
    hub: Hub, show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat, inbox = await sit(hub, "session:hubbed")
    hub.leave("session:hubbed", seat)
    here, tail, loop = inbox.of("snapshot")[0], topic_log.tail, asyncio.get_running_loop()

    def closed_meanwhile(topic: str, *, since: int) -> topic_log.Tail:
        monkeypatch.setattr(topic_log, "tail", tail)
        asyncio.run_coroutine_threadsafe(hub._close(topic), loop).result(5)
        return tail(topic, since=since)

    monkeypatch.setattr(topic_log, "tail", closed_meanwhile)
    _, late = await sit(hub, "session:hubbed", Since(here["epoch"], here["seq"] + 100))
    await hubs.in_thread(publish.to_show, "hubbed", wire.pin("VASE-1"))

    await eventually(lambda: late.events("pin"))


async def test_beats_go_on_while_groups_are_joined_again(
    hub: Hub, show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "BEAT_S", 0.01)
    monkeypatch.setattr(user_channel, "LOOK_S", 0.01)
    seat, inbox = await sit(hub, "session:hubbed")
    await hub.postbox.open(identity.mailbox_of_user(1), seat)
    joining = asyncio.Event()

    async def never_ends(group: str, channel: str) -> None:
        joining.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(hub.postbox._layer, "group_add", never_ends)
    hub.postbox.rejoin()
    await asyncio.wait_for(joining.wait(), 5)
    await sit(hub, "session:hubbed")

    await eventually(lambda: [event["count"] for event in inbox.events("viewers")][-1:] == [2])


async def test_under_an_unknown_server_frames_go_out_one_by_one_by_plain_asgi() -> None:
    sent: list[dict[str, Any]] = []
    may_send = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        await may_send.wait()
        sent.append(message)

    writer = writer_of(send)
    writer.write(Frame.of(wire.pin("A")))
    writer.write(Frame.of(wire.pin("B")))
    assert (writer.kind, writer.buffered()) == ("plain", 2 * len(b'{"type":"pin","sku":"A"}'))

    may_send.set()
    await writer.close(4012)

    assert [message["type"] for message in sent] == ["websocket.send", "websocket.send", "websocket.close"]
    assert [json.loads(message["text"])["sku"] for message in sent[:2]] == ["A", "B"]
    assert (sent[2]["code"], writer.buffered()) == (4012, 0)


async def test_a_job_of_the_hub_that_fails_starts_again(
    hub: Hub, show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, inbox = await sit(hub, "session:hubbed")
    calls = []

    def fail_once(process: str, present: dict[str, topic_log.Present]) -> dict[str, topic_log.Head]:
        calls.append(present)
        if len(calls) == 1:
            raise RuntimeError("not foreseen")
        return beat(process, present)

    beat = topic_log.beat
    monkeypatch.setattr(topic_log, "beat", fail_once)

    await eventually(lambda: inbox.events("viewers"))
    assert len(calls) > 1


def _is_gapless(inbox: Inbox) -> bool:
    last = inbox.of("snapshot")[0]["seq"]
    for frame in inbox.of("batch"):
        assert frame["from"] == last + 1
        last = frame["to"]
    return True
