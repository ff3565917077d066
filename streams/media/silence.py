"""Sound for a source that has none: silence in step with its picture, so that every rendition ends where that does."""

from streams.rtmp import flv
from streams.rtmp.flv import Tag

FRAME_MS = 1024 / 48
# AAC-LC, 48 kHz, stereo: the AudioSpecificConfig, and a frame of which every value is zero (ISO 14496-3, 1.6 and 4.4).
HEADER = Tag(flv.AUDIO, 0, bytes.fromhex("af001190"))
FRAME = Tag(flv.AUDIO, 0, bytes.fromhex("af01211004608c1c"))
# Over a longer gap in the source's times nothing is filled in: a broken clock must not cost memory.
GAP_MS_MAX = 10_000


class Silence:
    """One run's, which has come as far as its picture."""

    def __init__(self) -> None:
        self._next_ms = 0.0

    def begin(self) -> bytes:
        """Return the FLV tag that says what follows."""
        return flv.encode(HEADER, timestamp_ms=0)

    def until(self, moment_ms: int) -> bytes:
        """Return the FLV tags that are missing before a picture at `moment_ms` of the run."""
        if moment_ms - self._next_ms > GAP_MS_MAX:
            self._next_ms = float(moment_ms)
        tags = []
        while self._next_ms <= moment_ms:
            tags.append(flv.encode(FRAME, timestamp_ms=round(self._next_ms)))
            self._next_ms += FRAME_MS
        return b"".join(tags)
