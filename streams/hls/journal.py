"""The truth about a show's video: one line of JSON a run, segment or removal, on disk before any playlist names it."""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import orjson

from streams.hls.recording import Dropped, Entry, Recording, Rendition, Run, Segment

FILE = "journal.jsonl"


class Journal:
    """A show's journal, and the recording it tells of.

    Several processes may hold one open, for an owner that lost its show may not know it yet: each append first reads
    what others appended, and an entry of an older run is refused.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.recording = Recording()
        self._read_bytes = 0
        if self.path.exists():
            with self.path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self._catch_up(file.fileno())

    def append(self, entries: Iterable[Entry]) -> None:
        """Write entries so that they outlive a power cut. Raises StaleRun, with nothing written."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._catch_up(descriptor)
            lines = b""
            for entry in entries:
                self.recording.add(entry)
                lines += _encode(entry)
            os.pwrite(descriptor, lines, self._read_bytes)
            os.fsync(descriptor)
            self._read_bytes += len(lines)
        finally:
            os.close(descriptor)

    def _catch_up(self, descriptor: int) -> None:
        """Read what was appended since, by this or another process. A line torn by a crash is overwritten."""
        new = os.pread(descriptor, os.fstat(descriptor).st_size - self._read_bytes, self._read_bytes)
        whole, _, torn = new.rpartition(b"\n")
        if torn:
            os.ftruncate(descriptor, self._read_bytes + len(new) - len(torn))
        for entry in _decode(whole.splitlines()):
            self.recording.add(entry)
        self._read_bytes += len(new) - len(torn)


def read_runs(folder: Path, *, to_bytes: int | None = None) -> list[Run]:
    """Read a show's runs as they are now, without a lock; none if there is no journal."""
    return [entry for entry in _decode(_lines(folder, b'{"kind": "run"', to_bytes)) if isinstance(entry, Run)]


def read_segments(folder: Path, rendition: str, *, to_bytes: int | None = None) -> list[Segment]:
    """Read a rendition's segments as they are now, without a lock. Takes some twenty milliseconds an hour of show."""
    needle = json.dumps({"rendition": rendition})[1:-1].encode()
    return [entry for entry in _decode(_lines(folder, needle, to_bytes)) if isinstance(entry, Segment)]


def read_from(folder: Path, from_bytes: int = 0, to_bytes: int | None = None) -> list[tuple[Entry, int]]:
    """Read entries as they are now, without a lock, each with the number of the journal's bytes at its end."""
    try:
        with (folder / FILE).open("rb") as file:
            file.seek(from_bytes)
            whole, newline, _ = file.read(-1 if to_bytes is None else to_bytes - from_bytes).rpartition(b"\n")
    except FileNotFoundError:
        return []
    lines = (whole + newline).splitlines(keepends=True)
    ends = accumulate((len(line) for line in lines), initial=from_bytes)
    return list(zip(_decode(lines), islice(ends, 1, None), strict=True))


def read_dropped_before(folder: Path) -> datetime | None:
    """Read until when a show's segments were dropped from the disk; None if all of them were kept."""
    dropped = [entry for entry in _decode(_lines(folder, b'{"kind": "dropped"')) if isinstance(entry, Dropped)]
    return max((entry.before for entry in dropped), default=None)


def _lines(folder: Path, needle: bytes, to_bytes: int | None = None) -> list[bytes]:
    """Return the lines that hold a word; one that is being written has no end yet and is left out."""
    try:
        whole, _, _ = (folder / FILE).read_bytes()[:to_bytes].rpartition(b"\n")
    except FileNotFoundError:
        return []
    return [line for line in whole.splitlines() if needle in line]


def _encode(entry: Entry) -> bytes:
    kind = type(entry).__name__.lower()
    return json.dumps({"kind": kind, **asdict(entry)}, default=datetime.isoformat).encode() + b"\n"


def _decode(lines: Sequence[bytes]) -> Iterator[Entry]:
    for line in lines:
        fields: dict[str, Any] = orjson.loads(line)
        kind = fields.pop("kind")
        if kind == "dropped":
            yield Dropped(fields["run"], datetime.fromisoformat(fields["before"]))
        elif kind == "run":
            renditions = tuple(Rendition(**one) for one in fields.pop("renditions"))
            anchor_at = datetime.fromisoformat(fields.pop("anchor_at"))
            yield Run(**fields, anchor_at=anchor_at, renditions=renditions)
        else:
            yield Segment(**fields | {"begins_at": datetime.fromisoformat(fields["begins_at"])})
