"""Prebuilt frames into the transports of Daphne and uvicorn.

Both servers build a frame anew for every socket that sends it; a fan-out writes the same bytes to all. This module,
and stream_writers.py for server-sent events, know the servers' inside. They look before they write, and where they
don't find what they know, they fall back on plain ASGI `send`. tests/test_realtime_sockets.py fails when a server's
inside changes.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, Protocol

from realtime.wire import INBOUND_MAX_BYTES, Frame

Send = Callable[[dict[str, Any]], Awaitable[None]]

FRAME_MAX_BYTES = 16 * INBOUND_MAX_BYTES
GET_OUT_S = 0.3


class Writer(Protocol):
    """Writes to one socket. Nothing here waits, and nothing raises: a socket that is gone swallows what is written."""

    kind: str

    def write(self, frame: Frame) -> None: ...

    def buffered(self) -> int:
        """Return how many bytes wait for a slow reader."""

    async def close(self, code: int) -> None:
        """Close after what was written. A socket that doesn't read is cut off."""

    def before_server_ends(self, call: Callable[[], None]) -> None:
        """Have something done while sockets can still be written to. It may be called more than once."""


def spare_formatting() -> None:
    """Have autobahn not format all its options at each handshake, for a line of its debug log that nobody reads.

    It is a fifth of what a crowd that comes back costs Daphne.
    """
    autobahn: Any = sys.modules.get("autobahn.websocket.protocol")
    if hasattr(autobahn, "pformat"):
        autobahn.pformat = lambda value: value


def is_twisted_socket(transport: Any) -> bool:
    """Whether this is the plain connection of Twisted's that DaphneWriter knows."""
    names = (
        "write",
        "dataBuffer",
        "offset",
        "_tempDataLen",
        "abortConnection",
        "socket",
        "connected",
        "disconnecting",
    )
    return all(hasattr(transport, name) for name in names)


class DaphneWriter:
    """Writes to the Twisted transport under Daphne's WebSocketProtocol (autobahn)."""

    kind = "daphne"
    _ending: ClassVar[list[Callable[[], None]]] = []

    def __init__(self, protocol: Any, send: Send) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._send = send
        # Daphne's own limit is a megabyte; autobahn closes with 1009 what is over ours.
        protocol.maxMessagePayloadSize = protocol.maxFramePayloadSize = FRAME_MAX_BYTES

    @classmethod
    def find(cls, send: Send) -> "DaphneWriter | None":
        """Recognise `partial(Server.handle_reply, protocol)` with an open, uncompressed socket behind it."""
        if not isinstance(send, partial) or len(send.args) != 1:
            return None
        protocol = send.args[0]
        names = ("STATE_OPEN", "state", "transport", "send_queue", "_perMessageCompress", "maxMessagePayloadSize")
        if not all(hasattr(protocol, name) for name in names):
            return None
        if protocol._perMessageCompress is not None or not is_twisted_socket(protocol.transport):
            return None
        return cls(protocol, send)

    def write(self, frame: Frame) -> None:
        if self._protocol.state == self._protocol.STATE_OPEN and not self._protocol.send_queue:
            self._put(frame.framed)

    def _put(self, data: bytes) -> None:
        """Hand bytes to the kernel at once, as asyncio's transports do; to Twisted what it doesn't take.

        Twisted would wait for the socket to be writable, for each of thousands that are, at four times the cost.
        """
        transport = self._transport
        if not self.buffered() and transport.connected and not transport.disconnecting:
            with suppress(OSError):  # it is full, or gone: Twisted finds out which
                data = data[transport.socket.send(data) :]
        if data:
            transport.write(data)

    def buffered(self) -> int:
        transport = self._transport
        size: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        return size

    async def close(self, code: int) -> None:
        await self._send({"type": "websocket.close", "code": code})
        if self.buffered() > FRAME_MAX_BYTES:
            self._transport.abortConnection()

    def before_server_ends(self, call: Callable[[], None]) -> None:
        """Twisted's reactor stops in phases; the first ends when all it waits for is done, so that bytes get out."""
        if call in self._ending:
            return
        self._ending.append(call)
        # Twisted's types say "module", not what the module becomes.
        from twisted.internet import task

        reactor: Any = import_module("twisted.internet.reactor")

        def say_first() -> object:
            call()
            return task.deferLater(reactor, GET_OUT_S)

        reactor.addSystemEventTrigger("before", "shutdown", say_first)


