"""A crowd of sockets in a process of its own, on a core of its own: it says hello, and notes what arrives when.

Written with epoll, and by hand: a client library would be slower than the servers that are to be measured. Frames that
were seen before are known by their bytes, so each is understood once, however many sockets it comes to.
"""

import multiprocessing
import select
import socket
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import orjson
import psutil

from bench.report import percentile

RECEIVE_BYTES = 256 * 1024
TEXT, PING, PONG = 0x81, 0x89, 0x8A
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
END_OF_HEAD = b"\r\n\r\n"


@dataclass(slots=True)
class Told:
    """A frame that came to many: how many events stand in it, and when it came to each (CLOCK_MONOTONIC, seconds)."""

    size: int
    events: list[dict[str, Any]]
    arrivals: "array[float]" = field(default_factory=lambda: array("d"))


@dataclass(frozen=True)
class Heard:
    """What a crowd heard in a while, by frame."""

    frames: list[Told]
    lost_sockets: int

    @property
    def writes(self) -> int:
        """How many frames came, over all sockets."""
        return sum(len(told.arrivals) for told in self.frames)

    @property
    def events(self) -> int:
        """How many events stood in them."""
        return sum(len(told.arrivals) * len(told.events) for told in self.frames)

    @property
    def bytes_a_frame(self) -> int:
        return sum(len(told.arrivals) * told.size for told in self.frames) // max(1, self.writes)

    @property
    def span_s(self) -> float:
        """From the first arrival to the last."""
        return max((max(told.arrivals) for told in self.frames), default=0.0) - min(
            (min(told.arrivals) for told in self.frames), default=0.0
        )


class Crowd:
    """Commands the process that `crowd` started. Each waits until it is done."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def come(self, port: int, path: str, count: int, *, within_s: float, hello: str = "") -> list[float]:
        """Open sockets, spread over a time, and return how long each took to be served (s).

        With a hello, served means the first frame; without, the handshake. "SINCE" in it stands for where the crowd
        was told to last.
        """
        waits: list[float] = self._ask("come", port, path, count, within_s, hello)
        return waits

    def leave(self) -> None:
        self._ask("leave")

    def say(self, text: str) -> None:
        """Have one of the sockets send a frame."""
        self._ask("say", text)

    def forget(self) -> None:
        """Forget what was heard so far."""
        self._ask("forget")

    def hear(self, *, quiet_s: float = 1.0, within_s: float = 60) -> Heard:
        """Listen until nothing came for a while, and return everything since `forget`."""
        heard: Heard = self._ask("hear", quiet_s, within_s)
        return heard

    def _ask(self, *words: Any) -> Any:
        self._pipe.send(words)
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def crowd(*, core: int) -> Iterator[Crowd]:
    """Run a crowd's process, pinned to a core."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, core), daemon=True)
    process.start()
    try:
        yield Crowd(ours)
    finally:
        process.kill()
        process.join()


def latencies(
    heard: Heard, moments: dict[Any, float], *, mark: Callable[[dict[str, Any]], Any], most: int = 200_000
) -> list[float]:
    """Return milliseconds from each event's moment to each of its arrivals; `mark` gives an event's key in `moments`.

    Of more than `most` it takes every so manyth arrival of every frame.
    """
    step = 1 + heard.events // most
    return [
        (at - moments[mark(event)]) * 1000
        for told in heard.frames
        for event in told.events
        if mark(event) in moments
        for at in told.arrivals[::step]
    ]


def spread(values: list[float]) -> str:
    return f"p50 {percentile(values, 0.5):.1f}, p99 {percentile(values, 0.99):.1f}" if values else "none"


# --- In the crowd's process ---


class Member:
    """One socket."""

    __slots__ = ("begun_at", "is_open", "is_served", "rest", "socket")

    def __init__(self, address: tuple[str, int]) -> None:
        self.is_open = self.is_served = False
        self.rest = b""
        self.begun_at = time.monotonic()
        self.socket = socket.socket()
        self.socket.setblocking(False)
        # Gone at once, and no port waits: thousands of them come and go.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.socket.connect_ex(address)


