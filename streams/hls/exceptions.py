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


@dataclass
class BadCaptions(HlsError):
    """A host's captions can't be taken; nothing was changed.

    `fault` is too_big, not_text, no_head, no_cues, bad_time, falls, ends_early or beyond (the replay's `length_s`).
    """

    fault: str
    line: int = 0
    length_s: float = 0.0


class NoReplay(HlsError):
    """There is no replay that captions could belong to (yet)."""
