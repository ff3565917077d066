"""A balancer as it stands in front of realtime processes: each connection goes to the first server that takes it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from tests.support.event_loop_thread import background_loop


@contextmanager
def balanced(ports: Sequence[int]) -> Iterator[int]:
    """Pass connections on to these ports of this machine; yield the port to connect to."""

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(pass_on, "127.0.0.1", 0)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for port in ports:
            with suppress(OSError):
                there, back = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_copy(reader, back), _copy(there, writer))
                return
        writer.close()

    with background_loop() as loop:
        server = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
        yield server.sockets[0].getsockname()[1]
        loop.call_soon_threadsafe(server.close)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
