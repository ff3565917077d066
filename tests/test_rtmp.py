"""The RTMP door: spoken to by hand, by a real encoder, and by peers that mean no good."""

import asyncio
import random
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from streams.media.child import ffmpeg
from streams.rtmp import amf, avc, chunks, server, session
from streams.rtmp.chunks import Kind
from streams.rtmp.exceptions import ProtocolError, PublishRefused
from streams.rtmp.flv import AUDIO, VIDEO, Tag
from streams.rtmp.server import Server

KEY = "the-right-key"
ZEROS = bytes(1536)
KEYFRAME = b"\x17\x01\x00\x00\x00picture"


@dataclass
class Publisher:
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    tags: list[Tag] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    reason: str = ""

    def take(self, tag: Tag) -> None:
        self.tags.append(tag)

    async def lost(self, reason: str) -> None:
        self.reason = reason
        self.left.set()


@dataclass
class Door:
    keys: list[str] = field(default_factory=list)
    publishers: list[Publisher] = field(default_factory=list)

    async def open(self, key: str, *, peer: str) -> Publisher:
        self.keys.append(key)
        if key != KEY:
            raise PublishRefused("no such key")
        self.publishers.append(Publisher())
        return self.publishers[-1]


@dataclass
class Desk:
    """A server with its door, and how to reach it."""

    door: Door
    port: int

    @property
    def address(self) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    door = Door()
    listening = Server(door)
    await listening.listen("127.0.0.1", 0)
    assert listening._server
    yield Desk(door, listening._server.sockets[0].getsockname()[1])
    await listening.close()


