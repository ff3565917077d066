"""What of a run's packets goes to its ffmpeg, and what goes there in place of packets that don't come.

Sound or picture may stop while the other goes on. Silence is filled in at once, in the source's own form. A picture
that stops ends the run; the next one has a still in its place, until the picture has come back.
"""

from collections import deque
from enum import Enum

from streams.hls import ladder
from streams.ingest import avc, flv
from streams.ingest.flv import AUDIO, VIDEO, Tag
from streams.media.silence import Form, Silence, form_of
from streams.media.still import STEP_MS, Still
from streams.media.stream_probe import Opening, StreamProbe

PICTURE_GONE_MS = 2_500
SOUND_GONE_MS = 1_500
AHEAD_MS = 350  # sound may be ahead of the picture by as much before it waits
GAP_MS = 500
BEGINS_MS = 2
KEYFRAME_LATE_MS = 100
STEADY_RUN_MS = 30_000
BACK_MS, BACK_PICTURES = 400, 3  # so much picture behind a keyframe, and it is there again
LONE_MS = 1_500


class Outcome(Enum):
    """Why a run ended."""

    OVER = "the publisher is gone"
    CHANGED = "the source changed"
    UNEVEN = "the source's keyframes are not regular"
    STOPPED = "the picture stopped"
    DRIFTED = "the source's clock drifted"
    DIED = "ffmpeg ended"
    STUCK = "ffmpeg made no segment in time"
    BEHIND = "encoding falls behind"
    STALE = "another process owns the show"


class RunOver(Exception):
    """The run can't go on with this. `tags` are for the next one."""

    def __init__(self, outcome: Outcome, tags: list[Tag]) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome
        self.tags = tags


