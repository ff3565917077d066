"""Listen for publishers."""

import asyncio
import logging

from streams.rtmp.session import Door, Session

logger = logging.getLogger(__name__)

CONNECTIONS_MAX = 128
BUFFER_BYTES = 256 * 1024


class Server:
    """Serves publishers until it is closed. No more than CONNECTIONS_MAX at once: the rest are hung up on."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int) -> None:
        """Raises OSError if the port is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=BUFFER_BYTES)

    async def close(self) -> None:
        """Stop listening and end every session. Each says goodbye to its publisher first."""
        if self._server:
            self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= CONNECTIONS_MAX:
            logger.warning("rtmp connection refused: %d are open", len(self._sessions))
            writer.close()
            return
        task = asyncio.current_task()
        if task is None:  # start_server always runs this in a task of its own
            raise RuntimeError("no task")
        self._sessions.add(task)
        try:
            await Session(reader, writer, self._door).run()
        finally:
            self._sessions.discard(task)
