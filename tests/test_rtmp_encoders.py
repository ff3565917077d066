"""The RTMP door as encoders of every kind find it: how they count, name codecs, and have their address pasted."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from streams.ingest.rtmp import server, session
from streams.ingest.rtmp.chunks import Kind
from streams.ingest.rtmp.server import Server
from tests.support.rtmp_peers import CODECS, KEY, PICTURE, Desk, Door, Encoder, listening, push


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with listening() as desk:
        yield desk


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


async def test_who_says_nothing_makes_room_for_who_shows_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight networks, sixteen silent connections each: the door stays open, and who is in stays in."""
    monkeypatch.setattr(session, "HANDSHAKE_S", 60.0)
    networks = iter(range(10_000))
    door = Door()
    door_server = Server(door, network_of=lambda peer: str(next(networks) // server.WAITING_MAX))
    await door_server.listen("127.0.0.1", 0)
    assert door_server._server
    desk = Desk(door, door_server._server.sockets[0].getsockname()[1])
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
        await door_server.close()


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
