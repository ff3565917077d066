"""What child processes say: all of it into a bounded file each, warnings and errors onto the terminal too."""

import errno
import json
import logging
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_MAX_BYTES = 5 * 1024 * 1024
LOG_BACKUPS = 2
SHOW_AGAIN_AFTER_S = 30
LINE_MAX_BYTES = 64 * 1024

# Told on every start by servers that are fine.
_NOISE = re.compile(r"Memory overcommit must be enabled|somaxconn|which seems quite high")
_ADDRESS = re.compile(r"\b0x[0-9a-f]+")
_TROUBLE = re.compile(r"\b(WARNING|ERROR|FATAL|PANIC|CRITICAL|MISCONF)\b|^[\w.]*(Error|Exception|Refused)\b.*:")

Tell = Callable[[str, str], None]  # (name of the program, one line)


class ProgramLog:
    """Takes the raw output of one program."""

    def __init__(self, name: str, folder: Path, tell: Tell) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / f"{name}.log"
        self._name = name
        self._tell = tell
        self._rest = b""
        self._shown_at: dict[str, float] = {}
        self._file = _BoundedFile(self.path, partial(tell, name))

    def feed(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LINE_MAX_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._take(line.decode(errors="replace").rstrip())

    def close(self) -> None:
        if self._rest:
            self.feed(b"\n")
        self._file.close()

    def tail(self, lines: int = 12) -> str:
        """Return the end of what was said, for a program that would not start."""
        try:
            return "\n".join(self.path.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _take(self, line: str) -> None:
        if not line:
            return
        self._file.handle(logging.LogRecord(self._name, logging.INFO, "", 0, line, None, None))
        if (text := trouble(line)) and self._is_new(text):
            self._tell(self._name, text)

    def _is_new(self, text: str) -> bool:
        """Whether a line was not on the terminal lately: a server away is told once, not at every request."""
        now = time.monotonic()
        self._shown_at = {shown: at for shown, at in self._shown_at.items() if now - at < SHOW_AGAIN_AFTER_S}
        return self._shown_at.setdefault(_ADDRESS.sub("", text), now) == now


def trouble(line: str) -> str:
    """Return what the operator should read of a line, or an empty string when all is well."""
    if line.startswith("{"):
        try:
            record = json.loads(line)
            if record["level"] not in {"warning", "error", "critical"}:
                return ""
            cause = str(record.get("exception", "")).strip().rsplit("\n", 1)[-1]
            event = str(record["event"]).strip().split("\n", 1)[0]
            return f"{event} ({cause})" if cause else event
        except (ValueError, KeyError, TypeError):
            pass
    return line if _TROUBLE.search(line) and not _NOISE.search(line) else ""


class _BoundedFile(RotatingFileHandler):
    """A log file that is turned over before it grows large, and that survives a full disk."""

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        super().__init__(path, maxBytes=LOG_MAX_BYTES, backupCount=LOG_BACKUPS, encoding="utf-8", delay=True)
        self._complain = tell
        self._complained_at = 0.0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        error = sys.exc_info()[1]
        if time.monotonic() - self._complained_at < SHOW_AGAIN_AFTER_S:
            return
        self._complained_at = time.monotonic()
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            self._complain(f"the disk is full: {self.baseFilename} can't be written")
        else:
            self._complain(f"{self.baseFilename} can't be written: {error}")
