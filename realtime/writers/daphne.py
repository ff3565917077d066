"""Writing into the Twisted transports of Daphne. Knows the inside of Daphne, autobahn and Twisted."""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, ClassVar

from realtime.wire import Frame
from realtime.writers.plain import END
from realtime.writers.writer import FRAME_MAX_BYTES, Send

GET_OUT_S = 0.3


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


class DaphneStream(DaphneWriter):
    """Writes to the Twisted transport under Daphne's WebRequest."""

    kind = "daphne-stream"

    def __init__(self, request: Any, send: Send) -> None:
        self._request = request
        self._transport = request.transport
        self._send = send

    @classmethod
    def find(cls, send: Send) -> "DaphneStream | None":
        """Recognise `partial(Server.handle_reply, request)` with an answer that has begun."""
        if not isinstance(send, partial) or len(send.args) != 1:
            return None
        request = send.args[0]
        if not all(hasattr(request, name) for name in ("transport", "channel", "finished", "chunked")):
            return None
        if not getattr(request, "startedWriting", False) or not is_twisted_socket(request.transport):
            return None
        return cls(request, send)

    def write(self, frame: Frame) -> None:
        if not self._request.finished and self._request.channel is not None:
            self._put(frame.chunk if self._request.chunked else frame.event)

    async def close(self, code: int) -> None:
        await self._send(END)
        if self.buffered() > FRAME_MAX_BYTES:
            self._transport.abortConnection()
