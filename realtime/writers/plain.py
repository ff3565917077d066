"""Writing by ASGI alone: right under any server."""

import asyncio
from collections.abc import Callable
from typing import Any

from realtime.wire import Frame
from realtime.writers.writer import Send

END = {"type": "http.response.body", "body": b"", "more_body": False}


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


class PlainStream(PlainWriter):
    """Sends events through ASGI."""

    kind = "plain-stream"

    def _sending(self, frame: Frame) -> dict[str, Any]:
        return {"type": "http.response.body", "body": frame.event, "more_body": True}

    def _closing(self, code: int) -> dict[str, Any]:
        return END
