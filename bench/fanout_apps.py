"""What the hub is measured beside, under the same servers: a bare loop over transports, and a consumer per viewer."""

import asyncio
import time
from typing import Any

from config.asgi import application as _ours  # noqa: F401 (sets Django up)

# After it:
from channels.generic.websocket import AsyncWebsocketConsumer  # isort: skip
from channels.routing import ProtocolTypeRouter  # isort: skip

from realtime import wire  # isort: skip
from realtime.writers import Writer, writer_of  # isort: skip

GROUP = "bench"
_writers: set[Writer] = set()


async def _one_of_many(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Take a socket; one that says `<bytes of a frame> <rounds> <tick in seconds>` has such frames written to all."""
    await receive()
    await send({"type": "websocket.accept"})
    writer = writer_of(send)
    _writers.add(writer)
    while (message := await receive())["type"] == "websocket.receive":
        size, rounds, tick_s = message["text"].split()
        frame = wire.framed(b'{"text":"%b"}' % (b"x" * (int(size) - 11)))
        await _write_to_all(frame, int(rounds), tick_s=float(tick_s))
    _writers.discard(writer)


async def _write_to_all(frame: wire.Frame, rounds: int, *, tick_s: float) -> None:
    """Write the same bytes to every transport, over and over; between two rounds the server may do its part."""
    writes = [writer._transport.write for writer in _writers]  # type: ignore[attr-defined]
    data = frame.framed
    for _ in range(rounds):
        begin = time.monotonic()
        for write in writes:
            write(data)
        await asyncio.sleep(max(0.0, begin + tick_s - time.monotonic()))


class Viewer(AsyncWebsocketConsumer):
    """The plain way of Channels: each viewer a consumer, in a group."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def news(self, message: dict[str, Any]) -> None:
        await self.send(text_data=message["text"])


bare = ProtocolTypeRouter({"websocket": _one_of_many})
plain = ProtocolTypeRouter({"websocket": Viewer.as_asgi()})
