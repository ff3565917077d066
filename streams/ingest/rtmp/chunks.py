"""Messages over RTMP's chunk streams (RTMP 1.0, 5.3 and 5.4)."""

import asyncio
import struct
from dataclasses import dataclass, field
from enum import IntEnum

from streams.ingest.exceptions import ProtocolError

CHUNK_BYTES_AT_FIRST = 128
CHUNK_BYTES_MAX = 0x7FFFFFFF  # the highest bit must be zero (5.4.1); no chunk is longer than what is left of a message
OUR_CHUNK_BYTES = 4096
WINDOW_BYTES = 2_500_000
CHUNK_STREAMS_MAX = 32
COMMAND_BYTES_MAX = 64 * 1024
MEDIA_BYTES_MAX = 4 * 1024 * 1024  # a keyframe of 1080p at 20 Mbit/s has about one
UNFINISHED_BYTES_MAX = 8 * 1024 * 1024
EXTENDED = 0xFFFFFF  # in place of a timestamp: the real one follows in four bytes


class Kind(IntEnum):
    """Message types (5.4 and 7.1)."""

    SET_CHUNK_SIZE = 1
    ABORT = 2
    ACKNOWLEDGEMENT = 3
    USER_CONTROL = 4
    WINDOW_SIZE = 5
    PEER_BANDWIDTH = 6
    AUDIO = 8
    VIDEO = 9
    DATA_AMF3 = 15
    COMMAND_AMF3 = 17
    DATA = 18
    COMMAND = 20


@dataclass(frozen=True, slots=True)
class Message:
    kind: int
    timestamp_ms: int
    stream: int
    body: bytes


@dataclass(slots=True)
class _ChunkStream:
    """What the headers of this stream's next chunks leave out, and the message that is not complete yet."""

    timestamp_ms: int = 0
    delta_ms: int = 0
    size: int = 0
    kind: int = 0
    stream: int = 0
    time_field_ms: int = 0
    has_extended: bool = False
    body: bytearray = field(default_factory=bytearray)


