"""Many viewers at once, each with the state that its frames lead to."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from realtime.state import Gap, State, reduce
from tests.support.event_loop_thread import background_loop
from tests.support.realtime_servers import Server

COMES_BACK_S = 0.2


class Viewer:
    """Says hello, applies what comes, says hello again at a gap, and comes back when the socket is lost."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.state: State | None = None
        self.epochs: list[str] = []
        self._has_asked = False

    async def stay(self) -> None:
        while True:
            try:
                async with connect(self.url, compression=None, max_size=None, ping_interval=None) as socket:
                    await self._hello(socket)
                    async for text in socket:
                        await self._take(socket, orjson.loads(text))
            except (OSError, WebSocketException):
                pass
            await asyncio.sleep(COMES_BACK_S)

    async def _hello(self, socket: ClientConnection) -> None:
        since = {"since": {"epoch": self.state["epoch"], "seq": self.state["seq"]}} if self.state else {}
        self._has_asked = True
        await socket.send(orjson.dumps({"type": "hello", "v": 1, **since}).decode())

    async def _take(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        if frame["type"] == "welcome":
            self._has_asked = False
        try:
            self.state = reduce(self.state, frame)
        except Gap:
            if not self._has_asked:
                await self._hello(socket)
        if frame["type"] == "snapshot":
            self.epochs.append(frame["epoch"])


@contextmanager
def crowd(servers: Sequence[Server], path: str, *, each: int) -> Iterator[list[Viewer]]:
    """Have so many viewers come to each server."""
    viewers = [Viewer(f"ws://127.0.0.1:{server.port}{path}") for server in servers for _ in range(each)]
    with background_loop() as loop:
        for viewer in viewers:
            asyncio.run_coroutine_threadsafe(viewer.stay(), loop)
        yield viewers
