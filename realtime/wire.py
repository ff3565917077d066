"""The frames and events of docs/realtime-protocol.md: builders for what goes out, a decoder for what comes in."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from streams.reactions import EMOJI

VERSION = 1
PING_S = 25
INBOUND_MAX_BYTES = 4096
# Clients may count on these and no others: what is finer stands in an error's `reason`.
ERROR_CODES = (
    *("slow_mode", "rate_limited", "too_long", "not_signed_in", "banned", "muted", "held_for_review", "bad_message"),
)

# Close codes. A server may choose from 4000 on (autobahn refuses others); the last two digits are RFC 6455's.
SERVICE_RESTART = 4012
TRY_AGAIN_LATER = 4013
POLICY = 4008
TOO_BIG = 4009
NOT_FOUND = 4004

Event = dict[str, Any]
Message = dict[str, Any]


# --- Events ----------------------------------------------------------------------------------------------


def availability(*, sku: str, available: int, version: int, as_of: datetime) -> Event:
    return {
        "type": "availability",
        "sku": sku,
        "available": available,
        "version": version,
        "as_of": timestamp(as_of),
    }


def item(*, sku: str, price_minor: int, currency: str) -> Event:
    return {"type": "item", "sku": sku, "price_minor": price_minor, "currency": currency}


def run_list(skus: Sequence[str]) -> Event:
    return {"type": "run_list", "skus": list(skus)}


def pin(sku: str | None) -> Event:
    return {"type": "pin", "sku": sku}


def chat(*, id: str, author: str, role: str, text: str, at: datetime, is_rehearsed: bool = False) -> Event:
    """`is_rehearsed`: said by an insider in a rehearsal, and for insiders alone."""
    said = {"type": "chat", "id": id, "author": author, "role": role, "text": text, "at": timestamp(at)}
    return said | {"rehearsed": True} if is_rehearsed else said


def chat_removed(id: str) -> Event:
    return {"type": "chat_removed", "id": id}


def announcement(*, id: str, kind: str, text: str, until: datetime | None) -> Event:
    return {"type": "announcement", "id": id, "kind": kind, "text": text, "until": until and timestamp(until)}


def announcement_ended(id: str) -> Event:
    return {"type": "announcement_ended", "id": id}


def message_pin(message: Message | None) -> Event:
    """The one message that stays above the chat (a CHAT), or none."""
    return {"type": "message_pin", "message": message}


def slow_mode(seconds: int) -> Event:
    return {"type": "slow_mode", "seconds": seconds}


def likes(*, likes: int, dislikes: int) -> Event:
    return {"type": "likes", "likes": likes, "dislikes": dislikes}


def reactions(counts: Mapping[str, int]) -> Event:
    return {"type": "reactions", "counts": dict(counts)}


def session(state: str) -> Event:
    return {"type": "session", "state": state}


# --- Frames ----------------------------------------------------------------------------------------------


def welcome(*, epoch: str, seq: int, recovered: bool) -> Message:
    return {
        "type": "welcome",
        "epoch": epoch,
        "seq": seq,
        "recovered": recovered,
        "ping_s": PING_S,
        "now": timestamp(datetime.now(UTC)),
    }


def batch(*, epoch: str, first: int, last: int, events: Iterable[Event]) -> Message:
    return {"type": "batch", "epoch": epoch, "from": first, "to": last, "events": list(events)}


def ack(id: str, *, message: str) -> Message:
    return {"type": "ack", "id": id, "message": message}


def error(code: str, *, id: str | None = None, retry_ms: int = 0, message: str = "", reason: str = "") -> Message:
    """Refuse a frame.

    What is held for review was taken: `message` is the id under which it comes, or is removed. `reason` says more
    than the code, to who knows the word. Raises ValueError for a code that is not of the protocol.
    """
    if code not in ERROR_CODES:
        raise ValueError(f"{code} is no error code of the protocol")
    frame: Message = {"type": "error", "code": code}
    if id is not None:
        frame["id"] = id
    if retry_ms:
        frame["retry_ms"] = retry_ms
    if message:
        frame["message"] = message
    if reason:
        frame["reason"] = reason
    return frame


def pong() -> Message:
    return {"type": "pong", "now": timestamp(datetime.now(UTC))}


def bye(code: str) -> Message:
    """Say why a socket ends, and after how long its client may come back: at some moment between the two."""
    return {"type": "bye", "code": code, "retry_ms": list(BYES[code].retry_ms)}


def order(*, id: str, state: str, expires_at: datetime) -> Message:
    return {"type": "order", "id": id, "state": state, "expires_at": timestamp(expires_at)}


def timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Bye:
    """What goes with a `bye`: the range in which its client chooses its pause, and the close code that follows."""

    retry_ms: tuple[int, int]
    close: int


_SOON, _IN_A_MOMENT, _LATER, _MUCH_LATER = (500, 8000), (1000, 5000), (5000, 15_000), (60_000, 120_000)
BYES = {
    "restart": Bye(_SOON, SERVICE_RESTART),
    "no_hello": Bye(_SOON, SERVICE_RESTART),
    "signed_out": Bye(_SOON, POLICY),
    "slow": Bye(_SOON, POLICY),
    "unavailable": Bye(_IN_A_MOMENT, TRY_AGAIN_LATER),
    "too_long": Bye(_LATER, TOO_BIG),
    "rate_limited": Bye(_LATER, POLICY),
    "too_many": Bye(_MUCH_LATER, POLICY),
    "not_found": Bye(_MUCH_LATER, NOT_FOUND),
}


@dataclass(slots=True)
class Frame:
    """One frame, encoded once: its text, and the bytes of an unmasked WebSocket text frame (RFC 6455, 5.2).

    `fields` are the lines that stand before it in a stream of server-sent events.
    """

    text: bytes
    framed: bytes
    fields: bytes = b""
    _chunk: bytes = b""

    @classmethod
    def of(cls, message: Message) -> "Frame":
        return framed(orjson.dumps(message), fields=_fields(message))

    @property
    def event(self) -> bytes:
        """The frame as a server-sent event."""
        return b"%bdata: %b\n\n" % (self.fields, self.text)

    @property
    def chunk(self) -> bytes:
        """The event as a chunk of an HTTP/1.1 answer (RFC 9112, 7.1), encoded for the first stream that needs it."""
        if not self._chunk:
            event = self.event
            self._chunk = b"%x\r\n%b\r\n" % (len(event), event)
        return self._chunk


def framed(text: bytes, *, fields: bytes = b"") -> Frame:
    """Return JSON that is already encoded as a frame."""
    size = len(text)
    if size < 126:
        header = bytes((0x81, size))
    elif size < 65536:
        header = b"\x81\x7e" + size.to_bytes(2, "big")
    else:
        header = b"\x81\x7f" + size.to_bytes(8, "big")
    return Frame(text, header + text, fields)


def _fields(message: Message) -> bytes:
    """Return where a stream resumes after this frame, or when its client may come back, spread out here."""
    match message:
        case {"type": "batch", "epoch": epoch, "to": seq} | {"type": "snapshot", "epoch": epoch, "seq": seq}:
            return f"id: {epoch}:{seq}\n".encode()
        case {"type": "bye", "retry_ms": [least, most]}:
            return b"retry: %d\n" % random.randint(least, most)  # noqa: S311 (nothing secret)
    return b""


# --- What comes in ---------------------------------------------------------------------------------------


class BadMessage(Exception):
    """A frame that is not of the protocol; `id` is that of the message, if it has a usable one."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id)
        self.id = id


