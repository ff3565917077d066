"""One show's folder: the journal, and the playlists rendered from it."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from streams.hls import playlist
from streams.hls.journal import Journal
from streams.hls.recording import Recording, Run, Segment

REPLAY_SUFFIX = "-replay"


class Origin:
    """Writes a show's public files. Journal first, then media playlists, then the one that names them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._journal = Journal(folder)
        self._written: dict[str, str] = {}

    @property
    def recording(self) -> Recording:
        return self._journal.recording

    def add(self, entries: Iterable[Run | Segment]) -> None:
        """Take finished media into the journal. Raises StaleRun when another process owns the show."""
        self._journal.append(entries)

    def publish(self, *, since: datetime | None = None, has_ended: bool = False) -> None:
        """Write the live playlists. `since` is the host's Go live: viewers see nothing from before."""
        for rendition in self.recording.segments:
            text = playlist.render_live(self.recording, rendition, since=since, has_ended=has_ended)
            self._write(f"{rendition}.m3u8", text)
        if self.recording.runs:
            self._write("index.m3u8", playlist.render_multivariant(self.recording))

    def publish_replay(self, *, since: datetime | None = None) -> None:
        """Write the playlists of the whole show. They name the same segments; nothing is encoded again."""
        for rendition in self.recording.segments:
            text = playlist.render_replay(self.recording, rendition, since=since)
            self._write(f"{rendition}{REPLAY_SUFFIX}.m3u8", text)
        if self.recording.runs:
            self._write("replay.m3u8", playlist.render_multivariant(self.recording, suffix=REPLAY_SUFFIX))

    def _write(self, name: str, text: str) -> None:
        """Replace a playlist as a whole, so that no reader sees half of one; one that is the same stays."""
        if self._written.get(name) == text:
            return
        unfinished = self.folder / f".{name}.unfinished"
        unfinished.write_text(text)
        os.replace(unfinished, self.folder / name)
        self._written[name] = text
