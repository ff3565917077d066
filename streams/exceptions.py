"""What can go wrong with a show. The data says what the answer needs; the views write the words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

UNKNOWN_CODEC = "codec: "
"""What the reason of an end begins with that names a codec."""


@dataclass(frozen=True)
class Active:
    """A stream that somebody watches now."""

    lease: str
    device_name: str
    session: str
    title: str
    started_at: datetime


class StreamsError(Exception):
    """Base of this app's errors."""


@dataclass
class KeyRefused(StreamsError):
    """This stream key may not publish now; no media was taken. `reason` is a word for logs."""

    reason: str


@dataclass
class StateRefused(StreamsError):
    """A show in this state can't do that. Nothing was changed."""

    state: str
    action: str


@dataclass
class ChatRefused(StreamsError):
    """A message was not taken. `code` is one of the protocol's; `retry_ms` says when trying again helps.

    `held_for_review` is taken and not shown yet; `message` is its id. `reason` says more than a code: `no_links`.
    """

    code: str
    retry_ms: int = 0
    message: str = ""
    reason: str = ""


@dataclass
class CantModerate(StreamsError):
    """This can't be done to this person or message: `reason` is `is_trusted`, `unknown`. Nothing was changed."""

    reason: str


@dataclass
class UnknownSkus(StreamsError):
    """These SKUs are not sold (any more), so no show can present them. Nothing was changed."""

    skus: Sequence[str]


@dataclass
class NotOnRunList(StreamsError):
    """Only what is on the run list can be pinned."""

    sku: str


@dataclass
class RunListFull(StreamsError):
    """A run list has room for so many SKUs."""

    most: int


@dataclass
class NothingToPlay(StreamsError):
    """There is no picture of a show in this state, or none yet."""

    state: str


@dataclass
class OffsetBeyond(StreamsError):
    """A show, or what there is of it so far, is shorter than that."""

    length_s: float


@dataclass
class TooManyStreams(StreamsError):
    """A person watches as many streams as they may. Stopping one of these helps. Nothing was changed."""

    active: Sequence[Active]


@dataclass
class LeaseLost(StreamsError):
    """A lease is no more: `taken_over` (by another device of the person, if `by` names its lease) or `expired`."""

    reason: str
    by: str = ""
    by_name: str = ""


class LeasesUnknown(StreamsError):
    """Redis is away, so nobody knows what is being watched. Trying again helps."""