class MessageReader:
    """Puts messages together. Sizes are refused as soon as a header announces them, before memory is used."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self.takes_media = False
        self.read_bytes = 0
        self._reader = reader
        self._chunk_bytes = CHUNK_BYTES_AT_FIRST
        self._streams: dict[int, _ChunkStream] = {}
        self._repeats_extended: bool | None = None
        self._put_back = b""

    async def read(self) -> Message:
        """Return the next message that is not about chunks themselves. Raises ProtocolError, IncompleteReadError."""
        while True:
            message = await self._read_chunk()
            if message is None:
                continue
            if message.kind == Kind.SET_CHUNK_SIZE:
                self._set_chunk_size(message.body)
            elif message.kind == Kind.ABORT:
                self._abort(message.body)
            else:
                return message

    async def _read_chunk(self) -> Message | None:
        """Read one chunk; return the message that it completes, if it does."""
        first = await self._byte()
        form, stream_id = first >> 6, first & 0x3F
        if stream_id == 0:
            stream_id = 64 + await self._byte()
        elif stream_id == 1:
            stream_id = 64 + await self._byte() + 256 * await self._byte()
        chunk_stream = self._streams.get(stream_id)
        if chunk_stream is None:
            if len(self._streams) >= CHUNK_STREAMS_MAX:
                raise ProtocolError("too many chunk streams")
            chunk_stream = self._streams[stream_id] = _ChunkStream()
        await self._read_header(chunk_stream, form)
        wanted = min(self._chunk_bytes, chunk_stream.size - len(chunk_stream.body))
        chunk_stream.body += await self._exactly(wanted)
        if len(chunk_stream.body) < chunk_stream.size:
            return None
        body, chunk_stream.body = bytes(chunk_stream.body), bytearray()
        return Message(chunk_stream.kind, chunk_stream.timestamp_ms, chunk_stream.stream, body)

    async def _read_header(self, chunk_stream: _ChunkStream, form: int) -> None:
        """Read a message header of form 0 (whole) to 3 (nothing is new)."""
        begins_message = not chunk_stream.body
        if form < 3:
            if not begins_message:
                raise ProtocolError("a message begins inside another one")
            header = await self._exactly((11, 7, 3)[form])
            time_ms = int.from_bytes(header[:3])
            if form < 2:
                chunk_stream.size = int.from_bytes(header[3:6])
                chunk_stream.kind = header[6]
            if form == 0:
                chunk_stream.stream = int.from_bytes(header[7:], "little")
            chunk_stream.has_extended = time_ms == EXTENDED
        elif not chunk_stream.kind:
            raise ProtocolError("a chunk stream begins without a header")
        else:
            time_ms = chunk_stream.delta_ms
            if chunk_stream.has_extended:
                await self._read_repeated(chunk_stream)
        if form < 3:
            if chunk_stream.has_extended:
                time_ms = int.from_bytes(await self._exactly(4))
            chunk_stream.time_field_ms = time_ms
        if not begins_message:
            return
        # After a whole header, its absolute time is also the step to a message that brings no header at all.
        chunk_stream.delta_ms = time_ms
        chunk_stream.timestamp_ms = time_ms if form == 0 else (chunk_stream.timestamp_ms + time_ms) % 2**32
        self._check_size(chunk_stream)

    async def _read_repeated(self, chunk_stream: _ChunkStream) -> None:
        """Skip the extended timestamp in a chunk without a header: some encoders repeat it there, some don't.

        The specification asks for it (5.3.1.3). Of which kind an encoder is shows at its first such chunk, by whether
        the four bytes are the time that its header had.
        """
        if self._repeats_extended is False:
            return
        data = await self._exactly(4)
        if self._repeats_extended is None:
            times = {chunk_stream.time_field_ms, chunk_stream.timestamp_ms}
            self._repeats_extended = int.from_bytes(data) in times
        if not self._repeats_extended:
            self._put_back = data
            self.read_bytes -= len(data)

    def _check_size(self, chunk_stream: _ChunkStream) -> None:
        is_media = chunk_stream.kind in {Kind.AUDIO, Kind.VIDEO}
        if is_media and not self.takes_media:
            raise ProtocolError("media before a key was accepted")
        if chunk_stream.size > (MEDIA_BYTES_MAX if is_media else COMMAND_BYTES_MAX):
            raise ProtocolError(f"a message of {chunk_stream.size} bytes")
        unfinished = sum(len(one.body) for one in self._streams.values())
        if unfinished + chunk_stream.size > UNFINISHED_BYTES_MAX:
            raise ProtocolError("too many unfinished messages")

    def _set_chunk_size(self, body: bytes) -> None:
        size = int.from_bytes(body[:4])
        if len(body) < 4 or not 1 <= size <= CHUNK_BYTES_MAX:
            raise ProtocolError(f"chunks of {size} bytes")
        self._chunk_bytes = size

    def _abort(self, body: bytes) -> None:
        if chunk_stream := self._streams.get(int.from_bytes(body[:4])):
            chunk_stream.body.clear()

    async def _byte(self) -> int:
        return (await self._exactly(1))[0]

    async def _exactly(self, size: int) -> bytes:
        self.read_bytes += size
        if not self._put_back:
            return await self._reader.readexactly(size)
        data, self._put_back = self._put_back[:size], self._put_back[size:]
        return data + await self._reader.readexactly(size - len(data))


def encode(kind: Kind, body: bytes, *, stream: int = 0, chunk_stream: int = 3) -> bytes:
    """Write a message as chunks of OUR_CHUNK_BYTES, which the peer was told of by then."""
    header = struct.pack(">B3s3sB", chunk_stream, bytes(3), len(body).to_bytes(3), kind) + stream.to_bytes(4, "little")
    chunks = [body[start : start + OUR_CHUNK_BYTES] for start in range(0, len(body), OUR_CHUNK_BYTES)]
    return header + bytes([0xC0 | chunk_stream]).join(chunks)


def control(kind: Kind, value: int, *more: int) -> bytes:
    """Write a control message: one number of four bytes, and single bytes after it."""
    return encode(kind, value.to_bytes(4) + bytes(more), chunk_stream=2)