class UvicornWriter:
    """Writes to the asyncio transport under uvicorn's WebSocketsSansIOProtocol."""

    kind = "uvicorn"

    def __init__(self, protocol: Any, send: Send) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._send = send
        # uvicorn's own limit is sixteen megabytes, of a message that may never end.
        protocol.conn.max_message_size = FRAME_MAX_BYTES

    @classmethod
    def find(cls, send: Send) -> "UvicornWriter | None":
        """Recognise the bound method `send` of a protocol whose handshake is done, without compression."""
        protocol = getattr(send, "__self__", None)
        names = ("transport", "handshake_complete", "close_sent", "disconnected", "conn", "shutdown")
        if protocol is None or not all(hasattr(protocol, name) for name in names):
            return None
        if not protocol.handshake_complete or getattr(protocol.conn, "extensions", None) != []:
            return None
        if not hasattr(protocol.conn, "max_message_size"):
            return None
        if not all(hasattr(protocol.transport, b) for b in ("write", "get_write_buffer_size", "is_closing", "abort")):
            return None
        return cls(protocol, send)

    @property
    def _is_open(self) -> bool:
        return not (self._protocol.close_sent or self._protocol.disconnected or self._transport.is_closing())

    def write(self, frame: Frame) -> None:
        if not self._protocol.close_sent and not self._transport.is_closing():
            self._transport.write(frame.framed)

    def buffered(self) -> int:
        size: int = self._transport.get_write_buffer_size()
        return size

    async def close(self, code: int) -> None:
        if self.buffered() > FRAME_MAX_BYTES:
            self._transport.abort()
        elif self._is_open:
            await self._send({"type": "websocket.close", "code": code})

    def before_server_ends(self, call: Callable[[], None]) -> None:
        """uvicorn ends by calling `shutdown` of every protocol, which closes at once."""
        shutdown = self._protocol.shutdown

        def say_first() -> None:
            call()
            shutdown()

        self._protocol.shutdown = say_first


class PlainWriter:
    """Sends through ASGI, one frame after the other, from a queue of its own: slower, and right under any server."""

    kind = "plain"

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: asyncio.Queue[Frame | int] = asyncio.Queue()
        self._bytes = 0
        self._task = asyncio.create_task(self._drain())

    def write(self, frame: Frame) -> None:
        self._bytes += len(frame.text)
        self._queue.put_nowait(frame)

    def buffered(self) -> int:
        return self._bytes

    async def close(self, code: int) -> None:
        self._queue.put_nowait(code)
        _, waiting = await asyncio.wait({self._task}, timeout=1)
        for task in waiting:
            task.cancel()

    def before_server_ends(self, call: Callable[[], None]) -> None:
        """Nothing is known of this server's end: sockets close without a word, and clients come back by themselves."""

    def _sending(self, frame: Frame) -> dict[str, Any]:
        return {"type": "websocket.send", "text": frame.text.decode()}

    def _closing(self, code: int) -> dict[str, Any]:
        return {"type": "websocket.close", "code": code}

    async def _drain(self) -> None:
        while True:
            waiting = await self._queue.get()
            try:
                if isinstance(waiting, int):
                    await self._send(self._closing(waiting))
                    return
                await self._send(self._sending(waiting))
                self._bytes -= len(waiting.text)
            except Exception:
                return


def writer_of(send: Send) -> Writer:
    """Return the fastest writer for an accepted socket."""
    return DaphneWriter.find(send) or UvicornWriter.find(send) or PlainWriter(send)
