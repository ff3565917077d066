"""One show's folder: the journal, and the playlists rendered from it."""

import fcntl
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice, takewhile
from pathlib import Path

from streams.hls import captions, playlist
from streams.hls.captions import Captions
from streams.hls.exceptions import BadCaptions, NoReplay
from streams.hls.journal import Journal
from streams.hls.recording import Dropped, Entry, Recording, Segment

logger = logging.getLogger(__name__)

LIVE = "index.m3u8"
PREVIEW = "preview.m3u8"
REPLAY = "replay.m3u8"
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
        self._publish(LIVE, since=since, has_ended=has_ended)

    def publish_preview(self) -> None:
        """Write the playlists that only the host is told of; viewers' have other names, so none shows a rehearsal."""
        self._publish(PREVIEW, suffix=PREVIEW_SUFFIX)

    def withdraw_preview(self) -> None:
        """Take the host's playlists away. Calling twice is safe."""
        for path in (self.folder / PREVIEW, *self.folder.glob(f"*{PREVIEW_SUFFIX}.m3u8")):
            self._take_away(path.name)

    def publish_replay(self, *, since: datetime | None = None) -> None:
        """Write the playlists of the whole show. They name the same segments; nothing is encoded again."""
        if not playlist.has_media(self.recording, since=playlist.kept_since(self.recording, since)):
            return
        with exclusively(self.folder):
            for rendition in self.recording.segments:
                text = playlist.render_replay(self.recording, rendition, since=since)
                self._write(f"{rendition}{REPLAY_SUFFIX}.m3u8", text)
            self._list_replay(self._read_captions(since), since=since)

    def put_captions(self, data: bytes | None, *, since: datetime | None = None) -> None:
        """Give a replay that is published these captions instead of those it has, or none. Calling twice is safe.

        `since` is the replay's. Raises BadCaptions, with nothing changed, NoReplay, OSError.
        """
        with exclusively(self.folder):
            replay = captions.parts(self.recording, since=since)
            if not replay or not (self.folder / REPLAY).exists():
                raise NoReplay
            given = captions.parse(data, length_s=captions.length_s(replay)) if data is not None else None
            self._list_replay(given, since=since)
            if data is not None:
                replace_file(self.folder / captions.FILE, data)
            else:
                self._take_away(captions.PLAYLIST)
            named = {part.name(given) for part in replay} if given else set()
            for path in self.folder.glob(captions.SEGMENTS):
                if path.name not in named:
                    self._take_away(path.name)
            if data is None:  # last: while it is there, somebody may take away what is left
                (self.folder / captions.FILE).unlink(missing_ok=True)

    def _list_replay(self, given: Captions | None, *, since: datetime | None) -> None:
        """Write what names a replay's parts; captions first, which are there then."""
        if given:
            replay = captions.parts(self.recording, since=since)
            for part in replay:
                self._write(part.name(given), captions.render_segment(given, part))
            self._write(captions.PLAYLIST, captions.render_playlist(given, self.recording, replay))
        subtitles = captions.render_media(given) if given else ""
        text = playlist.render_multivariant(self.recording, suffix=REPLAY_SUFFIX, is_whole=True, subtitles=subtitles)
        self._write(REPLAY, text)

    def _read_captions(self, since: datetime | None) -> Captions | None:
        """Read what the host gave before; a replay is published with or without it."""
        try:
            data = (self.folder / captions.FILE).read_bytes()
            return captions.parse(data, length_s=captions.length_s(captions.parts(self.recording, since=since)))
        except FileNotFoundError:
            return None
        except (OSError, BadCaptions) as error:
            logger.warning("%s: the captions are left out: %s", self.folder.name, error)
            return None

    def _publish(self, name: str, *, suffix: str = "", since: datetime | None = None, has_ended: bool = False) -> None:
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
        replace_file(self.folder / name, text.encode())

    def _take_away(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)
        self._written.pop(name, None)


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


@contextmanager
def exclusively(folder: Path) -> Iterator[None]:
    """Be the only one that writes a show's replay, or removes it, in any process of this machine.

    Raises FileNotFoundError for a folder that is gone, or went while we waited.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not folder.exists():
            raise FileNotFoundError(folder)
        yield
    finally:
        os.close(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file that no reader sees half of."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(data)
    os.replace(unfinished, path)
