"""Listen for browsers."""

import http
import json
import logging
from functools import partial
from typing import Any

from channels.db import database_sync_to_async
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from websockets.asyncio.server import Server as SocketServer
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from shop import readiness
from shop.http.insiders import may_look
from shop.http.network import DOOR_HEADER, believed_address, network_of
from shop.http.origins import is_ours
from streams.ingest.camera.session import Open, Session
from streams.ingest.camera.tickets import CAMERA_PATH
from streams.ingest.connection_limits import ConnectionLimits, Visit

logger = logging.getLogger(__name__)
# The library writes a traceback for every handshake that fails, and anybody can make it fail.
library_logger = logging.getLogger("streams.camera.library")
library_logger.setLevel(logging.CRITICAL)

WAITING_MAX = 16  # of one network, before a ticket was accepted
WAITING_ALL_MAX = 64  # of everybody
MESSAGE_BYTES_MAX = 4 * 1024 * 1024
QUEUED_MESSAGES = 8
HANDSHAKE_S = 5
PING_S = 5
GONE_S = 10
CLOSE_S = 1
SERVICE_RESTART = 1012
FOR_THE_MACHINE = frozenset({"/health", "/ready", "/metrics"})
JSON = "application/json"


class Connection(ServerConnection):
    """One socket, counted from its handshake on, to the address that the front door saw.

    Only the door connects here, and it sends nothing before the handshake is whole.
    """

    visit: Visit | None = None
    peer = "unknown"

    def __init__(self, turnstile: ConnectionLimits, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turnstile = turnstile

    def enter(self, request: Request) -> bool:
        """Count it to whoever asks; return whether there is room."""
        near = str((self.remote_address or ("",))[0])
        forwarded, door = (", ".join(request.headers.get_all(name)) for name in ("X-Forwarded-For", DOOR_HEADER))
        self.peer = believed_address(near, forwarded, door=door) or "unknown"
        self.visit = self._turnstile.enter(network_of(self.peer), self.transport.abort)
        return self.visit is not None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.visit:
            self.visit.left()


class Server:
    """Serves browsers until it is closed."""

    def __init__(self, open: Open) -> None:
        self._open = open
        self._server: SocketServer | None = None
        self._turnstile = ConnectionLimits(waiting_most=WAITING_MAX, waiting_all=WAITING_ALL_MAX)

    async def listen(self, host: str, port: int) -> None:
        """Raises OSError if the port is taken."""
        self._server = await serve(
            self._serve,
            host,
            port,
            process_request=_answer,
            create_connection=partial(Connection, self._turnstile),  # type: ignore[arg-type]
            compression=None,
            max_size=MESSAGE_BYTES_MAX,
            max_queue=QUEUED_MESSAGES,
            open_timeout=HANDSHAKE_S,
            ping_interval=PING_S,
            ping_timeout=GONE_S,
            close_timeout=CLOSE_S,
            server_header=None,
            logger=library_logger,
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(next(iter(self._server.sockets)).getsockname()[1]) if self._server else 0

    async def close(self) -> None:
        """Stop listening, and send everybody away to come back soon."""
        if self._server:
            self._server.close(code=SERVICE_RESTART, reason="restart")
            await self._server.wait_closed()

    async def _serve(self, socket: ServerConnection) -> None:
        if isinstance(socket, Connection) and socket.visit:
            await Session(socket, self._open, peer=socket.peer, visit=socket.visit).run()


async def _answer(socket: ServerConnection, request: Request) -> Response | None:
    """Answer what is no camera; the machine itself may ask here how its media process does."""
    path = request.path.partition("?")[0]
    if path not in FOR_THE_MACHINE:
        return _refusal(socket, request)
    if path == "/health":
        return _page(socket, http.HTTPStatus.OK, JSON, '{"status":"OK"}')
    near = str((socket.remote_address or ("",))[0])
    forwarded = ", ".join(request.headers.get_all("X-Forwarded-For"))
    authorization = ", ".join(request.headers.get_all("Authorization"))
    if not may_look(peer=near, forwarded=forwarded, authorization=authorization):
        return socket.respond(http.HTTPStatus.FORBIDDEN, "This is for the machine itself.\n")
    if path == "/metrics":
        return _page(socket, http.HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest().decode())
    checks = await database_sync_to_async(readiness.check)()
    return _page(socket, http.HTTPStatus(readiness.status(checks)), JSON, json.dumps({"checks": checks}))


def _page(socket: ServerConnection, status: http.HTTPStatus, kind: str, text: str) -> Response:
    answer = socket.respond(status, text)
    del answer.headers["Content-Type"]
    answer.headers["Content-Type"] = kind
    return answer


def _refusal(socket: ServerConnection, request: Request) -> Response | None:
    """Refuse, at the handshake, a page that is not ours, another address, or one too many."""
    if request.path.partition("?")[0] != CAMERA_PATH:
        return socket.respond(http.HTTPStatus.NOT_FOUND, "There is nothing here.\n")
    # Only pages send cameras, and their browsers say whose they are.
    origins = request.headers.get_all("Origin")
    hosts = request.headers.get_all("Host")
    if len(origins) != 1 or len(hosts) != 1 or not is_ours(origins[0], host=hosts[0]):
        return socket.respond(http.HTTPStatus.FORBIDDEN, "This page may not send a camera.\n")
    if isinstance(socket, Connection) and not socket.enter(request):
        logger.warning("camera at %s refused: there are too many", socket.peer)
        return socket.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "Too many cameras.\n")
    return None
