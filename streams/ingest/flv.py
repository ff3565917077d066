"""FLV: the form in which media comes over RTMP, goes to ffmpeg and comes back (Adobe, Video File Format 10.1, E)."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from streams.ingest.exceptions import ProtocolError

AUDIO, VIDEO, SCRIPT = 8, 9, 18
AVC, AAC = 7, 10
KEYFRAME = 1
PICTURE, END_OF_SEQUENCE = 1, 2
ENHANCED = 0x80  # the first bit of a picture whose codec has a name of four letters (Enhanced RTMP)
ENHANCED_SOUND = 9  # in place of a sound's format: the same for sound
NAMED_AVC, NAMED_AAC = b"avc1", b"mp4a"
WITHOUT_OFFSET = 3  # a picture that is shown as soon as it is decoded, and doesn't say so
# What encoders can be set to instead of H.264 and AAC; the numbers are those in use before there were names.
CODECS = {
    b"hvc1": "HEVC (H.265)",
    b"hev1": "HEVC (H.265)",
    b"av01": "AV1",
    b"vp08": "VP8",
    b"vp09": "VP9",
    b"vvc1": "VVC (H.266)",
    b"Opus": "Opus",
    b"fLaC": "FLAC",
    b"ac-3": "AC-3",
    b"ec-3": "E-AC-3",
    b".mp3": "MP3",
}
PICTURE_CODECS = {2: "H.263", 3: "Screen Video", 4: "VP6", 5: "VP6", 6: "Screen Video", 8: "VP8", 9: "VP9"} | {
    12: "HEVC (H.265)",
    13: "AV1",
    14: "VVC (H.266)",
}
SOUND_CODECS = {12: "an unknown sound", 13: "Opus", 15: "an unknown sound"}
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
    def shown_after_ms(self) -> int:
        """How long after its time a picture is shown: those that others need come earlier than they are shown."""
        if not self.is_picture or self.is_header or len(self.body) < 5:
            return 0
        return max(0, int.from_bytes(self.body[2:5], signed=True))

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
    def unknown_codec(self) -> str:
        """What it is instead of H.264, or of a sound that ffmpeg reads from FLV; empty if it is none of that.

        An empty packet says nothing and passes.
        """
        if not self.body:
            return ""
        if self.is_picture:
            if self.body[0] & ENHANCED:
                return CODECS.get(self.body[1:5], "an unknown picture")
            number = self.body[0] & 0x0F
            return "" if number == AVC else PICTURE_CODECS.get(number, "an unknown picture")
        if self.kind == AUDIO and self.body[0] >> 4 == ENHANCED_SOUND:
            return CODECS.get(self.body[1:5], "an unknown sound")
        return SOUND_CODECS.get(self.body[0] >> 4, "") if self.kind == AUDIO else ""

    def after_ms(self, moment_ms: int) -> int:
        """Return how long after `moment_ms` it is, across the wrap of 32 bits; negative if it is before."""
        return (self.timestamp_ms - moment_ms + 2**31) % 2**32 - 2**31


def plain_body(kind: int, body: bytes) -> bytes:
    """Return a packet's body as it is written without names, if its name is that of H.264 or AAC (Enhanced RTMP)."""
    if kind == VIDEO and body[:1] >= bytes([ENHANCED]) and body[1:5] == NAMED_AVC:
        frame, packet = body[0] >> 4 & 7, body[0] & 0x0F
        if packet == WITHOUT_OFFSET:
            return bytes([frame << 4 | AVC, PICTURE]) + bytes(3) + body[5:]
        # Only a coded picture says when it is shown; the others have nothing there.
        return bytes([frame << 4 | AVC, packet]) + (b"" if packet == PICTURE else bytes(3)) + body[5:]
    if kind == AUDIO and body[:1] and body[0] >> 4 == ENHANCED_SOUND and body[1:5] == NAMED_AAC:
        return bytes([AAC << 4 | 0x0F, body[0] & 0x0F]) + body[5:]
    return body


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
            time_ms = int.from_bytes(header[7:8] + header[4:7])
            tag = Tag(header[0], time_ms, plain_body(header[0], body), time.monotonic())
            if tag.kind in {AUDIO, VIDEO} and not tag.is_end:
                yield tag
    except asyncio.IncompleteReadError:
        return
