"""What a show is made of: runs, their renditions, and segments."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from streams.hls.exceptions import StaleRun


@dataclass(frozen=True, slots=True)
class Rendition:
    """One quality, as the files of a run turned out. `width` and `height` are 0 for sound alone."""

    name: str
    codecs: str
    bandwidth_bps: int
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0

    @property
    def has_picture(self) -> bool:
        return self.width > 0


@dataclass(frozen=True, slots=True)
class Run:
    """One life of ffmpeg. All its renditions share the clock that `anchor_at`, its media time zero, sets."""

    number: int
    anchor_at: datetime
    renditions: tuple[Rendition, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A finished file. `uri` is relative to the show's folder."""

    run: int
    rendition: str
    uri: str
    begins_at: datetime
    duration_s: float
    size: int

    @property
    def ends_at(self) -> datetime:
        return self.begins_at + timedelta(seconds=self.duration_s)

    @property
    def bit_rate_bps(self) -> int:
        return round(self.size * 8 / self.duration_s) if self.duration_s > 0 else 0


@dataclass(frozen=True, slots=True)
class Dropped:
    """Segments that ended by `before` are no longer on disk. `run` is the newest one then."""

    run: int
    before: datetime


Entry = Run | Segment | Dropped


@dataclass(slots=True)
class Recording:
    """Everything of a show that is finished, in the order in which it was finished.

    A segment's place in its rendition's list is its media sequence number, and a run's place in `runs` is its
    discontinuity sequence number: both lists only ever grow, so neither number can fall.
    """

    runs: list[Run] = field(default_factory=list)
    segments: dict[str, list[Segment]] = field(default_factory=dict)
    target_duration_s: int = 1
    dropped_before: datetime | None = None
    _peaks_bps: dict[tuple[int, str], int] = field(default_factory=dict)
    _places: dict[int, int] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Append a run, or what belongs to the newest run. Raises StaleRun for any other."""
        newest = self.runs[-1].number if self.runs else 0
        if isinstance(entry, Run):
            if entry.number <= newest:
                raise StaleRun(entry.number, newest)
            self._places[entry.number] = len(self.runs)
            self.runs.append(entry)
            return
        if entry.run != newest:
            raise StaleRun(entry.run, newest)
        if isinstance(entry, Dropped):
            self.dropped_before = max(entry.before, self.dropped_before or entry.before)
            return
        self.segments.setdefault(entry.rendition, []).append(entry)
        # RFC 8216, 4.3.3.1: each duration, rounded to the nearest second, is at most the target.
        self.target_duration_s = max(self.target_duration_s, int(entry.duration_s + 0.5))
        if entry.duration_s >= self.target_duration_s / 2:  # the last, short one of a run says little
            peak = self._peaks_bps.get((entry.run, entry.rendition), 0)
            self._peaks_bps[entry.run, entry.rendition] = max(peak, entry.bit_rate_bps)

    def place(self, run: int) -> int:
        """Return how many runs came before this one: its discontinuity sequence number."""
        return self._places[run]

    def peak_bps(self, rendition: Rendition) -> int:
        """Return the highest bit rate of the newest run, or what the encoder may reach if that is more."""
        return max(self._peaks_bps.get((self.runs[-1].number, rendition.name), 0), rendition.bandwidth_bps)

    def renditions(self) -> list[Rendition]:
        """Return the newest run's renditions, and the earlier ones that another of its renditions stands in for."""
        if not self.runs:
            return []
        newest = {one.name: one for run in self.runs for one in run.renditions}
        number = self.runs[-1].number
        return [one for one in newest.values() if (kept := self.segments.get(one.name)) and kept[-1].run == number]

    @property
    def ends_at(self) -> datetime | None:
        """When the last finished media ends: the clock of the next run must not begin before."""
        return max((segments[-1].ends_at for segments in self.segments.values() if segments), default=None)