class Listeners:
    """All sockets of the crowd, and what they heard."""

    def __init__(self) -> None:
        self.members: dict[int, Member] = {}
        self.known: dict[bytes, Told] = {}
        self.lost = 0
        self.heard_at = time.monotonic()
        self.since = ""
        self.bye = ""
        self.waits: list[float] = []
        self._poll = select.epoll()
        self._request = b""
        self._hello = ""

    def come(self, port: int, path: str, count: int, within_s: float, hello: str) -> list[float]:
        self.leave()
        self._request = HANDSHAKE.format(path=path, port=port).encode()
        self._hello, self.waits = hello, []
        begin = time.monotonic()
        opened = 0
        while len(self.waits) < count:
            due = min(count, int((time.monotonic() - begin) / within_s * count) + 1)
            for _ in range(opened, due):
                member = Member(("127.0.0.1", port))
                self.members[member.socket.fileno()] = member
                self._poll.register(member.socket, select.EPOLLOUT)
            opened = due
            self.turn(0.005)
            if self.lost or time.monotonic() - begin > within_s + 120:
                raise RuntimeError(f"{len(self.waits)} of {count} served, {self.lost} lost; last words: {self.bye}")
        return self.waits

    def leave(self) -> None:
        for member in self.members.values():
            member.socket.close()
        self.members.clear()
        self.lost = 0

    def say(self, text: str) -> None:
        _send(next(iter(self.members.values())), text.encode())

    def forget(self) -> None:
        self.turn(0)
        self.known.clear()
        self.lost = 0

    def hear(self, quiet_s: float, within_s: float) -> Heard:
        self.heard_at = begin = time.monotonic()
        while time.monotonic() - self.heard_at < quiet_s and time.monotonic() - begin < within_s:
            self.turn(0.01)
        return Heard([told for told in self.known.values() if told.arrivals], self.lost)

    def turn(self, timeout_s: float) -> None:
        """Read what there is, once."""
        for number, what in self._poll.poll(timeout_s, 1024):
            member = self.members.get(number)
            if member is None:
                continue
            if what & select.EPOLLIN:
                self._read(member)
            elif what & (select.EPOLLHUP | select.EPOLLERR):
                self._lose(member)
            elif what & select.EPOLLOUT:
                member.socket.send(self._request)
                self._poll.modify(number, select.EPOLLIN)

    def _lose(self, member: Member) -> None:
        del self.members[member.socket.fileno()]
        member.socket.close()
        self.lost += 1

    def _read(self, member: Member) -> None:
        try:
            data = member.socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._lose(member)
            return
        if member.is_served and not member.rest and (told := self.known.get(data)):
            self.heard_at = time.monotonic()
            told.arrivals.append(self.heard_at)
            return
        data = member.rest + data
        if not member.is_open:
            head, end, data = data.partition(END_OF_HEAD)
            if not end:
                member.rest = head
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                raise RuntimeError(head.decode())
            member.is_open = True
            if self._hello:
                _send(member, self._hello.replace('"SINCE"', self.since or "null").encode())
            else:
                self._is_served(member)
        member.rest = self._take_frames(member, data)

    def _take_frames(self, member: Member, data: bytes) -> bytes:
        """Take whole frames, and return what is left."""
        start, size = 0, len(data)
        while size - start >= 2:
            length, begin = data[start + 1], start + 2
            if length == 126:
                length, begin = int.from_bytes(data[begin : begin + 2], "big"), begin + 2
            elif length == 127:
                length, begin = int.from_bytes(data[begin : begin + 8], "big"), begin + 8
            if begin > size or begin + length > size:
                break
            self._take(member, data[start : begin + length], begin - start)
            start = begin + length
        return data[start:]

    def _take(self, member: Member, frame: bytes, head: int) -> None:
        self.heard_at = time.monotonic()
        if frame[0] == PING:
            _send(member, frame[head:], kind=PONG)
        if frame[0] != TEXT:
            return
        told = self.known.get(frame)
        if told is None:
            told = self.known[frame] = self._understand(frame[head:])
        told.arrivals.append(self.heard_at)
        if not member.is_served:
            self._is_served(member)

    def _is_served(self, member: Member) -> None:
        member.is_served = True
        self.waits.append(time.monotonic() - member.begun_at)

    def _understand(self, text: bytes) -> Told:
        """Find the events of a batch; a frame of another protocol is one event."""
        frame = orjson.loads(text)
        if frame.get("type") == "snapshot":
            self.since = orjson.dumps({"epoch": frame["epoch"], "seq": frame["seq"]}).decode()
        elif frame.get("type") == "batch":
            self.since = orjson.dumps({"epoch": frame["epoch"], "seq": frame["to"]}).decode()
        elif frame.get("type") == "bye":
            self.bye = text.decode()
        ours = {"welcome", "snapshot", "batch", "bye", "error"}
        return Told(len(text), frame.get("events", []) if frame.get("type") in ours else [frame])


def _send(member: Member, payload: bytes, *, kind: int = TEXT) -> None:
    """Send a frame, masked with zeros."""
    size = len(payload)
    header = bytes((kind, 0x80 | size)) if size < 126 else bytes((kind, 0xFE)) + size.to_bytes(2, "big")
    member.socket.send(header + bytes(4) + payload)


def _serve(pipe: Connection, core: int) -> None:
    psutil.Process().cpu_affinity([core])
    listeners = Listeners()
    while True:
        while not pipe.poll():
            listeners.turn(0.01)
        word, *arguments = pipe.recv()
        try:
            pipe.send(getattr(listeners, word)(*arguments))
        except Exception as error:
            pipe.send(error)
