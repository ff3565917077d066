"""Listen for publishers."""

import asyncio
import logging
from collections.abc import Callable

from streams.ingest.connection_limits import ConnectionLimits
from streams.ingest.rtmp.session import Door, Session

logger = logging.getLogger(__name__)

WAITING_MAX = 16  # of one network, before a key was accepted
WAITING_ALL_MAX = 64  # of everybody; those who publish are as many as shows are on air
BUFFER_BYTES = 256 * 1024


class Server:
    """Serves publishers until it is closed. Of too many that show no key some are hung up on.

    `network_of` says which addresses belong together.
    """

    def __init__(self, door: Door, *, network_of: Callable[[str], str] = str) -> None:
        self._network_of = network_of
        self._door = door
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._turnstile = ConnectionLimits(waiting_most=WAITING_MAX, waiting_all=WAITING_ALL_MAX)

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
        peername = writer.get_extra_info("peername")
        peer = str(peername[0]) if peername else "unknown"
        visit = self._turnstile.enter(self._network_of(peer), writer.transport.abort)
        if visit is None:
            logger.warning("rtmp connection from %s refused: there are too many", peer)
            writer.close()
            return
        task = asyncio.current_task()
        if task is None:  # start_server always runs this in a task of its own
            raise RuntimeError("no task")
        self._sessions.add(task)
        try:
            await Session(reader, writer, self._door, peer=peer, visit=visit).run()
        except asyncio.CancelledError:  # by `close`; asyncio's own callback would log it as a fault
            logger.debug("rtmp connection from %s ended", peer)
        finally:
            visit.left()
            self._sessions.discard(task)
