"""Learn what a source is from its first second, before ffmpeg is started."""

from dataclasses import dataclass, replace
from itertools import pairwise

from streams.hls.ladder import COMMON_FRAME_RATES, Source
from streams.ingest import avc
from streams.ingest.avc import PictureSize
from streams.ingest.flv import AUDIO, VIDEO, Tag
from streams.media.packet_queue import PacketQueue
from streams.media.silence import form_of
from streams.media.still import STEP_MS, Still, slate

HELD_MS = 1_100
PICTURE_WAIT_MS = 1_500  # without a picture's header by then, the run has sound alone
KEYFRAME_WAIT_MS = 4_000  # without a keyframe by then, another picture stands in for it
RATE_TOLERANCE = 0.004
IRREGULAR = 2.5


@dataclass(frozen=True, slots=True)
class Opening:
    """The first second of a run: what came, what it tells, and when its time zero was.

    `offset_s` is the least of arrival less timestamp: the moment, on our monotonic clock, of timestamp zero.
    `still` stands in for a picture that doesn't come.
    """

    tags: list[Tag]
    source: Source
    offset_s: float
    begins_ms: int
    still: Still | None = None

    @property
    def shown_after_ms(self) -> int:
        """When its first picture is shown. Sound begins with it, for all renditions count seconds from there."""
        return next((tag.shown_after_ms for tag in self.tags if tag.is_picture), 0)


class StreamProbe:
    """Reads a publication. Remembers the sequence headers that were in force at what was read last.

    `earlier_size` is that of the show's picture so far, if it had one: what has begun with a picture keeps one.
    """

    def __init__(self, publication: PacketQueue, *, earlier_size: PictureSize | None = None) -> None:
        self._publication = publication
        self._earlier_size = earlier_size
        self._still: Still | None = None
        self._lacks_picture = False
        self.headers: dict[int, Tag] = {}

    async def next(self) -> Tag | None:
        """Return the next packet of media, or a sequence header that is new; None at the end."""
        while (tag := await self._publication.next()) is not None:
            if not tag.is_header:
                if tag.is_keyframe and VIDEO in self.headers:
                    self._still = Still(self.headers[VIDEO], tag)
                return tag
            before = self.headers.get(tag.kind)
            self.headers[tag.kind] = tag
            if before is None or before.body != tag.body:
                return tag
        return None

    def put_back(self, tags: list[Tag], *, lacks_picture: bool = False) -> None:
        """Return packets, which the next opening begins with; a sequence header will be new again.

        `lacks_picture`: that opening need not wait for a keyframe.
        """
        for tag in tags:
            if tag.is_header:
                self.headers.pop(tag.kind, None)
        self._publication.put_back(tags)
        self._lacks_picture = lacks_picture

    def can_hear(self, tag: Tag) -> bool:
        """Whether sound can be decoded: AAC needs its header."""
        return not tag.is_aac or AUDIO in self.headers

    async def open(self) -> Opening | None:
        """Hold packets from a keyframe on, until the next one or a second has passed; None if the publisher ends.

        Where no keyframe comes, the sound is held instead.
        """
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
            if tag.is_keyframe and VIDEO in known:
                if not keyframes:  # sound and picture are interleaved loosely: what belongs before it is left out
                    held = [one for one in held if one.after_ms(tag.timestamp_ms) >= 0]
                keyframes.append(tag)
            if keyframes or (not tag.is_picture and self.can_hear(tag)):
                held.append(tag)
            begins_ms = keyframes[0].timestamp_ms if keyframes else held[0].timestamp_ms if held else tag.timestamp_ms
            is_full = len(keyframes) > 1 or tag.after_ms(begins_ms) >= HELD_MS
            if held and is_full and (keyframes or tag.after_ms(first_ms) >= self._patience_ms(known)):
                return await self._open(held, keyframes, begins_ms)
        return await self._open(held, keyframes, keyframes[0].timestamp_ms) if keyframes else None

    def _patience_ms(self, known: set[int]) -> int:
        """Return how long sound waits for a keyframe."""
        if self._lacks_picture:
            return 0
        return KEYFRAME_WAIT_MS if VIDEO in known else PICTURE_WAIT_MS

    async def _open(self, held: list[Tag], keyframes: list[Tag], begins_ms: int) -> Opening:
        tags = [tag for tag in held if tag.after_ms(begins_ms) >= 0]
        offset_s = min(tag.arrival_s - tag.after_ms(begins_ms) / 1000 for tag in tags)
        sound = self.headers.get(AUDIO)
        source = Source(
            has_sound=(sound is not None and form_of(sound) is not None) or any(tag.kind == AUDIO for tag in tags),
            can_copy_sound=sound is not None and avc.is_plain_aac(sound.body),
        )
        self._lacks_picture = False
        if keyframes:
            return Opening(tags, self._with_picture(source, tags, keyframes), offset_s, begins_ms)
        still = await self._stand_in()
        if still is None:
            return Opening(tags, source, offset_s, begins_ms)
        size = avc.picture_size(still.header.body)
        source = replace(
            source, width=size.width, height=size.height, frame_rate=1000 / STEP_MS, can_copy_picture=False
        )
        return Opening(tags, source, offset_s, begins_ms, still)

    async def _stand_in(self) -> Still | None:
        """Return the last keyframe, else a slate of the picture that was announced, or that the show had before."""
        if self._still:
            return self._still
        size = avc.picture_size(self.headers[VIDEO].body) if VIDEO in self.headers else self._earlier_size
        return await slate(size.width, size.height) if size else None

    def _with_picture(self, source: Source, tags: list[Tag], keyframes: list[Tag]) -> Source:
        header = self.headers[VIDEO].body
        size = avc.picture_size(header)
        pictures = [tag for tag in tags if tag.is_picture]
        span_s = pictures[-1].after_ms(pictures[0].timestamp_ms) / 1000
        spacing_s = keyframes[1].after_ms(keyframes[0].timestamp_ms) / 1000 if len(keyframes) > 1 else None
        return replace(
            source,
            width=size.width,
            height=size.height,
            frame_rate=_frame_rate(pictures),
            keyframe_s=spacing_s,
            bit_rate_bps=round(sum(len(tag.body) for tag in pictures) * 8 / span_s) if span_s > 0 else 0,
            can_copy_picture=size.is_plain and all(avc.is_closed(one.body, header) for one in keyframes),
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
