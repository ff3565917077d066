"""Tie a source's own time to the wall clock."""

from collections import deque
from dataclasses import dataclass, field

WINDOW_S = 10.0
DRIFT_MAX_S = 0.5
# A source that can't keep up drifts all the time: a discontinuity every few seconds would only make it worse.
STEADY_S = 60.0


@dataclass(slots=True)
class SourceClock:
    """How late media arrives against its own timestamps.

    The network only ever adds delay, so the least of *arrival - timestamp* is the best guess of when timestamp zero
    was made, and a least that moves means that the source's clock is not ours.
    """

    offset_s: float
    _least: deque[tuple[float, float]] = field(default_factory=deque)
    _begun_s: float = 0.0

    @property
    def drift_s(self) -> float:
        """The least offset of the last ten seconds against that at the start."""
        return self._least[0][1] - self.offset_s if self._least else 0.0

    @property
    def has_drifted(self) -> bool:
        """Whether a new run should set the clock anew; never within the first minute."""
        return abs(self.drift_s) > DRIFT_MAX_S and self._least[-1][0] - self._begun_s > STEADY_S

    def note(self, *, arrival_s: float, timestamp_s: float) -> None:
        """Take one arrival into account; the values waiting in `_least` rise from left to right."""
        offset_s = arrival_s - timestamp_s
        self._begun_s = self._begun_s or arrival_s
        while self._least and self._least[-1][1] >= offset_s:
            self._least.pop()
        self._least.append((arrival_s, offset_s))
        while self._least[0][0] < arrival_s - WINDOW_S:
            self._least.popleft()
