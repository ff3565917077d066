"""How far a show's journal has been brought to the store: a number of bytes, in a file beside the journal."""

import fcntl
import os
from pathlib import Path

from streams.store.exceptions import Busy

FILE = "stored"
DONE = b"done"
DIGITS = 20


class Progress:
    """One show's number, to be raised. Open in one process at a time, which the system sees to, kill -9 or not.

    Who removes a show has it open as well, so that nobody puts back what is being removed.
    """

    def __init__(self, folder: Path) -> None:
        """Raises Busy."""
        self._file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise Busy from error
        self.stored_bytes = int(os.pread(self._file, DIGITS, 0) or 0)

    def advance(self, to_bytes: int) -> None:
        """Note, so that it outlives a power cut, that the store has all of the journal so far.

        Done before a playlist says so: after a crash no list can begin or end earlier than one that viewers saw.
        """
        os.pwrite(self._file, f"{to_bytes:0{DIGITS}d}".encode(), 0)
        os.fsync(self._file)
        self.stored_bytes = to_bytes

    def finish(self) -> None:
        """Note that nothing is left to do for this show, ever."""
        os.pwrite(self._file, DONE, DIGITS)

    def close(self) -> None:
        os.close(self._file)


def read(folder: Path) -> int:
    """Return how many bytes of a show's journal are in the store, as it is now."""
    return int(_text(folder)[:DIGITS] or 0)


def is_done(folder: Path) -> bool:
    return _text(folder)[DIGITS:] == DONE


def _text(folder: Path) -> bytes:
    try:
        return (folder / FILE).read_bytes()
    except FileNotFoundError:
        return b""
