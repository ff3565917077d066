"""One browser's connection: a hello with its ticket, then recordings one after the other."""

import asyncio
import logging
import time
from typing import Any, Protocol

import orjson
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from shop.token_bucket import TokenBucket
from streams.exceptions import UNKNOWN_CODEC, KeyRefused
from streams.ingest.camera.recording import Kind, Recording, UnknownRecording, kind_of
from streams.ingest.connection_limits import Visit
from streams.ingest.exceptions import ProtocolError, UnknownCodec
from streams.ingest.publisher import STOPPED, Publisher, until_stopped

logger = logging.getLogger(__name__)

HELLO_S = 5.0
HELLO_BYTES_MAX = 4096
MIME_MAX = 200
RATE_BYTES_S = 2_500_000  # 20 Mbit/s
BURST_BYTES = 4 * RATE_BYTES_S
MESSAGES_S = 60
BEGIN_EVERY_S = 1.0
POLICY = 4008  # RFC 6455's 1008, as a code that a server may choose


class StoppablePublisher(Publisher, Protocol):
    stop_reason: str
    """Why we want it gone."""


class Open(Protocol):
    """Decides who may send."""

    async def __call__(self, ticket: str, *, peer: str) -> StoppablePublisher:
        """Check a ticket before any media is taken. Raises KeyRefused."""


class BadFrame(Exception):
    """The browser sent what the studio's script never sends."""


class Session:
    """Serves one connection. `visit` is told how far it has come; it counts no more once the ticket was accepted."""

    def __init__(self, socket: ServerConnection, open: Open, *, peer: str, visit: Visit) -> None:
        self._socket = socket
        self._open = open
        self._peer = peer
        self._visit = visit
        self._allowance = Allowance()

    async def run(self) -> None:
        """Serve the connection to its end. Raises nothing but cancellation."""
        try:
            await self._serve()
        except ConnectionClosed:
            logger.debug("camera at %s gone", self._peer)
        except (BadFrame, UnknownRecording, TimeoutError) as error:
            logger.info("camera at %s sent away: %r", self._peer, error)
            await self._bye("bad_message")
        except Exception:  # the library would only swallow it
            logger.exception("camera at %s: failed", self._peer)

    async def _serve(self) -> None:
        async with asyncio.timeout(HELLO_S):
            hello = _read(await self._socket.recv(), "hello")
        kind = kind_of(_text(hello, "mime", MIME_MAX))
        self._visit.asks()
        try:
            publisher = await self._open(_text(hello, "ticket", HELLO_BYTES_MAX), peer=self._peer)
        except KeyRefused as refusal:
            self._visit.speaks()
            await self._bye(refusal.reason)
            return
        self._visit.let_in()
        reason = "connection lost"
        try:
            await self._say(type="ready")
            reason = await until_stopped(publisher, self._take(publisher, kind))
        finally:
            await publisher.lost(reason)
        await self._bye(publisher.stop_reason if reason == STOPPED else reason)

    async def _take(self, publisher: Publisher, kind: Kind) -> str:
        """Read recordings until none comes any more, and return why."""
        recording = await Recording.begin(kind, publisher)
        begun_s = time.monotonic()
        try:
            while True:
                message = await self._next(recording)
                if message is None:
                    return await self._why(recording)
                self._allowance.take(len(message))
                if isinstance(message, bytes):
                    await recording.feed(message)
                    continue
                kind = kind_of(_text(_read(message, "begin"), "mime", MIME_MAX))
                if time.monotonic() - begun_s < BEGIN_EVERY_S:
                    raise BadFrame("begins too often")
                begun_s = time.monotonic()
                await recording.end()
                recording = await Recording.begin(kind, publisher)
        except ConnectionError:  # of the pipe: ffmpeg has ended
            return await self._why(recording)
        except ConnectionClosed:
            await recording.end()
            return "connection lost"
        finally:
            await recording.close()

    async def _next(self, recording: Recording) -> bytes | str | None:
        """Return the browser's next message; None if the recording ends before that."""
        receiving = asyncio.ensure_future(self._socket.recv())
        try:
            await asyncio.wait({receiving, recording.relaying}, return_when=asyncio.FIRST_COMPLETED)
            return receiving.result() if receiving.done() else None
        finally:
            receiving.cancel()

    async def _why(self, recording: Recording) -> str:
        """Return why a recording came to nothing."""
        try:
            reason = await recording.relaying
        except UnknownCodec as error:  # what it is stays with the broadcast, for the studio
            logger.info("camera at %s: %s", self._peer, error)
            return str(error)
        except ProtocolError as error:
            reason = str(error)
        logger.info("camera at %s: %s %s", self._peer, reason, recording.last_words)
        return "silent" if reason == "silent" else "bad_media"

    async def _say(self, **frame: Any) -> None:
        await self._socket.send(orjson.dumps(frame), text=True)

    async def _bye(self, code: str) -> None:
        """Tell why, and close."""
        code = "bad_media" if code.startswith(UNKNOWN_CODEC) else code.replace(" ", "_")
        try:
            await self._say(type="bye", code=code)
            await self._socket.close(POLICY)
        except ConnectionClosed:
            logger.debug("camera at %s gone before its bye", self._peer)


class Allowance:
    """What one browser may send: so many bytes, and so many messages."""

    def __init__(self) -> None:
        self._bytes = TokenBucket(capacity=BURST_BYTES, refill_per_s=RATE_BYTES_S)
        self._messages = TokenBucket(capacity=2 * MESSAGES_S, refill_per_s=MESSAGES_S)

    def take(self, size: int) -> None:
        """Count a message. Raises BadFrame."""
        if self._bytes.spend(size) or self._messages.spend():
            raise BadFrame("too much at once")


def _read(message: bytes | str, kind: str) -> dict[str, Any]:
    """Read a text frame of the kind that is due. Raises BadFrame."""
    if not isinstance(message, str) or len(message) > HELLO_BYTES_MAX:
        raise BadFrame(f"no {kind}")
    try:
        frame = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise BadFrame("not JSON") from error
    if not isinstance(frame, dict) or frame.get("type") != kind:
        raise BadFrame(f"no {kind}")
    return frame


def _text(frame: dict[str, Any], name: str, longest: int) -> str:
    value = frame.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise BadFrame(f"no {name}")
    return value