class Feed:
    """Turns a run's packets, one after the other, into what its ffmpeg reads."""

    def __init__(self, opening: Opening, intake: StreamProbe, *, has_copy: bool) -> None:
        self._intake = intake
        self._source = opening.source
        self._begins_ms = opening.begins_ms
        self._has_copy = has_copy
        self._still = opening.still
        self._next_still_ms = 0
        self._returning: list[Tag] = []
        self._withheld: deque[Tag] = deque()
        self._picture_ms = self._keyframe_ms = 0
        self._picture_arrival_s = self._sound_arrival_s = opening.tags[0].arrival_s
        form = self._form()
        # Without a form there is sound in which we can't be silent.
        self._sound_from_ms = opening.shown_after_ms
        has_silence = form is not None or not self._source.has_sound
        self._silence = Silence(form, begins_ms=self._sound_from_ms) if has_silence else None
        self._lacks_sound = not any(tag.kind == AUDIO for tag in opening.tags)
        self._has_begun = False

    def _form(self) -> Form | None:
        header = self._intake.headers.get(AUDIO)
        return form_of(header) if header and self._source.has_sound else None

    def begin(self) -> bytes:
        """Return the file's header, and those of its sound and picture."""
        data = flv.file_header(has_sound=True, has_picture=self._source.has_picture)
        headers = self._intake.headers
        if self._source.has_picture:
            data += flv.encode(self._still.header if self._still else headers[VIDEO], timestamp_ms=0)
        if not self._source.has_sound:
            return data + Silence().begin()
        return data + (flv.encode(headers[AUDIO], timestamp_ms=0) if AUDIO in headers else b"")

    def take(self, tag: Tag) -> bytes:
        """Return what to write now that this packet has come. Raises RunOver."""
        if tag.is_header:
            return self._header(tag)
        since_ms = tag.after_ms(self._begins_ms)
        if since_ms < 0:
            return b""
        if self._still:
            return self._beside_still(tag, self._still, since_ms)
        if not tag.is_picture:
            return self._sound(tag, since_ms)
        return self._picture(tag, since_ms) if self._source.has_picture else b""

    def _header(self, tag: Tag) -> bytes:
        if self._still and tag.is_picture:  # it is shown once its pictures come
            self._returning = []
            return b""
        raise RunOver(Outcome.CHANGED, [*self._returning, *self._withheld, tag])

    # --- picture ---

    def _picture(self, tag: Tag, since_ms: int) -> bytes:
        if self._has_copy:
            self._check_keyframes(tag, since_ms)
        if tag.is_keyframe:
            self._keyframe_ms = since_ms
        self._picture_ms, self._picture_arrival_s = since_ms, tag.arrival_s
        data = b""
        while self._withheld and self._withheld[0].after_ms(self._begins_ms) <= since_ms + AHEAD_MS:
            data += self._write_sound(self._withheld.popleft())
        data += self._fill(tag, since_ms)
        return data + flv.encode(tag, timestamp_ms=since_ms)

    def _check_keyframes(self, tag: Tag, since_ms: int) -> None:
        """See that a picture that is copied can be cut each second. Raises RunOver."""
        is_late = since_ms > self._keyframe_ms + 1000 * ladder.SEGMENT_S + KEYFRAME_LATE_MS
        is_open = tag.is_keyframe and not avc.is_closed(tag.body, self._intake.headers[VIDEO].body)
        if not is_late and not is_open and not tag.is_moved:
            return
        is_rare = (tag.is_moved or since_ms - self._picture_ms > GAP_MS) and since_ms > STEADY_RUN_MS
        outcome = Outcome.CHANGED if is_rare and not is_open else Outcome.UNEVEN
        raise RunOver(outcome, [*self._withheld, tag])

    def _beside_still(self, tag: Tag, still: Still, since_ms: int) -> bytes:
        """Go on with a still until its source's picture has been there for a moment."""
        if self._returning:
            self._returning.append(tag)
            key, pictures = self._returning[0], [one for one in self._returning if one.is_picture]
            if len(pictures) >= BACK_PICTURES and pictures[-1].after_ms(key.timestamp_ms) >= BACK_MS:
                raise RunOver(Outcome.CHANGED, self._returning)
            if tag.after_ms(key.timestamp_ms) < LONE_MS:
                return b""
            # A lone picture: it is the still from now on.
            if (header := self._intake.headers[VIDEO]).body == still.header.body:
                self._still = still = Still(header, key)
            waited, self._returning = self._returning, []
            return b"".join(self._sound_of_still(one, still) for one in waited if not one.is_picture)
        if tag.is_keyframe and VIDEO in self._intake.headers:
            self._returning = [tag]
        return b"" if tag.is_picture else self._sound_of_still(tag, still)

    def _sound_of_still(self, tag: Tag, still: Still) -> bytes:
        since_ms = tag.after_ms(self._begins_ms)
        data = b""
        while self._next_still_ms <= since_ms:
            data += flv.encode(still.keyframe, timestamp_ms=self._next_still_ms)
            self._next_still_ms += STEP_MS
        return data + self._write_sound(tag)

    # --- sound ---

    def _sound(self, tag: Tag, since_ms: int) -> bytes:
        if since_ms < self._sound_from_ms:
            return b""
        if not self._source.has_sound:
            if self._intake.can_hear(tag):
                raise RunOver(Outcome.CHANGED, [tag])
            return b""
        if not self._source.has_picture or since_ms <= self._picture_ms + AHEAD_MS:
            return self._write_sound(tag)
        self._withheld.append(tag)
        waited_ms = 1000 * (tag.arrival_s - self._picture_arrival_s)
        if waited_ms > PICTURE_GONE_MS and since_ms - self._picture_ms > PICTURE_GONE_MS:
            raise RunOver(Outcome.STOPPED, list(self._withheld))
        return b""

    def _write_sound(self, tag: Tag) -> bytes:
        """Write sound, with silence before it where some was left out; none where silence is already."""
        since_ms = tag.after_ms(self._begins_ms)
        self._sound_arrival_s = tag.arrival_s
        if self._silence is None or not tag.is_aac:
            self._lacks_sound = False
            return flv.encode(tag, timestamp_ms=since_ms)
        frame_ms = self._silence.frame_ms
        lacks_ms = self._silence.lacks_ms(since_ms)
        if self._lacks_sound and lacks_ms < -frame_ms / 2:
            return b""
        data = b""
        if self._lacks_sound or lacks_ms > GAP_MS:
            data = self._silence.until(since_ms - frame_ms)
        elif not self._has_begun and since_ms > self._sound_from_ms + BEGINS_MS:
            data = self._silence.until(max(self._sound_from_ms, since_ms - frame_ms))
        self._has_begun = True
        self._lacks_sound = False
        self._silence.heard(since_ms)
        return data + flv.encode(tag, timestamp_ms=since_ms)

    def _fill(self, tag: Tag, since_ms: int) -> bytes:
        """Return the silence that goes before a picture, if no sound comes. Raises RunOver where there is none."""
        waited_ms = 1000 * (tag.arrival_s - self._sound_arrival_s)
        if self._silence is None:
            if tag.is_keyframe and waited_ms > SOUND_GONE_MS:
                raise RunOver(Outcome.CHANGED, [tag])
            return b""
        if not self._lacks_sound:
            self._lacks_sound = waited_ms > SOUND_GONE_MS and self._silence.lacks_ms(since_ms) > SOUND_GONE_MS
        return self._silence.until(since_ms) if self._lacks_sound else b""
