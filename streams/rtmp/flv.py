"""FLV: the form in which media comes over RTMP, goes to ffmpeg and comes back (Adobe, Video File Format 10.1, E)."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from streams.rtmp.exceptions import ProtocolError

AUDIO, VIDEO, SCRIPT = 8, 9, 18
AVC, AAC = 7, 10
KEYFRAME = 1
PICTURE, END_OF_SEQUENCE = 1, 2
ENHANCED = 0x80  # the first bit of a picture in a codec that came after H.264
SIGNATURE = b"FLV\x01"
FILE_HEADER_BYTES = 13
TAG_HEADER_BYTES = 11
TAG_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tag:
    """One packet of sound or picture. `arrival_s` is our own monotonic clock.

    `is_moved`: its time is ours, and it is out of step with the packets of its kind before it.
    """

    kind: int
    timestamp_ms: int
    body: bytes
    arrival_s: float = 0.0
    is_moved: bool = False

    @property
    def is_picture(self) -> bool:
        return self.kind == VIDEO

    @property
    def is_keyframe(self) -> bool:
        return self.is_picture and self.body[1:2] == bytes([PICTURE]) and self.body[0] >> 4 == KEYFRAME

    @property
    def is_aac(self) -> bool:
        return self.kind == AUDIO and bool(self.body) and self.body[0] >> 4 == AAC

    @property
    def is_header(self) -> bool:
        """Whether it tells a decoder how to begin: an AVC or AAC sequence header."""
        if len(self.body) < 2:
            return False
        if self.is_picture:
            return self.body[0] & 0x0F == AVC and self.body[1] == 0
        return self.is_aac and self.body[1] == 0

    @property
    def is_end(self) -> bool:
        """Whether it only says that the picture is over: what follows, if anything does, begins anew."""
        return self.is_picture and self.body[1:2] == bytes([END_OF_SEQUENCE]) and self.body[0] & 0x0F == AVC

    @property
    def is_known_codec(self) -> bool:
        """Whether it is H.264, or any sound that ffmpeg reads from FLV. An empty one says nothing and passes."""
        if not self.is_picture or not self.body:
            return True
        return not self.body[0] & ENHANCED and self.body[0] & 0x0F == AVC

    def after_ms(self, moment_ms: int) -> int:
        """Return how long after `moment_ms` it is, across the wrap of 32 bits; negative if it is before."""
        return (self.timestamp_ms - moment_ms + 2**31) % 2**32 - 2**31


def file_header(*, has_sound: bool, has_picture: bool) -> bytes:
    return SIGNATURE + bytes([has_sound << 2 | has_picture]) + bytes([0, 0, 0, 9]) + bytes(4)


def encode(tag: Tag, *, timestamp_ms: int) -> bytes:
    """Write a tag as a file holds it, with its time moved to `timestamp_ms`."""
    time = timestamp_ms.to_bytes(4)
    header = bytes([tag.kind]) + len(tag.body).to_bytes(3) + time[1:] + time[:1] + bytes(3)
    return header + tag.body + (len(header) + len(tag.body)).to_bytes(4)


async def read_tags(reader: asyncio.StreamReader) -> AsyncIterator[Tag]:
    """Read sound and picture of a file that is being written, to its end or to where it is cut.

    Raises ProtocolError.
    """
    try:
        if not (await reader.readexactly(FILE_HEADER_BYTES)).startswith(SIGNATURE):
            raise ProtocolError("this is not FLV")
        while True:
            header = await reader.readexactly(TAG_HEADER_BYTES)
            size = int.from_bytes(header[1:4])
            if size > TAG_BYTES_MAX:
                raise ProtocolError(f"a tag of {size} bytes")
            body = (await reader.readexactly(size + 4))[:size]
            tag = Tag(header[0], int.from_bytes(header[7:8] + header[4:7]), body, time.monotonic())
            if tag.kind in {AUDIO, VIDEO} and not tag.is_end:
                yield tag
    except asyncio.IncompleteReadError:
        return
