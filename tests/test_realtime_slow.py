"""Readers that don't keep up, by socket and by stream: they are skipped, then sent away; the others never notice."""

import asyncio
import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from socket import socket
from typing import Any

import pytest

from realtime import publish, rooms, topic_log, wire
from realtime.rooms import CLOSE_BYTES, SKIP_BYTES, Room, Seat
from streams.models import StreamSession
from tests.support.factories import make_session
from tests.support.realtime_servers import Client, Server, Stream, running, unread_socket, unread_stream

KINDS = ("daphne", "uvicorn")
BIG = 2_000_000

pytestmark = [pytest.mark.slow, pytest.mark.keeps_redis]


@pytest.fixture(scope="module")
def both(servers: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Server]]:
    with django_db_blocker.unblock(), running(*KINDS) as started:
        yield started


@pytest.fixture
def show(transactional_db: None) -> StreamSession:
    return make_session(f"show-{secrets.token_hex(3)}")


def test_who_reads_nothing_or_a_byte_a_second_is_sent_away_and_disturbs_nobody(
    both: list[Server], show: StreamSession
) -> None:
    is_over = threading.Event()
    with ExitStack() as stack:
        stack.callback(is_over.set)
        socket_path, stream_path = f"/ws/sessions/{show.slug}/", f"/sse/sessions/{show.slug}/"
        readers: list[Client | Stream] = []
        for server in both:
            reader = stack.enter_context(Client(server, socket_path))
            reader.hello()
            readers += [reader, stack.enter_context(Stream(server, stream_path))]
            for unread in (unread_socket, unread_stream):
                path = socket_path if unread is unread_socket else stream_path
                stack.enter_context(unread(server, path))
                trickle = stack.enter_context(unread(server, path))
                threading.Thread(target=_read_a_byte_a_second, args=(trickle, is_over), daemon=True).start()
        for reader in readers:
            reader.wait_for_event("viewers", where=lambda event: event["count"] == 12)
            reader.frames.clear()
        for number in range(4):
            publish.to_show(show.slug, {"type": "announcement", "id": str(number), "text": "x" * BIG})
            for reader in readers:
                reader.wait_for("batch")
        publish.to_show(show.slug, wire.pin("the end"))
        for reader in readers:
            reader.wait_for_event("pin")
            reader.wait_for_event("viewers", where=lambda event: event["count"] == 4, within_s=20)
            assert [event["id"] for event in reader.events("announcement")] == [str(number) for number in range(4)]
            assert not [frame for frame in reader.frames if frame["type"] == "snapshot"]


def _read_a_byte_a_second(reader: socket, is_over: threading.Event) -> None:
    with suppress(OSError):
        while not is_over.wait(1) and reader.recv(1):
            pass


class Waiting:
    """A writer with so many bytes waiting."""

    kind = "waiting"

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        self.written: list[wire.Frame] = []

    def write(self, frame: wire.Frame) -> None:
        self.written.append(frame)

    def buffered(self) -> int:
        return self.waiting

    async def close(self, code: int) -> None:
        raise AssertionError("the hub closes, not the room")

    def before_server_ends(self, call: object) -> None: ...


@pytest.mark.parametrize(
    ("waiting", "behind_s", "is_slow"),
    [
        (SKIP_BYTES, 60.0, False),
        (SKIP_BYTES + 1, rooms.STALLED_S - 1, False),
        (SKIP_BYTES + 1, rooms.STALLED_S + 1, True),
        (CLOSE_BYTES, rooms.HOPELESS_S + 1, False),
        (CLOSE_BYTES + 1, rooms.HOPELESS_S + 1, True),
    ],
)
def test_how_much_may_wait_and_for_how_long(waiting: int, behind_s: float, is_slow: bool) -> None:
    async def after() -> list[Seat]:
        seat = Seat(Waiting(waiting))
        room = Room("site", topic_log.Snapshot({"epoch": "k3", "seq": 0, "announcements": [], "drops": []}, True, []))
        room.join(seat, None)
        now = asyncio.get_running_loop().time()
        room.take(epoch="k3", first=1, events=[wire.pin("A")])
        room.flush()
        if seat.behind_since is not None:
            seat.behind_since = now - behind_s
        room.check()
        return room.slow

    assert [seat.writer.buffered() for seat in asyncio.run(after())] == [waiting] * is_slow
