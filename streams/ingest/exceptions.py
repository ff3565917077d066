"""Why a connection ends."""

from dataclasses import dataclass

from streams.exceptions import UNKNOWN_CODEC


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


class UnknownCodec(ProtocolError):
    """The peer sends what viewers can't play; the host is told what it is."""

    def __init__(self, codec: str) -> None:
        super().__init__(UNKNOWN_CODEC + codec)
        self.args = (self.why,)
