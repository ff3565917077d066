"""Why a connection ends."""

from dataclasses import dataclass


class RtmpError(Exception):
    """Base of this package's errors."""


@dataclass
class ProtocolError(RtmpError):
    """The peer sent what no encoder sends, or more of it than is allowed. The connection is closed."""

    why: str


@dataclass
class PublishRefused(RtmpError):
    """The door said no. `why` is told to the encoder."""

    why: str
