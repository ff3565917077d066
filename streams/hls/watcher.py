"""See which files ffmpeg has finished, by reading the playlists that it writes itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from streams.hls import mp4
from streams.hls.encoder import INIT, PLAYLIST
from streams.hls.ladder import Step
from streams.hls.playlist import run_folder
from streams.hls.recording import Rendition, Run, Segment

INDEX_BYTES = 512  # a segment's index stands at its very beginning


class Watcher:
    """Turns what appears in one run's folder into entries for the journal.

    `stand_ins` names, for renditions of earlier runs that this one lacks, the one whose segments go on in their place:
    a player that reads their playlist plays on.
    """

    def __init__(
        self,
        show_folder: Path,
        *,
        run: int,
        anchor_at: datetime,
        steps: Sequence[Step],
        stand_ins: Mapping[str, str] | None = None,
    ) -> None:
        self.run = run
        self.anchor_at = anchor_at
        self.steps = steps
        self._stand_ins = stand_ins or {}
        self._show_folder = show_folder
        self._next = dict.fromkeys((step.name for step in steps), 0)
        self._is_announced = False

    @property
    def folder(self) -> Path:
        return self._show_folder / run_folder(self.run)

    def make_folders(self) -> None:
        """Make the folders that ffmpeg writes to. Raises FileExistsError: a run's folder is used once."""
        self.folder.mkdir(parents=True, exist_ok=False)
        for step in self.steps:
            (self.folder / step.name).mkdir()

    def poll(self) -> list[Run | Segment]:
        """Return what was finished since the last call, in order of time.

        Nothing is returned before every rendition has its first segment; then the run itself comes first. So no
        rendition knows a run, and a discontinuity, that another one lacks.
        """
        finished = {step.name: self._finished(step.name) for step in self.steps}
        entries: list[Run | Segment] = []
        if not self._is_announced:
            if not all(finished.values()) or not all(self._has_init(step.name) for step in self.steps):
                return []
            entries.append(Run(self.run, self.anchor_at, tuple(self._describe(step) for step in self.steps)))
            self._is_announced = True
        for name, files in finished.items():
            self._next[name] += len(files)
        segments = [self._segment(name, *file) for name, files in finished.items() for file in files]
        segments += [
            replace(segment, rendition=absent)
            for absent, present in self._stand_ins.items()
            for segment in segments
            if segment.rendition == present
        ]
        return entries + sorted(segments, key=lambda segment: segment.begins_at)

    def _finished(self, name: str) -> list[tuple[str, float]]:
        """Return names and durations of the listed segments that were not returned yet."""
        try:
            lines = (self.folder / name / PLAYLIST).read_text().splitlines()
        except FileNotFoundError:
            return []
        number, duration_s, new = 0, 0.0, []
        for line in lines:
            if line.startswith("#EXT-X-MEDIA-SEQUENCE:"):
                number = int(line.partition(":")[2])
            elif line.startswith("#EXTINF:"):
                duration_s = float(line.partition(":")[2].rstrip(","))
            elif line and not line.startswith("#"):
                if number >= self._next[name]:
                    new.append((line, duration_s))
                number += 1
        return new

    def _has_init(self, name: str) -> bool:
        """Tell whether an init file is written: it appears with 0 bytes and fills with the first segment."""
        try:
            return (self.folder / name / INIT).stat().st_size > 0
        except FileNotFoundError:
            return False

    def _describe(self, step: Step) -> Rendition:
        tracks = mp4.describe((self.folder / step.name / INIT).read_bytes())
        return Rendition(
            step.name, tracks.codecs, step.bandwidth_bps, tracks.width, tracks.height, round(step.frame_rate, 3)
        )

    def _segment(self, name: str, file: str, duration_s: float) -> Segment:
        path = self.folder / name / file
        with path.open("rb") as opened:
            begins_s = mp4.begins_at_s(opened.read(INDEX_BYTES))
        return Segment(
            run=self.run,
            rendition=name,
            uri=f"{run_folder(self.run)}/{name}/{file}",
            begins_at=self.anchor_at + timedelta(seconds=begins_s),
            duration_s=duration_s,
            size=path.stat().st_size,
        )
