"""FLV: the form in which media comes over RTMP and goes to ffmpeg (Adobe, Video File Format 10.1, annex E)."""

from dataclasses import dataclass

AUDIO, VIDEO, SCRIPT = 8, 9, 18
AVC, AAC = 7, 10
KEYFRAME = 1
ENHANCED = 0x80  # the first bit of a picture in a codec that came after H.264


@dataclass(frozen=True, slots=True)
class Tag:
    """One packet of sound or picture. `arrival_s` is our own monotonic clock."""

    kind: int
    timestamp_ms: int
    body: bytes
    arrival_s: float = 0.0

    @property
    def is_picture(self) -> bool:
        return self.kind == VIDEO

    @property
    def is_keyframe(self) -> bool:
        return self.is_picture and self.body[:1] != b"" and self.body[0] >> 4 == KEYFRAME and not self.is_header

    @property
    def is_header(self) -> bool:
        """Whether it tells a decoder how to begin: an AVC or AAC sequence header."""
        if len(self.body) < 2:
            return False
        if self.is_picture:
            return self.body[0] & 0x0F == AVC and self.body[1] == 0
        return self.kind == AUDIO and self.body[0] >> 4 == AAC and self.body[1] == 0

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
    return b"FLV\x01" + bytes([has_sound << 2 | has_picture]) + bytes([0, 0, 0, 9]) + bytes(4)


def encode(tag: Tag, *, timestamp_ms: int) -> bytes:
    """Write a tag as a file holds it, with its time moved to `timestamp_ms`."""
    time = timestamp_ms.to_bytes(4)
    header = bytes([tag.kind]) + len(tag.body).to_bytes(3) + time[1:] + time[:1] + bytes(3)
    return header + tag.body + (len(header) + len(tag.body)).to_bytes(4)
