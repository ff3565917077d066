"""The picture of a show before its host's Go live, kept apart from all that viewers ever get.

A rehearsal has a folder of its own, with a random name, in which everything is like in a show's: runs, segments, a
journal and playlists. Nothing outside it knows the name, so that there is no address that could be guessed, from
whatever server or store the files come; and nothing in the show's own folder was sent before Go live. A run may go on
through Go live: from then on its finished segments are moved into the show's folder.

Turned down: unguessable names for segments alone (they don't compress, and playlists of hours are made of names), and
a new ffmpeg at Go live (viewers would wait for its first second of tags and its first segment).
"""

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path

from streams import playback
from streams.hls.encoder import INIT
from streams.hls.journal import FILE as JOURNAL
from streams.hls.origin import Origin
from streams.hls.recording import Entry, Recording, Segment
from streams.models import StreamSession
from streams.store.bucket import find_bucket

# Segments of several renditions that belong together begin within a picture or two of each other.
TOGETHER = timedelta(seconds=0.3)
WAITED_FOR = 3


class Rehearsal:
    """Takes runs into a preview until Go live, then what follows into the show. Used like the Origin of either.

    `live_since` tells when the host pressed Go live; None before.
    """

    def __init__(self, show: Origin, folder: Path, live_since: Callable[[], datetime | None]) -> None:
        self.preview = Origin(folder)
        for left in folder.parent.glob(f"*/{playback.PREVIEW_PLAYLIST}"):  # by a process that was killed
            left.unlink(missing_ok=True)
        self.is_over = False
        self._show = show
        self._live_since = live_since

    @property
    def folder(self) -> Path:
        """Where runs are written, also the one that goes on through Go live."""
        return self.preview.folder

    @property
    def recording(self) -> Recording:
        return self._show.recording if self.is_over else self.preview.recording

    def add(self, entries: Iterable[Entry]) -> None:
        """Take finished media in. Raises StaleRun when another process owns the show, OSError."""
        if self.is_over:
            self._show.add(self._moved([one for one in entries if isinstance(one, Segment)]))
            return
        self.preview.add(entries)
        since = self._live_since()
        if since and (segments := begin(self.preview.recording, since)):
            self._show.add([self.preview.recording.runs[-1], *self._moved(segments)])
            self.is_over = True
            self.preview.withdraw_preview()
            self.preview.drop(before=max(one.ends_at for one in segments))

    def _moved(self, segments: Sequence[Segment]) -> list[Segment]:
        """Move segments into the show's folder; those that stood in for another rendition stay behind."""
        own = [one for one in segments if Path(one.uri).parent.name == one.rendition]
        for segment in own:
            source, target = self.preview.folder / segment.uri, self._show.folder / segment.uri
            if not (init := target.with_name(INIT)).exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                unfinished = init.with_name(f".{INIT}.unfinished")
                shutil.copyfile(source.with_name(INIT), unfinished)
                os.replace(unfinished, init)
            os.replace(source, target)
        return own


def begin(recording: Recording, since: datetime) -> list[Segment]:
    """Return the newest run's segments from the first moment after `since` at which all its renditions begin one.

    None of them holds anything that was sent before; [] until there is such a moment. If renditions never begin
    together, each goes on from its own first.
    """
    run = recording.runs[-1]
    fresh = {
        one.name: _since(recording.segments.get(one.name, []), run=run.number, since=since) for one in run.renditions
    }
    best = fresh[run.renditions[0].name]
    for first in best:
        firsts = {
            name: next((at for at, one in enumerate(listed) if abs(one.begins_at - first.begins_at) <= TOGETHER), -1)
            for name, listed in fresh.items()
        }
        if min(firsts.values()) >= 0:
            return _in_order([one for name, listed in fresh.items() for one in listed[firsts[name] :]])
    if len(best) > WAITED_FOR and all(fresh.values()):
        return _in_order([one for listed in fresh.values() for one in listed])
    return []


def remove(folder: Path) -> None:
    """Take a rehearsal's folder away, on disk and in the bucket. Calling twice is safe. Raises OSError, StoreAway."""
    if bucket := find_bucket():
        bucket.remove_folder(playback.stored_as(folder).rstrip("/"))
    shutil.rmtree(folder, ignore_errors=not folder.exists())


def remove_old(session: StreamSession) -> None:
    """Take away what once lay of a rehearsal in the show's own folder, under names that could be guessed.

    For shows that nobody sends to. Calling twice is safe. Raises OSError, StoreAway.
    """
    folder, bucket = playback.folder(session.pk), find_bucket()
    if not (folder / JOURNAL).exists():
        return
    prefix = playback.stored_as(folder)
    if session.started_at is None:
        if bucket:
            bucket.remove_folder(prefix.rstrip("/"))
        shutil.rmtree(folder)
        return
    for path in folder.glob("*preview.m3u8"):
        if bucket:
            bucket.remove(prefix + path.name)
        path.unlink()
    origin, since = Origin(folder), session.started_at
    dropped_before = origin.recording.dropped_before
    if dropped_before and dropped_before >= since:
        return
    over = {one.uri for listed in origin.recording.segments.values() for one in listed if one.ends_at <= since}
    if bucket:
        for uri in sorted(over):
            bucket.remove(prefix + uri)
    origin.drop(before=since)


def _since(segments: Sequence[Segment], *, run: int, since: datetime) -> list[Segment]:
    newest = takewhile(lambda one: one.run == run and one.begins_at >= since, reversed(segments))
    return list(reversed(list(newest)))


def _in_order(segments: Iterable[Segment]) -> list[Segment]:
    return sorted(segments, key=lambda one: one.begins_at)
