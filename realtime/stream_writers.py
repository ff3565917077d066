"""Prebuilt chunks of server-sent events into the transports of Daphne and uvicorn: as writers.py for sockets.

The answer's head, and a first part of its body, were sent through ASGI before: only then the servers know its framing.
Each frame is one chunk (HTTP/1.1), or the bare event where a proxy speaks HTTP/1.0. tests/test_realtime_streams.py
fails when a server's inside changes.
"""

import asyncio
from functools import partial
from typing import Any

from realtime.wire import Frame
from realtime.writers import (
    FRAME_MAX_BYTES,
    DaphneWriter,
    PlainWriter,
    Send,
    UvicornWriter,
    Writer,
    is_twisted_socket,
)

END = {"type": "http.response.body", "body": b"", "more_body": False}
END_WITHIN_S = 1.0


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


class PlainStream(PlainWriter):
    """Sends events through ASGI."""

    kind = "plain-stream"

    def _sending(self, frame: Frame) -> dict[str, Any]:
        return {"type": "http.response.body", "body": frame.event, "more_body": True}

    def _closing(self, code: int) -> dict[str, Any]:
        return END


def stream_writer_of(send: Send) -> Writer:
    """Return the fastest writer for an answer whose head and first bytes are sent."""
    return DaphneStream.find(send) or UvicornStream.find(send) or PlainStream(send)
