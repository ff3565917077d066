"""Any bytes at any door: read, or refused with the error that is meant for it, within the bounds that are set."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.ingest import avc, flv
from streams.ingest.connection_limits import ConnectionLimits, Standing, Visit
from streams.ingest.exceptions import ProtocolError
from streams.ingest.rtmp import amf, chunks
from streams.ingest.rtmp.chunks import Kind, Message, MessageReader
from streams.ingest.srt import port

EXAMPLES = settings(max_examples=300)


def reader_of(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


# --- RTMP: chunks ---


@st.composite
def chunk(draw: st.DrawFn) -> bytes:
    """A chunk that is right in form: any header, with sizes and times of every kind."""
    form, stream = draw(st.integers(0, 3)), draw(st.integers(0, 9))
    time = draw(st.sampled_from([0, 20, 0xFFFFFF, 0xFFFFFE]))
    size = draw(st.sampled_from([0, 1, 4, 100, 128, 300, 65_536, 65_537, 4_194_304, 4_194_305, 0xFFFFFF]))
    kind = draw(st.sampled_from([*Kind, 0, 7, 255]))
    header = (time.to_bytes(3) + size.to_bytes(3) + bytes([kind]) + bytes(4))[: (11, 7, 3, 0)[form]]
    extended = bytes(4) if time == 0xFFFFFF else b""
    body = draw(st.binary(max_size=8)) + bytes(draw(st.sampled_from([0, 120, 128, 400])))
    return bytes([form << 6 | stream]) + header + extended + body


async def read_all(data: bytes, *, takes_media: bool) -> list[Message]:
    messages = MessageReader(reader_of(data))
    messages.takes_media = takes_media
    taken = []
    try:
        while True:
            taken.append(await messages.read())
    except (ProtocolError, asyncio.IncompleteReadError):
        waiting = [len(one.body) for one in messages._streams.values()]
        assert len(waiting) <= chunks.CHUNK_STREAMS_MAX
        assert sum(waiting) <= chunks.UNFINISHED_BYTES_MAX
        return taken


@EXAMPLES
@given(st.lists(chunk(), max_size=30).map(b"".join) | st.binary(max_size=3000), st.booleans())
def test_any_chunks_are_messages_or_refused(data: bytes, takes_media: bool) -> None:
    for message in asyncio.run(read_all(data, takes_media=takes_media)):
        is_media = message.kind in {Kind.AUDIO, Kind.VIDEO}
        assert takes_media or not is_media
        assert len(message.body) <= (chunks.MEDIA_BYTES_MAX if is_media else chunks.COMMAND_BYTES_MAX)
        assert message.timestamp_ms < 2**32


@given(st.lists(st.tuples(st.sampled_from([Kind.COMMAND, Kind.DATA]), st.binary(max_size=20_000)), max_size=5))
def test_messages_come_through_as_they_were(sent: list[tuple[Kind, bytes]]) -> None:
    data = chunks.control(Kind.SET_CHUNK_SIZE, chunks.OUR_CHUNK_BYTES)
    data += b"".join(chunks.encode(kind, body) for kind, body in sent)

    read = asyncio.run(read_all(data, takes_media=False))

    assert [(message.kind, message.body) for message in read] == sent


# --- RTMP: commands ---

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(st.lists(VALUES, max_size=6))
def test_any_values_come_through_amf(values: list[Any]) -> None:
    try:
        read = amf.decode(amf.encode(*values))
    except ProtocolError:
        assert "{" in repr(values)  # nested deeper than we read
        return
    assert read == values


@EXAMPLES
@given(st.binary(max_size=400))
def test_any_bytes_are_amf_or_refused(data: bytes) -> None:
    try:
        amf.decode(data)
    except ProtocolError:
        return


@EXAMPLES
@given(st.binary(max_size=200))
def test_any_bytes_are_a_picture_size_or_refused(data: bytes) -> None:
    try:
        size = avc.picture_size(b"\x17\x00" + data)
    except ProtocolError:
        return
    assert 0 < size.width <= avc.SIDE_MAX
    assert 0 < size.height <= avc.SIDE_MAX


# --- FLV, as ffmpeg writes it ---

TAGS = st.lists(st.tuples(st.sampled_from([flv.AUDIO, flv.VIDEO]), st.integers(0, 2**32 - 1), st.binary(max_size=300)))


async def read_tags(data: bytes) -> list[tuple[int, int, bytes]]:
    try:
        return [(tag.kind, tag.timestamp_ms, tag.body) async for tag in flv.read_tags(reader_of(data))]
    except ProtocolError:
        return []


@given(TAGS, st.integers(0, 20))
def test_tags_come_through_up_to_where_they_were_cut(tags: list[tuple[int, int, bytes]], cut: int) -> None:
    written = [flv.encode(flv.Tag(*tag), timestamp_ms=tag[1]) for tag in tags]
    data = flv.file_header(has_sound=True, has_picture=True) + b"".join(written)

    read = asyncio.run(read_tags(data[: len(data) - cut]))

    kept = [tag for tag in tags if not flv.Tag(*tag).is_end]
    assert read == kept[: len(read)]
    assert len(read) >= len(kept) - (cut + 14) // 15  # no tag is shorter than fifteen bytes


@EXAMPLES
@given(st.binary(max_size=2000))
def test_any_bytes_are_flv_or_refused(data: bytes) -> None:
    asyncio.run(read_tags(data))
    asyncio.run(read_tags(flv.file_header(has_sound=True, has_picture=True) + data))


# --- SRT, and the crowd at a door ---


@given(st.binary(max_size=200))
def test_any_packet_is_a_call_or_nothing(packet: bytes) -> None:
    assert not port.is_handshake(packet) or packet.startswith(port.HANDSHAKE)


STEPS = st.sampled_from(["enter", "speaks", "asks", "let in", "leave"])


@given(st.lists(st.tuples(st.sampled_from("abcdef"), STEPS), max_size=80))
def test_a_turnstile_counts_right_whatever_happens(events: list[tuple[str, str]]) -> None:
    turnstile = ConnectionLimits(waiting_most=2, waiting_all=5)
    waiting: list[tuple[str, Visit]] = []
    inside: list[Visit] = []
    hung_up: list[Visit] = []
    for network, event in events:
        mine = [visit for whose, visit in waiting if whose == network]
        if event == "enter":
            ranks = [visit.standing for _, visit in waiting]
            visits: list[Visit] = []
            entered = turnstile.enter(network, lambda visits=visits: hung_up.extend(visits))
            is_refused = len(mine) >= 2 or (len(waiting) >= 5 and min(ranks) is Standing.ASKS)
            assert (entered is None) == is_refused
            if entered and len(waiting) >= 5:  # the oldest of those that came the least far made room
                assert hung_up == [waiting[ranks.index(min(ranks))][1]]
                waiting.pop(ranks.index(min(ranks)))
            if entered:
                visits.append(entered)
                waiting.append((network, entered))
        elif mine and event in {"speaks", "asks"}:
            getattr(mine[0], event)()
        elif mine:
            waiting.remove((network, mine[0]))
            if event == "let in":
                mine[0].let_in()
                inside.append(mine[0])
            else:
                mine[0].left()
        assert not set(hung_up) & set(inside)
        hung_up.clear()
