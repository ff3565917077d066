"""One show's folder: the journal, and the playlists rendered from it."""

import os
from collections.abc import Iterable
from datetime import datetime
from itertools import islice, takewhile
from pathlib import Path

from streams.hls import playlist
from streams.hls.journal import Journal
from streams.hls.recording import Dropped, Entry, Recording, Segment

REPLAY_SUFFIX = "-replay"
PREVIEW_SUFFIX = "-preview"


class Playlists:
    """Writes the playlists of a recording: media playlists first, then the one that names them."""

    def __init__(self, folder: Path, recording: Recording) -> None:
        self.folder = folder
        self.recording = recording
        self._written: dict[str, str] = {}

    def publish(self, *, since: datetime | None = None, has_ended: bool = False) -> None:
        """Write the live playlists. `since` is the host's Go live: viewers see nothing from before."""
        self._publish("index.m3u8", since=since, has_ended=has_ended)

    def publish_preview(self, *, since: datetime | None = None) -> None:
        """Write the playlists that only the host is told of; viewers' have other names, so none shows a rehearsal."""
        self._publish("preview.m3u8", suffix=PREVIEW_SUFFIX, since=since)

    def withdraw_preview(self) -> None:
        """Take the host's playlists away. Calling twice is safe."""
        for path in (self.folder / "preview.m3u8", *self.folder.glob(f"*{PREVIEW_SUFFIX}.m3u8")):
            self._take_away(path.name)

    def publish_replay(self, *, since: datetime | None = None) -> None:
        """Write the playlists of the whole show. They name the same segments; nothing is encoded again."""
        if not playlist.has_media(self.recording, since=playlist.kept_since(self.recording, since)):
            return
        for rendition in self.recording.segments:
            text = playlist.render_replay(self.recording, rendition, since=since)
            self._write(f"{rendition}{REPLAY_SUFFIX}.m3u8", text)
        self._write("replay.m3u8", playlist.render_multivariant(self.recording, suffix=REPLAY_SUFFIX, is_whole=True))

    def _publish(self, name: str, *, suffix: str = "", since: datetime | None, has_ended: bool = False) -> None:
        if not playlist.has_media(self.recording, since=since):
            return
        for rendition in self.recording.segments:
            text = playlist.render_live(self.recording, rendition, since=since, has_ended=has_ended)
            self._write(f"{rendition}{suffix}.m3u8", text)
        self._write(name, playlist.render_multivariant(self.recording, suffix=suffix))

    def _write(self, name: str, text: str) -> None:
        """Replace a playlist as a whole, so that no reader sees half of one; one that is the same stays."""
        if self._written.get(name) != text:
            self._put(name, text)
            self._written[name] = text

    def _put(self, name: str, text: str) -> None:
        unfinished = self.folder / f".{name}.unfinished"
        unfinished.write_text(text)
        os.replace(unfinished, self.folder / name)

    def _take_away(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)


class Origin(Playlists):
    """One show's folder: the journal, and the playlists of all that is in it. Journal first."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._journal = Journal(folder)
        super().__init__(folder, self._journal.recording)
        self._removed: dict[str, int] = {}

    def add(self, entries: Iterable[Entry]) -> None:
        """Take finished media into the journal. Raises StaleRun when another process owns the show."""
        self._journal.append(entries)

    def drop(self, *, before: datetime) -> None:
        """Remove the segments that ended by then from the disk; the journal says so first. Raises StaleRun."""
        over: list[Segment] = []
        for rendition, segments in self.recording.segments.items():
            begin = self._removed.get(rendition, 0)
            over += takewhile(lambda one: one.ends_at <= before, islice(segments, begin, None))
        if not over:
            return
        self._journal.append([Dropped(self.recording.runs[-1].number, before)])
        for segment in over:
            (self.folder / segment.uri).unlink(missing_ok=True)
            self._removed[segment.rendition] = self._removed.get(segment.rendition, 0) + 1
