"""One show's folder: the journal, and the playlists rendered from it."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from streams.hls import playlist
from streams.hls.journal import Journal
from streams.hls.recording import Recording, Run, Segment

REPLAY_SUFFIX = "-replay"
PREVIEW_SUFFIX = "-preview"


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
        self._publish("index.m3u8", since=since, has_ended=has_ended)

    def publish_preview(self, *, since: datetime | None = None) -> None:
        """Write the playlists that only the host is told of; viewers' have other names, so none shows a rehearsal."""
        self._publish("preview.m3u8", suffix=PREVIEW_SUFFIX, since=since)

    def withdraw_preview(self) -> None:
        """Take the host's playlists away. Calling twice is safe."""
        for path in (self.folder / "preview.m3u8", *self.folder.glob(f"*{PREVIEW_SUFFIX}.m3u8")):
            path.unlink(missing_ok=True)

    def publish_replay(self, *, since: datetime | None = None) -> None:
        """Write the playlists of the whole show. They name the same segments; nothing is encoded again."""
        if not playlist.has_media(self.recording, since=since):
            return
        for rendition in self.recording.segments:
            text = playlist.render_replay(self.recording, rendition, since=since)
            self._write(f"{rendition}{REPLAY_SUFFIX}.m3u8", text)
        self._write("replay.m3u8", playlist.render_multivariant(self.recording, suffix=REPLAY_SUFFIX))

    def _publish(self, name: str, *, suffix: str = "", since: datetime | None, has_ended: bool = False) -> None:
        if not playlist.has_media(self.recording, since=since):
            return
        for rendition in self.recording.segments:
            text = playlist.render_live(self.recording, rendition, since=since, has_ended=has_ended)
            self._write(f"{rendition}{suffix}.m3u8", text)
        self._write(name, playlist.render_multivariant(self.recording, suffix=suffix))

    def _write(self, name: str, text: str) -> None:
        """Replace a playlist as a whole, so that no reader sees half of one; one that is the same stays."""
        if self._written.get(name) == text:
            return
        unfinished = self.folder / f".{name}.unfinished"
        unfinished.write_text(text)
        os.replace(unfinished, self.folder / name)
        self._written[name] = text
