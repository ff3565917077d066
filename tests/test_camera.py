"""The browsers' door: spoken to by hand, with what MediaRecorder makes, and by peers that mean no good."""

import asyncio
import contextlib
import itertools
import logging
import random
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streams.exceptions import KeyRefused
from streams.ingest import avc, remux
from streams.ingest.camera import server as camera_server
from streams.ingest.camera import session
from streams.ingest.camera.server import Server
from streams.ingest.ffmpeg import ffmpeg
from streams.ingest.flv import Tag

TICKET = "the-right-ticket"
H264, VP8 = "video/x-matroska;codecs=avc1,opus", "video/webm;codecs=vp8,opus"


@dataclass
class Publisher:
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    stop_reason: str = ""
    tags: list[Tag] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    reason: str = ""

    def take(self, tag: Tag) -> None:
        self.tags.append(tag)

    async def lost(self, reason: str) -> None:
        self.reason = reason
        self.left.set()

    @property
    def pictures(self) -> list[Tag]:
        return [tag for tag in self.tags if tag.is_picture and not tag.is_header]


@dataclass
class Desk:
    """A server, who was let in, and how to reach it."""

    publishers: list[Publisher] = field(default_factory=list)
    port: int = 0

    async def open(self, ticket: str, *, peer: str) -> Publisher:
        if ticket != TICKET:
            raise KeyRefused("unknown")
        self.publishers.append(Publisher())
        return self.publishers[-1]

    def connect(
        self, *, path: str = "/camera/", origin: str | None = "", headers: dict[str, str] | None = None
    ) -> connect:
        ours: Any = f"http://127.0.0.1:{settings.PORT}" if origin == "" else origin
        return connect(f"ws://127.0.0.1:{self.port}{path}", origin=ours, additional_headers=headers, compression=None)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    server = Server(desk.open)
    await server.listen("127.0.0.1", 0)
    desk.port = server.port
    yield desk
    await server.close()


@cache
def recorded(kind: str, *, seconds: int = 2, size: str = "320x180") -> bytes:
    """Make what a browser would: Matroska with H.264 (Chromium), WebM with VP8 (Firefox)."""
    picture = ("-f", "lavfi", "-i", f"testsrc2=s={size}:r=30:d={seconds}", "-f", "lavfi", "-i", f"sine=d={seconds}")
    codecs = {
        H264: ("-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-pix_fmt", "yuv420p", "-f", "matroska"),
        VP8: ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-f", "webm"),
    }[kind]
    argv = [ffmpeg(), "-v", "error", *picture, "-c:a", "libopus", *codecs, "-live", "1", "pipe:1"]
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout


async def hello(socket: ClientConnection, *, ticket: str = TICKET, mime: str = H264) -> dict[str, Any]:
    await socket.send(orjson.dumps({"type": "hello", "ticket": ticket, "mime": mime}).decode())
    return await answer(socket)


