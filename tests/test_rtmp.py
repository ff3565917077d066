"""The RTMP door: spoken to by hand, by a real encoder, and by peers that mean no good."""

import asyncio
import random
import struct
from collections.abc import AsyncIterator

import pytest

from streams.ingest import avc
from streams.ingest.exceptions import ProtocolError
from streams.ingest.flv import AUDIO, VIDEO
from streams.ingest.rtmp import amf, chunks, server, session
from streams.ingest.rtmp.chunks import Kind
from tests.support.rtmp_peers import CODECS, KEY, PICTURE, SOUND, Desk, Encoder, listening, push

KEYFRAME = b"\x17\x01\x00\x00\x00picture"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with listening() as desk:
        yield desk


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