@dataclass(frozen=True, slots=True)
class Since:
    epoch: str
    seq: int

    @classmethod
    def find(cls, id: str) -> "Since | None":
        """Read `<epoch>:<seq>`, the id of a server-sent event."""
        epoch, _, seq = id.rpartition(":")
        return cls(epoch, int(seq)) if epoch and seq.isascii() and seq.isdigit() and len(seq) < 16 else None


@dataclass(frozen=True, slots=True)
class Hello:
    since: Since | None = None
    ticket: str = ""
    token: str = ""
    orders: Mapping[str, str] = field(default_factory=dict)
    watches: bool = True


@dataclass(frozen=True, slots=True)
class Chat:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class React:
    emoji: str


@dataclass(frozen=True, slots=True)
class Ping:
    pass


def decode(text: str | bytes) -> Hello | Chat | React | Ping:
    """Read a client's frame. Raises BadMessage for anything that is not of the protocol."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadMessage from None
    match frame:
        case {"type": "hello", "v": 1}:
            return _hello(frame)
        case {"type": "chat", "id": str(id), "text": str(said)} if 0 < len(id) <= 64:
            return Chat(id, said)
        case {"type": "chat", "id": str(id)} if 0 < len(id) <= 64:
            raise BadMessage(id)
        case {"type": "react", "emoji": str(emoji)} if emoji in EMOJI:
            return React(emoji)
        case {"type": "ping"}:
            return Ping()
    raise BadMessage


def _hello(frame: dict[str, Any]) -> Hello:
    since = None
    match frame.get("since"):
        case {"epoch": str(epoch), "seq": int(seq)}:
            since = Since(epoch, seq)
    words = {name: value for name in ("ticket", "token") if isinstance(value := frame.get(name), str)}
    orders = frame.get("orders")
    known = {k: v for k, v in orders.items() if isinstance(v, str)} if isinstance(orders, dict) else {}
    return Hello(since=since, orders=known, watches=frame.get("watches") is not False, **words)