async def answer(socket: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = orjson.loads(await asyncio.wait_for(socket.recv(), 20))
    return frame


async def send(socket: ClientConnection, data: bytes, *, chunk: int = 20_000) -> None:
    """Send a recording in chunks, as MediaRecorder hands it out."""
    for start in range(0, len(data), chunk):
        await socket.send(data[start : start + chunk])


async def until(condition: Any, within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 (a condition of another task)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("mime", [H264, VP8])
async def test_recording_arrives_as_h264_and_aac(desk: Desk, mime: str) -> None:
    async with desk.connect() as socket:
        assert await hello(socket, mime=mime) == {"type": "ready"}
        await send(socket, recorded(mime))
        (publisher,) = desk.publishers
        await until(lambda: len(publisher.pictures) >= 40)
    await asyncio.wait_for(publisher.left.wait(), 10)

    headers = {tag.kind: tag for tag in publisher.tags if tag.is_header}
    size = avc.picture_size(headers[9].body)
    assert (size.width, size.height) == (320, 180)
    assert avc.is_plain_aac(headers[8].body)
    # A keyframe a second, so that the picture need not be encoded again.
    times = [tag.timestamp_ms for tag in publisher.tags if tag.is_keyframe]
    assert len(times) == 2
    assert abs(times[1] - times[0] - 1000) <= 40
    assert publisher.reason == "connection lost"


async def test_picture_that_is_h264_already_is_not_encoded_again(desk: Desk) -> None:
    async with desk.connect() as socket:
        await hello(socket)
        await send(socket, recorded(H264))
        (publisher,) = desk.publishers
        await until(lambda: len(publisher.pictures) >= 40)

    # Each picture is, to the byte, in what was sent.
    data = recorded(H264)
    assert all(tag.body[-40:] in data for tag in publisher.pictures)


async def test_new_recording_goes_on_over_the_same_connection(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "BEGIN_EVERY_S", 0.0)
    async with desk.connect() as socket:
        await hello(socket)
        await send(socket, recorded(H264))
        (publisher,) = desk.publishers
        await until(lambda: len(publisher.pictures) >= 40)
        await socket.send(orjson.dumps({"type": "begin", "mime": H264}).decode())
        await send(socket, recorded(H264, size="640x360"))
        await until(lambda: len(publisher.pictures) >= 100)

    headers = [tag for tag in publisher.tags if tag.is_picture and tag.is_header]
    sizes = [avc.picture_size(tag.body) for tag in headers]
    assert [(size.width, size.height) for size in sizes] == [(320, 180), (640, 360)]
    # It counts from the beginning again, and nothing of the first one follows.
    second = publisher.tags.index(headers[1])
    assert publisher.tags[second - 1].timestamp_ms > 1500
    assert min(tag.timestamp_ms for tag in publisher.tags[second:]) < 100


async def test_wrong_ticket_is_refused_before_any_media(desk: Desk) -> None:
    async with desk.connect() as socket:
        assert await hello(socket, ticket="another") == {"type": "bye", "code": "unknown"}
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 5)

    assert socket.close_code == session.POLICY
    assert desk.publishers == []


@pytest.mark.parametrize(
    ("path", "origin", "status"),
    [
        ("/camera/", "https://evil.example", 403),
        ("/camera/", None, 403),
        ("/camera/", "null", 403),
        ("/", "", 404),
        ("/camera/../", "", 404),
    ],
)
async def test_other_pages_and_addresses_are_refused(desk: Desk, path: str, origin: str | None, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with desk.connect(path=path, origin=origin):
            pass

    assert refused.value.response.status_code == status


async def test_unwanted_camera_is_told_why(desk: Desk) -> None:
    async with desk.connect() as socket:
        await hello(socket)
        (publisher,) = desk.publishers
        publisher.stop_reason = "taken over"
        publisher.stopped.set()

        assert await answer(socket) == {"type": "bye", "code": "taken_over"}
    await asyncio.wait_for(publisher.left.wait(), 10)
    assert publisher.reason == "stopped"


async def test_camera_that_sends_nothing_is_dropped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remux, "SILENCE_S", 0.5)
    async with desk.connect() as socket:
        await hello(socket)
        assert await answer(socket) == {"type": "bye", "code": "silent"}
    assert desk.publishers[0].reason == "silent"


async def test_garbage_is_no_recording_and_disturbs_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = random.Random(11)
    async with desk.connect() as good:
        await hello(good)
        for mime in (H264, VP8, "video/mp4;codecs=avc1,opus"):
            async with desk.connect() as bad:
                monkeypatch.setattr(remux, "SILENCE_S", 2.0)  # for who waits until it makes sense
                await hello(bad, mime=mime)
                assert await sent_away(bad, noise.randbytes(6_000_000), chunk=200_000) in {"bad_media", "silent"}
                monkeypatch.undo()
        await send(good, recorded(H264))
        await until(lambda: len(desk.publishers[0].pictures) >= 40)
    assert all(publisher.tags == [] for publisher in desk.publishers[1:])


async def sent_away(socket: ClientConnection, data: bytes, *, chunk: int = 20_000) -> str:
    """Send until we are sent away, and return why."""
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(15):
            await send(socket, data, chunk=chunk)
    code: str = (await answer(socket))["code"]
    return code


async def test_too_much_at_once_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(recorded(H264, seconds=10)) > 200_000
    monkeypatch.setattr(session, "BURST_BYTES", 100_000)
    monkeypatch.setattr(session, "RATE_BYTES_S", 1000)
    async with desk.connect() as socket:
        await hello(socket)
        assert await sent_away(socket, recorded(H264, seconds=10)) == "bad_message"
    assert desk.publishers[0].left.is_set()


async def test_oversized_message_ends_the_connection(desk: Desk) -> None:
    socket = await desk.connect()
    await hello(socket)
    with contextlib.suppress(ConnectionClosed):
        await socket.send(bytes(camera_server.MESSAGE_BYTES_MAX + 1))

    await asyncio.wait_for(socket.wait_closed(), 10)
    await asyncio.wait_for(desk.publishers[0].left.wait(), 10)
    assert desk.publishers[0].tags == []


@pytest.mark.parametrize(
    "message",
    [
        b"\x1a\x45\xdf\xa3",
        "",
        "[]",
        "{",
        "null",
        '{"type":"hello"}',
        '{"type":"hello","ticket":5,"mime":""}',
        '{"type":"begin","mime":"video/webm"}',
        '{"type":"hello","ticket":"' + "x" * 5000 + '","mime":""}',
        '{"type":"hello","ticket":"the-right-ticket","mime":"video/webm' + "x" * 300 + '"}',
        '{"type":"hello","ticket":"the-right-ticket","mime":"application/x-mpegurl"}',
    ],
)
async def test_strange_hello_is_sent_away(desk: Desk, message: str | bytes) -> None:
    async with desk.connect() as socket:
        await socket.send(message)
        assert await answer(socket) == {"type": "bye", "code": "bad_message"}


async def test_who_never_says_hello_is_hung_up_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "HELLO_S", 0.2)
    async with desk.connect() as socket:
        assert await answer(socket) == {"type": "bye", "code": "bad_message"}


