"""One time line for sound and picture, whatever clocks their encoder has for them."""

from dataclasses import dataclass, replace

from streams.ingest.flv import AUDIO, VIDEO, Tag

APART_MS = 1_500  # encoders interleave as loosely as that; two tracks further apart are on different clocks
JUMP_MS = 1_500
BACK_MS = 500
PRESENT_S = 1.0  # a track that was heard of so lately tells what time it is
SETTLED_S = 2.0
JITTER_MS = 100
ON_TIME_MS = 150
ROUNDING_MS = 2  # encoders count whole milliseconds; a keyframe that is early by one would miss its segment


@dataclass(slots=True)
class _Track:
    """What is known of sound or of picture. `own_ms`: its newest time by its encoder, which no longer wraps.

    `shift_ms`: its encoder's time less the time line's. `given_ms`: the latest time that was handed on.
    """

    own_ms: int
    shift_ms: int
    given_ms: int
    arrival_s: float
    step_ms: int = 0
    late_since_s: float | None = None

    def now_ms(self, arrival_s: float) -> float:
        """Return where it ought to be at that moment, if it has gone on since."""
        return self.own_ms - self.shift_ms + 1000 * (arrival_s - self.arrival_s)

    def unwrapped(self, timestamp_ms: int) -> int:
        return self.own_ms + (timestamp_ms - self.own_ms + 2**31) % 2**32 - 2**31


class TimeLine:
    """Places packets. Sound and picture that share a clock keep their distance to the millisecond.

    A track on another clock than the other one, one whose time jumps, and one that falls behind the other for good are
    placed by when they arrived: both come over one connection, so that the network delays them alike. One that jumps
    and has not paused goes on in step.
    """

    def __init__(self) -> None:
        self._tracks: dict[int, _Track] = {}
        self._newest: _Track | None = None
        self._least_late_ms = float("inf")

    def place(self, tag: Tag) -> Tag | None:
        """Return a packet with its place as its time; None for sound whose place is taken.

        Sequence headers, whose own times mean nothing, stand where the line has come to.
        """
        if tag.is_header:
            newest = self._newest
            return replace(tag, timestamp_ms=newest.given_ms) if newest else tag
        track, other = self._tracks.get(tag.kind), self._tracks.get(AUDIO if tag.kind == VIDEO else VIDEO)
        is_moved = False
        if track is None:
            track = self._tracks[tag.kind] = self._begin(tag, other)
        else:
            is_moved = self._go_on(track, other, tag)
        track.arrival_s = tag.arrival_s
        line_ms = track.own_ms - track.shift_ms
        self._newest = track
        self._least_late_ms = min(self._least_late_ms, 1000 * tag.arrival_s - line_ms)
        if line_ms < track.given_ms and not tag.is_picture and track.given_ms - line_ms > JITTER_MS:
            return None
        track.given_ms = max(line_ms, track.given_ms + tag.is_picture)
        return replace(tag, timestamp_ms=track.given_ms, is_moved=is_moved)

    def _begin(self, tag: Tag, other: _Track | None) -> _Track:
        if other is None:
            return _Track(tag.timestamp_ms, 0, tag.timestamp_ms - 1, tag.arrival_s)
        own_ms = other.unwrapped(tag.timestamp_ms)
        now_ms = self._now_ms(tag.arrival_s)
        shift_ms = other.shift_ms if abs(own_ms - other.shift_ms - now_ms) <= APART_MS else own_ms - round(now_ms)
        return _Track(own_ms, shift_ms, own_ms - shift_ms - 1, tag.arrival_s)

    def _go_on(self, track: _Track, other: _Track | None, tag: Tag) -> bool:
        """Note a track's next packet; shift the track if it can't be where it says that it is.

        Returns whether it is out of step with what came before.
        """
        own_ms = track.unwrapped(tag.timestamp_ms)
        step_ms = own_ms - track.own_ms
        late_ms = 1000 * tag.arrival_s - (own_ms - track.shift_ms)
        has_jumped = step_ms < -BACK_MS or (step_ms > JUMP_MS and late_ms < self._least_late_ms - JUMP_MS)
        if not has_jumped and not self._is_left_behind(track, other, tag, own_ms - track.shift_ms):
            track.own_ms, track.step_ms = own_ms, max(0, step_ms)
            return False
        now_ms = self._now_ms(tag.arrival_s)
        in_step_ms = track.own_ms - track.shift_ms + track.step_ms + (ROUNDING_MS if tag.is_picture else 0)
        if has_jumped and abs(in_step_ms - now_ms) <= ON_TIME_MS:
            track.own_ms, track.shift_ms = own_ms, own_ms - in_step_ms
            return False
        track.own_ms, track.shift_ms = own_ms, own_ms - round(now_ms)
        if other:  # an encoder that begins to count anew does so for both, one after the other
            theirs_ms = other.unwrapped(tag.timestamp_ms)
            if abs(theirs_ms - other.shift_ms - now_ms) <= APART_MS:
                track.own_ms, track.shift_ms = theirs_ms, other.shift_ms
        return True

    def _is_left_behind(self, track: _Track, other: _Track | None, tag: Tag, line_ms: int) -> bool:
        """Whether the other track is ahead for good, and not just on its way earlier."""
        is_late = (
            other is not None
            and tag.arrival_s - other.arrival_s < PRESENT_S
            and other.now_ms(tag.arrival_s) - line_ms > APART_MS
        )
        if not is_late:
            track.late_since_s = None
            return False
        if track.late_since_s is None:
            track.late_since_s = tag.arrival_s
        was_away = tag.arrival_s - track.arrival_s > PRESENT_S
        if not was_away and tag.arrival_s - track.late_since_s < SETTLED_S:
            return False
        track.late_since_s = None
        return True

    def _now_ms(self, arrival_s: float) -> float:
        """Return where the line is at a moment, by the packet that arrived last."""
        return self._newest.now_ms(arrival_s) if self._newest else 0.0