class Encoder:
    """An encoder made by hand, that may break any rule."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, desk: Desk, *, shakes_hands: bool = True) -> "Encoder":
        encoder = cls(*await asyncio.open_connection("127.0.0.1", desk.port))
        if shakes_hands:
            encoder.writer.write(b"\x03" + ZEROS)
            answer = await encoder.reader.readexactly(1 + 2 * 1536)
            assert (answer[0], answer[1537:]) == (3, ZEROS)
            encoder.writer.write(answer[1:1537])
        return encoder

    def command(self, *values: object, stream: int = 0) -> None:
        self.send(Kind.COMMAND, amf.encode(*values), stream=stream)

    def send(self, kind: Kind, body: bytes, *, stream: int = 0) -> None:
        """Send a message in chunks of the 128 bytes that hold at first."""
        header = b"\x03" + bytes(3) + len(body).to_bytes(3) + bytes([kind]) + stream.to_bytes(4, "little")
        self.writer.write(header + b"\xc3".join(body[start : start + 128] for start in range(0, len(body), 128)))

    async def publish(self, key: str, *, app: str = "live") -> None:
        self.command("connect", 1, {"app": app})
        self.command("releaseStream", 2, None, key)
        self.command("FCPublish", 3, None, key)
        self.command("createStream", 4, None)
        self.command("publish", 5, None, key, "live", stream=1)
        await self.writer.drain()

    async def hears(self, word: bytes) -> bool:
        """Read until a word comes (True) or the server hangs up (False)."""
        heard = b""
        async with asyncio.timeout(5):
            while word not in heard:
                try:
                    more = await self.reader.read(4096)
                except ConnectionError:
                    return False
                if not more:
                    return False
                heard += more
        return True

    async def is_hung_up(self, *, within_s: float = 5) -> bool:
        async with asyncio.timeout(within_s):
            try:
                while await self.reader.read(4096):
                    pass
            except ConnectionError:
                pass
        return True


async def push(address: str, *options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(ffmpeg(), "-v", "error", "-nostdin", *options, "-f", "flv", address),
        stderr=asyncio.subprocess.PIPE,
    )


PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=322x180:r=30:d=2")
SOUND = ("-f", "lavfi", "-i", "sine=r=44100:d=2")
CODECS = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-c:a", "aac", "-ac", "2")


async def test_real_encoder_is_let_in_and_all_its_media_arrives(desk: Desk) -> None:
    process = await push(f"{desk.address}/{KEY}", *PICTURE, *SOUND, *CODECS)
    assert await process.wait() == 0
    (publisher,) = desk.door.publishers
    await asyncio.wait_for(publisher.left.wait(), 5)

    pictures = [tag for tag in publisher.tags if tag.kind == VIDEO and not tag.is_header]
    headers = [tag for tag in publisher.tags if tag.is_header]
    assert desk.door.keys == [KEY]
    assert sum(len(tag.body) > 5 for tag in pictures) == 60
    assert [tag.is_keyframe for tag in pictures[:31]] == [True] + [False] * 29 + [True]
    assert sorted(header.kind for header in headers) == [AUDIO, VIDEO]
    size = avc.picture_size(next(tag.body for tag in headers if tag.is_picture))
    assert (size.width, size.height) == (322, 180)
    assert avc.is_plain_aac(next(tag.body for tag in headers if not tag.is_picture))
    assert publisher.reason == "ended by the encoder"


async def test_real_encoder_with_a_wrong_key_is_told_so(desk: Desk) -> None:
    process = await push(f"{desk.address}/wrong", *PICTURE, "-c:v", "libx264")
    _, errors = await process.communicate()

    assert process.returncode != 0
    assert b"no such key" in errors
    assert desk.door.publishers == []


async def test_wrong_key_is_refused_before_any_media(desk: Desk) -> None:
    encoder = await Encoder.connect(desk)
    await encoder.publish("wrong")
    encoder.send(Kind.VIDEO, KEYFRAME, stream=1)

    assert await encoder.hears(b"NetStream.Publish.BadName")
    assert await encoder.is_hung_up()
    assert (desk.door.keys, desk.door.publishers) == (["wrong"], [])


async def test_media_before_publish_ends_the_connection(desk: Desk) -> None:
    encoder = await Encoder.connect(desk)
    encoder.command("connect", 1, {"app": "live"})
    encoder.send(Kind.VIDEO, KEYFRAME)

    assert await encoder.is_hung_up()
    assert desk.door.keys == []


async def test_what_follows_the_key_in_the_name_is_left_out(desk: Desk) -> None:
    encoder = await Encoder.connect(desk)
    await encoder.publish(f"{KEY}?bandwidthtest=true")

    assert await encoder.hears(b"NetStream.Publish.Start")


@pytest.mark.parametrize(
    ("app", "name"),
    [
        (f"live/{KEY}", ""),
        (f"live/{KEY}/", ""),
        (f"live/{KEY}", KEY),
        ("live/", KEY),
        ("/live//", f"/{KEY}/"),
        ("live?vhost=shop", KEY),
        (f"live/{KEY}?a=/b", ""),
        ("live", f" {KEY}\r\n"),
        ("live", f"\ufeff{KEY}\u200b"),
        ("live", f"%20{KEY}%0A"),
        ("live ", f'"{KEY}"'),
        ("live", f"{KEY}?token=x"),
        ("live", f"live/{KEY}"),
        ("live", f"rtmp://shop.example.com:1935/live/{KEY}"),
        ("Live", KEY),
    ],
)
async def test_addresses_are_taken_as_people_paste_them(desk: Desk, app: str, name: str) -> None:
    encoder = await Encoder.connect(desk)
    await encoder.publish(name, app=app)

    assert await encoder.hears(b"NetStream.Publish.Start")
    assert desk.door.keys == [KEY]


@pytest.mark.parametrize("address", ["live/{key}", "live/{key}/", "live?x=1/{key}", "live/{key}?x=1"])
async def test_real_encoder_finds_its_way(desk: Desk, address: str) -> None:
    where = desk.address.removesuffix("live") + address.format(key=KEY)
    process = await push(where, *PICTURE, *CODECS)

    assert (await process.communicate())[1] == b""
    assert desk.door.keys == [KEY]


async def test_an_address_without_any_key_asks_for_none(desk: Desk) -> None:
    encoder = await Encoder.connect(desk)
    await encoder.publish("", app="live")

    assert await encoder.hears(b"NetStream.Publish.BadName")
    assert desk.door.keys == [""]


async def test_another_address_is_refused(desk: Desk) -> None:
    encoder = await Encoder.connect(desk)
    await encoder.publish(KEY, app="studio")

    assert await encoder.hears(b"NetConnection.Connect.InvalidApp")
    assert desk.door.keys == []


async def test_media_comes_through_in_order_and_with_its_times(desk: Desk) -> None:
    encoder = await Encoder.connect(desk)
    await encoder.publish(KEY)
    assert await encoder.hears(b"NetStream.Publish.Start")
    # A whole header, one with a step of time, one with nothing new, and a time past 24 bits.
    encoder.writer.write(b"\x04" + (100).to_bytes(3) + (3).to_bytes(3) + b"\x08\x01\0\0\0" + b"\xaf\x01a")
    encoder.writer.write(b"\x84" + (20).to_bytes(3) + b"\xaf\x01b")
    encoder.writer.write(b"\xc4" + b"\xaf\x01c")
    extended = 0x01000000
    encoder.writer.write(
        b"\x04\xff\xff\xff" + (3).to_bytes(3) + b"\x08\x01\0\0\0" + extended.to_bytes(4) + b"\xaf\x01d"
    )
    encoder.command("deleteStream", 0, None, 1)
    (publisher,) = desk.door.publishers
    await asyncio.wait_for(publisher.left.wait(), 5)

    assert [(tag.timestamp_ms, tag.body[-1:]) for tag in publisher.tags] == [
        (100, b"a"),
        (120, b"b"),
        (140, b"c"),
        (extended, b"d"),
    ]


@pytest.mark.parametrize("repeats", [True, False], ids=["repeated", "not repeated"])
async def test_times_past_24_bits_come_through_in_messages_of_many_chunks(desk: Desk, repeats: bool) -> None:
    """After 4 h 39 min a chunk without a header has the time again, or not: it depends on the encoder."""
    encoder = await Encoder.connect(desk)
    await encoder.publish(KEY)
    assert await encoder.hears(b"NetStream.Publish.Start")
    sent = []
    for number in range(6):
        time = (0x01000000 + 40 * number).to_bytes(4)
        body = b"\x27\x01\0\0\0" + bytes([number]) * (128 + 60 * number)  # the last chunk has from five bytes on
        sent.append((int.from_bytes(time), body))
        header = b"\x04\xff\xff\xff" + len(body).to_bytes(3) + b"\x09\x01\0\0\0" + time
        parts = [body[start : start + 128] for start in range(0, len(body), 128)]
        encoder.writer.write(header + (b"\xc4" + (time if repeats else b"")).join(parts))
    encoder.command("deleteStream", 0, None, 1)
    (publisher,) = desk.door.publishers
    await asyncio.wait_for(publisher.left.wait(), 5)

    assert [(tag.timestamp_ms, tag.body) for tag in publisher.tags] == sent
    assert publisher.reason == "ended by the encoder"


@pytest.mark.parametrize("size", [65_537, 1_000_000, 0xFFFFFF, 0x7FFFFFFF])
async def test_chunks_may_be_as_long_as_a_message(desk: Desk, size: int) -> None:
    encoder = await Encoder.connect(desk)
    encoder.send(Kind.SET_CHUNK_SIZE, size.to_bytes(4))
    await encoder.publish(KEY)
    assert await encoder.hears(b"NetStream.Publish.Start")
    body = b"\x17\x01\0\0\0" + bytes(65_000)
    encoder.writer.write(b"\x04" + bytes(3) + len(body).to_bytes(3) + b"\x09\x01\0\0\0" + body)
    encoder.command("deleteStream", 0, None, 1)
    (publisher,) = desk.door.publishers
    await asyncio.wait_for(publisher.left.wait(), 5)

    assert [tag.body for tag in publisher.tags] == [body]


async def test_unwanted_publisher_is_sent_away(desk: Desk) -> None:
    encoder = await Encoder.connect(desk)
    await encoder.publish(KEY)
    assert await encoder.hears(b"NetStream.Publish.Start")

    desk.door.publishers[0].stopped.set()

    assert await encoder.hears(b"NetStream.Unpublish.Success")
    assert await encoder.is_hung_up()
    assert desk.door.publishers[0].reason == "stopped"


async def test_silent_publisher_is_dropped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "SILENCE_S", 0.3)
    encoder = await Encoder.connect(desk)
    await encoder.publish(KEY)
    assert await encoder.hears(b"NetStream.Publish.Start")
    encoder.send(Kind.VIDEO, KEYFRAME, stream=1)

    # It stays connected, and keeps talking, but sends no media.
    talking = asyncio.create_task(talk(encoder))
    assert await encoder.is_hung_up()
    talking.cancel()
    assert desk.door.publishers[0].reason == "silent"


async def talk(encoder: Encoder) -> None:
    while True:
        encoder.send(Kind.ACKNOWLEDGEMENT, bytes(4))
        encoder.send(Kind.DATA, amf.encode("onMetaData", {"width": 1}), stream=1)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("sends", [b"", b"\x03", b"\x03" + bytes(700)])
async def test_slow_handshake_is_cut_short(desk: Desk, monkeypatch: pytest.MonkeyPatch, sends: bytes) -> None:
    monkeypatch.setattr(session, "HANDSHAKE_S", 0.3)
    encoder = await Encoder.connect(desk, shakes_hands=False)
    encoder.writer.write(sends)

    assert await encoder.is_hung_up()


async def test_who_never_publishes_is_hung_up_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PUBLISH_S", 0.3)
    encoder = await Encoder.connect(desk)
    trickling = asyncio.create_task(trickle(encoder))

    assert await encoder.is_hung_up()
    trickling.cancel()


async def trickle(encoder: Encoder) -> None:
    """Send a command a byte at a time, so slowly that it never ends."""
    for byte in b"\x03" + bytes(3) + (60_000).to_bytes(3) + b"\x14\0\0\0\0" + bytes(60_000):
        encoder.writer.write(bytes([byte]))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("kind", "size"),
    [(Kind.DATA, chunks.COMMAND_BYTES_MAX + 1), (Kind.VIDEO, chunks.MEDIA_BYTES_MAX + 1), (Kind.DATA, 0xFFFFFF)],
)
async def test_oversized_message_is_refused_at_its_header(desk: Desk, kind: Kind, size: int) -> None:
    encoder = await Encoder.connect(desk)
    await encoder.publish(KEY)
    assert await encoder.hears(b"NetStream.Publish.Start")

    encoder.writer.write(b"\x04" + bytes(3) + size.to_bytes(3) + bytes([kind]) + b"\x01\0\0\0")

    assert await encoder.is_hung_up()
    assert desk.door.publishers[0].reason == f"a message of {size} bytes"


async def test_chunks_of_absurd_size_are_refused(desk: Desk) -> None:
    for size in (0, chunks.CHUNK_BYTES_MAX + 1):
        encoder = await Encoder.connect(desk)
        encoder.send(Kind.SET_CHUNK_SIZE, size.to_bytes(4))
        assert await encoder.is_hung_up()


async def test_too_many_chunk_streams_are_refused(desk: Desk) -> None:
    encoder = await Encoder.connect(desk)
    for number in range(3, 3 + chunks.CHUNK_STREAMS_MAX + 1):
        encoder.writer.write(bytes([number]) + bytes(3) + (900).to_bytes(3) + b"\x14\0\0\0\0" + bytes(128))

    assert await encoder.is_hung_up()


async def test_one_address_can_keep_only_so_many_waiting(desk: Desk) -> None:
    waiting = [await Encoder.connect(desk) for _ in range(server.WAITING_MAX)]
    await waiting[0].publish(KEY)
    assert await waiting[0].hears(b"NetStream.Publish.Start")  # it is in, and waits no more

    waiting.append(await Encoder.connect(desk))
    surplus = await Encoder.connect(desk, shakes_hands=False)
    assert await surplus.is_hung_up(within_s=2)


async def test_who_says_nothing_makes_room_for_who_shows_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight networks, sixteen silent connections each: the door stays open, and who is in stays in."""
    monkeypatch.setattr(session, "HANDSHAKE_S", 60.0)
    networks = iter(range(10_000))
    door = Door()
    listening = Server(door, network_of=lambda peer: str(next(networks) // server.WAITING_MAX))
    await listening.listen("127.0.0.1", 0)
    assert listening._server
    desk = Desk(door, listening._server.sockets[0].getsockname()[1])
    try:
        first = await Encoder.connect(desk)
        await first.publish(KEY)
        assert await first.hears(b"NetStream.Publish.Start")

        silent = [await Encoder.connect(desk, shakes_hands=False) for _ in range(8 * server.WAITING_MAX)]
        newcomer = await Encoder.connect(desk)
        await newcomer.publish(KEY)

        assert await newcomer.hears(b"NetStream.Publish.Start")
        assert await silent[0].is_hung_up()
        first.send(Kind.AUDIO, b"\xaf\x01still here", stream=1)
        first.command("deleteStream", 0, None, 1)
        await asyncio.wait_for(door.publishers[0].left.wait(), 5)
        assert [tag.body for tag in door.publishers[0].tags] == [b"\xaf\x01still here"]
    finally:
        await listening.close()


@pytest.mark.parametrize(
    ("kind", "packet", "name"),
    [
        (Kind.VIDEO, b"\x90hvc1", "HEVC (H.265)"),
        (Kind.VIDEO, b"\x90av01", "AV1"),
        (Kind.VIDEO, b"\x91vp09", "VP9"),
        (Kind.VIDEO, b"\x90what", "an unknown picture"),
        (Kind.VIDEO, b"\x1c\x00", "HEVC (H.265)"),
        (Kind.VIDEO, b"\x1d\x00", "AV1"),
        (Kind.VIDEO, b"\x14\x00", "VP6"),
        (Kind.AUDIO, b"\x90Opus", "Opus"),
        (Kind.AUDIO, b"\xd0\x00", "Opus"),
    ],
)
async def test_codec_that_nobody_plays_is_refused_by_its_name(
    desk: Desk, kind: Kind, packet: bytes, name: str
) -> None:
    encoder = await Encoder.connect(desk)
    await encoder.publish(KEY)
    encoder.send(kind, packet + bytes(10), stream=1)

    assert await encoder.hears(f"This is {name}. Send H.264 and AAC.".encode())
    assert await encoder.is_hung_up()
    assert desk.door.publishers[0].reason == f"codec: {name}"


async def test_real_encoder_that_sends_hevc_is_told(desk: Desk) -> None:
    process = await push(f"{desk.address}/{KEY}", "-re", *PICTURE, "-c:v", "libx265", "-x265-params", "log-level=none")
    await process.communicate()

    await asyncio.wait_for(desk.door.publishers[0].left.wait(), 5)
    assert desk.door.publishers[0].reason == "codec: HEVC (H.265)"


async def test_h264_and_aac_by_their_names_are_what_they_are(desk: Desk) -> None:
    encoder = await Encoder.connect(desk)
    await encoder.publish(KEY)
    assert await encoder.hears(b"NetStream.Publish.Start")
    for kind, body in (
        (Kind.AUDIO, b"\x90mp4a\x11\x90"),
        (Kind.AUDIO, b"\x91mp4asound"),
        (Kind.VIDEO, b"\x91avc1\0\0\x28picture"),
        (Kind.VIDEO, b"\xa3avc1picture"),
    ):
        encoder.send(kind, body, stream=1)
    encoder.command("deleteStream", 0, None, 1)
    (publisher,) = desk.door.publishers
    await asyncio.wait_for(publisher.left.wait(), 5)

    assert [tag.body for tag in publisher.tags] == [
        b"\xaf\x00\x11\x90",
        b"\xaf\x01sound",
        b"\x17\x01\0\0\x28picture",
        b"\x27\x01\0\0\0picture",
    ]


async def test_garbage_ends_its_own_connection_and_no_other(desk: Desk) -> None:
    good = await Encoder.connect(desk)
    await good.publish(KEY)
    assert await good.hears(b"NetStream.Publish.Start")
    noise = random.Random(7)

    for number in range(40):
        bad = await Encoder.connect(desk, shakes_hands=number % 4 != 0)
        if number % 4 == 2:
            bad.command("connect", 1, {"app": "live"})
        if number % 4 == 3:
            await bad.publish(KEY)
        bad.writer.write(noise.randbytes(noise.randrange(1, 5000)))
        bad.writer.write_eof()
        assert await bad.is_hung_up()

    good.send(Kind.AUDIO, b"\xaf\x01still here", stream=1)
    good.command("deleteStream", 0, None, 1)
    await asyncio.wait_for(desk.door.publishers[0].left.wait(), 5)
    assert [tag.body for tag in desk.door.publishers[0].tags] == [b"\xaf\x01still here"]


def test_amf_values_come_back_as_they_were() -> None:
    values = ["onMetaData", 1.5, True, None, {"width": 1280.0, "name": "a café", "inner": {"deep": False}}]

    assert amf.decode(amf.encode(*values)) == values


def test_amf_reads_what_encoders_send_besides() -> None:
    ecma = b"\x08" + struct.pack(">I", 99) + b"\x00\x01a" + amf.encode(1.0) + amf.OBJECT_END
    strict = b"\x0a" + struct.pack(">I", 2) + amf.encode("x", None)
    date = b"\x0b" + struct.pack(">dh", 5.0, 0)
    long = b"\x0c" + struct.pack(">I", 3) + b"abc"

    assert amf.decode(ecma + strict + date + long) == [{"a": 1.0}, ["x", None], 5.0, "abc"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01",
        b"\x02\x00\x09short",
        b"\x63",
        b"\x03" * 20,
        (b"\x03\x00\x01a" * 30),
        b"\x0a\xff\xff\xff\xff" + b"\x05" * 5000,
        b"\x02\x00\x01\xff",
    ],
)
def test_broken_amf_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        amf.decode(data)