async def test_begins_too_often_is_sent_away(desk: Desk) -> None:
    async with desk.connect() as socket:
        await hello(socket)
        await socket.send(orjson.dumps({"type": "begin", "mime": H264}).decode())
        assert await answer(socket) == {"type": "bye", "code": "bad_message"}


async def test_one_address_can_keep_only_so_many_waiting(desk: Desk) -> None:
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}
    async with contextlib.AsyncExitStack() as waiting:
        for _ in range(camera_server.WAITING_MAX):
            await waiting.enter_async_context(desk.connect())

        for headers in ({}, elsewhere | {"X-Front-Door": "forged http"}):
            with pytest.raises(InvalidStatus) as refusal:
                await desk.connect(headers=headers)
            assert refusal.value.response.status_code == 503
        # The door says that somebody else asks, and nobody but the door can.
        async with desk.connect(headers=elsewhere | {"X-Front-Door": f"{settings.DOOR_MARK} http"}) as socket:
            assert await hello(socket) == {"type": "ready"}

    async with desk.connect() as socket:
        assert await hello(socket) == {"type": "ready"}


async def test_silent_connections_keep_nobody_out(desk: Desk) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", desk.port) for _ in range(2 * camera_server.WAITING_MAX)]

    async with desk.connect() as socket:
        assert await hello(socket) == {"type": "ready"}
    for _, one in silent:
        one.close()


async def test_who_shows_no_ticket_makes_room_for_who_does(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as there are places say nothing, from many networks: a newcomer is let in, and who is in stays in."""
    count = itertools.count()
    monkeypatch.setattr(camera_server, "network_of", lambda peer: str(next(count) // camera_server.WAITING_MAX))
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(desk.connect())
        assert await hello(first) == {"type": "ready"}
        places = camera_server.WAITING_ALL_MAX
        silent = [await stack.enter_async_context(desk.connect()) for _ in range(places)]

        newcomer = await stack.enter_async_context(desk.connect())

        assert await hello(newcomer) == {"type": "ready"}
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(silent[0].recv(), 2)
        await send(first, recorded(H264))
        await until(lambda: len(desk.publishers[0].pictures) > 10)


async def hung_up(reader: asyncio.StreamReader) -> bool:
    try:
        return not await reader.read()
    except ConnectionError:
        return True


async def test_garbage_instead_of_a_handshake_is_neither_served_nor_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    noise = random.Random(2)
    with caplog.at_level(logging.WARNING):
        for number in range(30):
            reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
            head = b"GET /camera/ HTTP/1.1\r\nHost: a\r\n" if number % 2 else b""
            writer.write(head + noise.randbytes(noise.randrange(1, 9000)))
            writer.write_eof()
            await asyncio.wait_for(hung_up(reader), 10)
            writer.close()
    assert caplog.records == []


@given(st.one_of(st.binary(max_size=5000), st.text(max_size=5000)))
def test_any_message_is_read_or_refused(message: bytes | str) -> None:
    for kind in ("hello", "begin"):
        try:
            assert session._read(message, kind)["type"] == kind
        except session.BadFrame:
            continue


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(st.dictionaries(st.sampled_from(["type", "ticket", "mime", "x"]), JSON | st.just("hello")))
def test_any_frame_is_read_or_refused(frame: dict[str, Any]) -> None:
    try:
        read = session._read(orjson.dumps(frame).decode(), "hello")
        assert isinstance(session._text(read, "ticket", 10), str)
    except session.BadFrame:
        pass
