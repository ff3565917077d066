"""What can go wrong between ffmpeg and the playlists."""

from dataclasses import dataclass


class HlsError(Exception):
    """Base of this package's errors."""


@dataclass
class StaleRun(HlsError):
    """The journal knows a newer run: another process owns the show now. Trying again doesn't help."""

    number: int
    newest: int


@dataclass
class BadMedia(HlsError):
    """A file is not the MP4 it should be."""

    why: str
