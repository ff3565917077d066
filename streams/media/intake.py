"""Learn what a source is from its first second, before ffmpeg is started."""

from dataclasses import dataclass
from itertools import pairwise

from streams.hls.ladder import Source
from streams.media.publication import Publication
from streams.rtmp import avc
from streams.rtmp.flv import AUDIO, VIDEO, Tag

HELD_MS = 1_100
PICTURE_WAIT_MS = 1_500  # without a picture's header by then, the show is sound alone
KEYFRAME_WAIT_MS = 20_000
COMMON_FRAME_RATES = (15.0, 23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0)
RATE_TOLERANCE = 0.004
IRREGULAR = 2.5


@dataclass(frozen=True, slots=True)
class Opening:
    """The first second of a run: what came, what it tells, and when its time zero was.

    `offset_s` is the least of arrival less timestamp: the moment, on our monotonic clock, of timestamp zero.
    """

    tags: list[Tag]
    source: Source
    offset_s: float
    begins_ms: int


class Intake:
    """Reads a publication. Remembers the sequence headers that were in force at what was read last."""

    def __init__(self, publication: Publication) -> None:
        self._publication = publication
        self.headers: dict[int, Tag] = {}

    async def next(self) -> Tag | None:
        """Return the next packet of media, or a sequence header that is new; None at the end."""
        while (tag := await self._publication.next()) is not None:
            if not tag.is_header:
                return tag
            before = self.headers.get(tag.kind)
            self.headers[tag.kind] = tag
            if before is None or before.body != tag.body:
                return tag
        return None

    async def open(self) -> Opening | None:
        """Hold packets from a keyframe on, until the next one or a second has passed; None if the publisher ends."""
        held: list[Tag] = []
        keyframes: list[Tag] = []
        first_ms: int | None = None
        known = set(self.headers)
        while (tag := await self.next()) is not None:
            if tag.is_header:
                if tag.kind in known:  # another source than the one that was held
                    held, keyframes = [], []
                known.add(tag.kind)
                continue
            first_ms = tag.timestamp_ms if first_ms is None else first_ms
            waited_ms = tag.after_ms(first_ms)
            if tag.is_keyframe and VIDEO in known:
                keyframes.append(tag)
            if keyframes or (VIDEO not in known and waited_ms >= PICTURE_WAIT_MS - HELD_MS):
                held.append(tag)
            if len(keyframes) > 1 or (held and tag.after_ms(held[0].timestamp_ms) >= HELD_MS):
                if keyframes or VIDEO not in known:
                    return self._opening(held, keyframes)
                held = []  # a picture has begun meanwhile: wait for its keyframe
            if VIDEO in known and not keyframes and waited_ms > KEYFRAME_WAIT_MS:
                known.remove(VIDEO)  # it never comes: go on with the sound
                del self.headers[VIDEO]
        return self._opening(held, keyframes) if keyframes else None

    def _opening(self, held: list[Tag], keyframes: list[Tag]) -> Opening:
        begins_ms = held[0].timestamp_ms
        # Sound and picture are interleaved loosely: what belongs before the keyframe is left out.
        tags = [tag for tag in held if tag.after_ms(begins_ms) >= 0]
        offset_s = min(tag.arrival_s - tag.after_ms(begins_ms) / 1000 for tag in tags)
        return Opening(tags, self._source(tags, keyframes), offset_s, begins_ms)

    def _source(self, tags: list[Tag], keyframes: list[Tag]) -> Source:
        sound = self.headers.get(AUDIO)
        has_sound = any(tag.kind == AUDIO for tag in tags)
        can_copy_sound = sound is not None and avc.is_plain_aac(sound.body)
        if VIDEO not in self.headers:
            return Source(has_sound=has_sound, can_copy_sound=can_copy_sound)
        size = avc.picture_size(self.headers[VIDEO].body)
        pictures = [tag for tag in tags if tag.is_picture]
        span_s = pictures[-1].after_ms(pictures[0].timestamp_ms) / 1000
        spacing_s = keyframes[1].after_ms(keyframes[0].timestamp_ms) / 1000 if len(keyframes) > 1 else None
        return Source(
            width=size.width,
            height=size.height,
            frame_rate=_frame_rate(pictures),
            keyframe_s=spacing_s,
            bit_rate_bps=round(sum(len(tag.body) for tag in pictures) * 8 / span_s) if span_s > 0 else 0,
            has_sound=has_sound,
            can_copy_sound=can_copy_sound,
        )


def _frame_rate(pictures: list[Tag]) -> float:
    """Return the frame rate that is meant; 0 for a single picture.

    A camera that has only just begun leaves pictures out: then the shorter steps tell more than their mean.
    """
    steps_ms = sorted(later.after_ms(tag.timestamp_ms) for tag, later in pairwise(pictures))
    if not steps_ms or steps_ms[-1] <= 0:
        return 0.0
    is_regular = steps_ms[-1] <= IRREGULAR * max(1, steps_ms[0])
    step_ms = sum(steps_ms) / len(steps_ms) if is_regular else max(1, steps_ms[len(steps_ms) // 4])
    return _common_rate(1000 / step_ms)


def _common_rate(measured: float) -> float:
    """Return the frame rate that was meant: timestamps are whole milliseconds."""
    nearest = min(COMMON_FRAME_RATES, key=lambda rate: abs(rate - measured))
    return nearest if abs(nearest - measured) <= nearest * RATE_TOLERANCE else round(measured, 3)
