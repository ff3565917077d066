"""Writing into the asyncio transports of uvicorn. Knows the inside of its WebSockets and h11 protocols."""

import asyncio
from collections.abc import Callable
from typing import Any

from realtime.wire import Frame
from realtime.writers.plain import END
from realtime.writers.writer import FRAME_MAX_BYTES, Send

END_WITHIN_S = 1.0


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


class UvicornStream(UvicornWriter):
    """Writes to the asyncio transport under uvicorn's RequestResponseCycle (h11)."""

    kind = "uvicorn-stream"

    def __init__(self, cycle: Any, send: Send) -> None:
        self._cycle = cycle
        self._protocol = cycle.on_response.__self__  # the connection, which the server shuts down
        self._transport = cycle.transport
        self._send = send
        self._is_chunked = cycle.conn.their_http_version == b"1.1"

    @classmethod
    def find(cls, send: Send) -> "UvicornStream | None":
        """Recognise the bound method `send` of a cycle whose answer has begun."""
        cycle = getattr(send, "__self__", None)
        names = ("transport", "conn", "disconnected", "response_started", "response_complete", "on_response")
        if cycle is None or not all(hasattr(cycle, name) for name in names) or not cycle.response_started:
            return None
        if not hasattr(cycle.conn, "their_http_version") or not hasattr(cycle.on_response, "__self__"):
            return None
        if not all(hasattr(cycle.transport, b) for b in ("write", "get_write_buffer_size", "is_closing", "abort")):
            return None
        return cls(cycle, send)

    @property
    def _is_open(self) -> bool:
        return not (self._cycle.disconnected or self._cycle.response_complete or self._transport.is_closing())

    def write(self, frame: Frame) -> None:
        if self._is_open:
            self._transport.write(frame.chunk if self._is_chunked else frame.event)

    async def close(self, code: int) -> None:
        if not self._is_open:
            return
        if self.buffered() <= FRAME_MAX_BYTES:
            try:
                # uvicorn waits for a reader that is behind.
                async with asyncio.timeout(END_WITHIN_S):
                    await self._send(END)
                return
            except TimeoutError:
                pass
        self._transport.abort()
