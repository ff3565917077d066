"""A room: one topic in one process, its state, what is about to be sent, and the sockets it is sent to.

A room runs on the event loop and never waits: everything here is done between two turns of it.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from realtime import rehearsals, wire
from realtime.state import State, fold, reduce
from realtime.topic_log import Head, Snapshot, snapshot_frame
from realtime.viewer_counts import ViewerList
from realtime.wire import Event, Frame, Since
from realtime.writers import Writer

FOLD_S = 0.05
REST_S = 0.005
SKIP_BYTES = 64 * 1024
CALM_BYTES = 16 * 1024
CLOSE_BYTES = 256 * 1024
HOPELESS_S = 1.0
STALLED_S = 10.0
RING_MAX = 1000
RESUMES_CACHED = 32


class Seat:
    """A socket in a room. `behind_since` is set while it is skipped for reading too slowly.

    `sign_in` marks the session of who sits there (tickets.Person), `checked_ms` is when it was seen that they had not
    signed out, `on_silence` is called when a moderator silenced them, or lets them write again. `is_insider` is set
    for those who may see a rehearsal, `is_viewer` unless it said that it does not watch; `viewer` is
    the word for who watches (presence.py).
    """

    __slots__ = (
        "behind_since",
        "checked_ms",
        "is_insider",
        "is_leaving",
        "is_viewer",
        "on_silence",
        "sign_in",
        "viewer",
        "writer",
    )

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.behind_since: float | None = None
        self.is_leaving = False
        self.is_insider = False
        self.is_viewer = True
        self.viewer = ""
        self.sign_in = ""
        self.checked_ms = 0
        self.on_silence: Callable[[], None] | None = None


class Room:
    """Sockets join at `sent`: the seq of the last frame that was written, whose state they get as a snapshot.

    Only insiders learn of a rehearsal (rehearsals.py): to others the show is planned all the while.
    """

    def __init__(self, topic: str, snapshot: Snapshot) -> None:
        self.topic = topic
        self.seats: set[Seat] = set()
        self.slow: list[Seat] = []
        self.viewer_list = ViewerList()
        self._loop = asyncio.get_running_loop()
        self._flush_at: asyncio.TimerHandle | None = None
        self._next_flush = 0.0
        self._start(snapshot)

    def _start(self, snapshot: Snapshot) -> None:
        self.state: State = snapshot.state
        self.host = snapshot.host
        self.epoch = snapshot.head.epoch
        self.seq = self.sent = snapshot.head.seq
        self._pending: list[Event] = []
        self._ring: deque[tuple[int, Event]] = deque(snapshot.entries, maxlen=RING_MAX)
        self._snapshots: dict[bool, Frame] = {}
        self._resumes: OrderedDict[tuple[bool, int], Frame] = OrderedDict()

    def viewers(self) -> list[str]:
        """Return whom each socket of a viewer belongs to. The host, and those who don't watch, are no viewers."""
        return [seat.viewer for seat in self.seats if seat.is_viewer and seat.viewer != self.host]

    @property
    def is_on_air(self) -> bool:
        return self._show_state in {"live", "interrupted"}

    @property
    def may_be_rehearsed(self) -> bool:
        """Whether it matters who is an insider: a show on air, or over, is never rehearsed again."""
        return self._show_state in {"scheduled", "rehearsal"}

    @property
    def _show_state(self) -> str:
        return str(self.state.get("session", {}).get("state", ""))

    # --- What comes from the log ---

    def take(self, *, epoch: str, first: int, events: Iterable[Event]) -> bool:
        """Take numbered events, skipping known ones. False: there is a gap, or another epoch; nothing was taken."""
        if epoch != self.epoch or first > self.seq + 1:
            return False
        for seq, event in enumerate(events, first):
            if seq <= self.seq:
                continue
            self.seq = seq
            self._ring.append((seq, event))
            self._pending.append(event)
        if self._pending and self._flush_at is None:
            self._flush_at = self._loop.call_at(max(self._loop.time(), self._next_flush), self.flush)
        return True

    def restart(self, snapshot: Snapshot) -> None:
        """Go on from a fresh snapshot and give it to everyone: the log has lost, or never had, what leads to it."""
        self._cancel_flush()
        self._start(snapshot)
        for seat in self.seats:
            self._write(seat, self._snapshot_frame(seat))

    def flush(self) -> None:
        """Write what came in since the last time to every socket, as one frame."""
        self._cancel_flush()
        if not self._pending:
            return
        begin = self._loop.time()
        message = wire.batch(epoch=self.epoch, first=self.sent + 1, last=self.seq, events=fold(self._pending))
        public = rehearsals.public_batch(message)
        self._pending = []
        after = reduce(self.state, message)
        assert after is not None  # noqa: S101 (a batch that continues the state gives a state)
        self.state, self.sent = after, self.seq
        self._snapshots.clear()
        self._resumes.clear()
        frame = Frame.of(message)
        if public is message:
            for seat in self.seats:
                self._write(seat, frame)
        else:
            public_frame = Frame.of(public)
            for seat in self.seats:
                self._write(seat, frame if seat.is_insider else public_frame)
        # Where one frame to everybody takes longer than a tick, what came meanwhile goes out after a short rest.
        self._next_flush = max(begin + FOLD_S, self._loop.time() + REST_S)

    def _cancel_flush(self) -> None:
        if self._flush_at is not None:
            self._flush_at.cancel()
            self._flush_at = None

    # --- Sockets ---

    def join(self, seat: Seat, since: Since | None) -> None:
        """Welcome a socket, also one that says hello again: with what it missed, or with a snapshot."""
        missed = self._missed(seat, since) if since else None
        head = Head(self.epoch, self.seq)
        seat.writer.write(Frame.of(wire.welcome(epoch=head.epoch, seq=head.seq, recovered=missed is not None)))
        if missed is None:
            seat.writer.write(self._snapshot_frame(seat))
        elif missed.text:
            seat.writer.write(missed)
        seat.behind_since = None
        self.seats.add(seat)

    def leave(self, seat: Seat) -> None:
        self.seats.discard(seat)

    def check(self) -> None:
        """Look after the slow: a snapshot for those who have read, a bye for those who don't (left in `slow`)."""
        for seat in self.seats:
            if seat.behind_since is not None:
                self._write(seat, None)

    def _write(self, seat: Seat, frame: Frame | None) -> None:
        """Write a frame unless the socket is slow; one that was and has read gets a snapshot instead."""
        waiting = seat.writer.buffered()
        if seat.behind_since is None and waiting <= SKIP_BYTES:
            if frame:
                seat.writer.write(frame)
            return
        now = self._loop.time()
        if seat.behind_since is None:
            seat.behind_since = now
        if waiting <= CALM_BYTES:
            seat.behind_since = None
            seat.writer.write(self._snapshot_frame(seat))
        elif now - seat.behind_since > (HOPELESS_S if waiting > CLOSE_BYTES else STALLED_S) and not seat.is_leaving:
            seat.is_leaving = True
            self.slow.append(seat)

    def _missed(self, seat: Seat, since: Since) -> Frame | None:
        """Return what somebody missed up to `sent` as one frame (an empty one for nothing), or None if it is gone."""
        if since.epoch != self.epoch or not 0 <= since.seq <= self.sent:
            return None
        if since.seq == self.sent:
            return Frame(b"", b"")
        if not self._ring or self._ring[0][0] > since.seq + 1:
            return None
        if frame := self._resumes.get((seat.is_insider, since.seq)):
            return frame
        events = fold(event for seq, event in self._ring if since.seq < seq <= self.sent)
        message = wire.batch(epoch=self.epoch, first=since.seq + 1, last=self.sent, events=events)
        frame = Frame.of(message if seat.is_insider else rehearsals.public_batch(message))
        self._resumes[seat.is_insider, since.seq] = frame
        if len(self._resumes) > RESUMES_CACHED:
            self._resumes.popitem(last=False)
        return frame

    def _snapshot_frame(self, seat: Seat) -> Frame:
        if seat.is_insider not in self._snapshots:
            state = self.state if seat.is_insider else rehearsals.public_state(self.state)
            self._snapshots[seat.is_insider] = Frame.of(snapshot_frame(state))
        return self._snapshots[seat.is_insider]
