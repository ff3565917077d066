"""One publisher's connection, from the handshake to its last tag."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from streams.ingest import avc, flv
from streams.ingest.connection_limits import Visit
from streams.ingest.exceptions import ProtocolError, PublishRefused, RtmpError, UnknownCodec
from streams.ingest.publisher import SILENCE_S, STOPPED, Publisher, until_stopped
from streams.ingest.rtmp import address, amf, chunks, handshake
from streams.ingest.rtmp.chunks import Kind, Message, MessageReader

logger = logging.getLogger(__name__)

HANDSHAKE_S = 5.0
PUBLISH_S = 10.0  # from the handshake to an accepted key
GOODBYE_S = 1.0
STREAM = 1  # the one message stream that we ever make
ADDRESS_LENGTH_MAX = 1000
KEY_LENGTH_MAX = 200
STREAM_BEGINS = bytes([0, 0, 0, 0, 0, STREAM])
ENDINGS = frozenset({"deleteStream", "closeStream"})
# After FCUnpublish comes one of the others; hung up on before it could write that, an encoder ends in an error.
UNANSWERED = ENDINGS | {"FCUnpublish"}


class Door(Protocol):
    """Decides who may publish."""

    async def open(self, key: str, *, peer: str) -> Publisher:
        """Check a key before any media is taken. Raises PublishRefused."""


class Session:
    """`visit` is told how far it has come; it counts no more once the key was accepted."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        door: Door,
        *,
        peer: str,
        visit: Visit,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._door = door
        self.peer = peer
        self._visit = visit
        self._app = ""
        self._messages = MessageReader(reader)
        self._publisher: Publisher | None = None
        self._acknowledged_bytes = 0
        self._commands: dict[str, Callable[[float, list[Any]], Awaitable[None]]] = {
            "connect": self._connect,
            "createStream": self._create_stream,
            "publish": self._publish,
        }

    async def run(self) -> None:
        """Serve the connection until it ends, for whatever reason. Raises nothing but cancellation."""
        reason = "connection lost"
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                await handshake.accept(self._reader, self._writer)
            self._visit.speaks()
            async with asyncio.timeout(PUBLISH_S):
                while self._publisher is None:
                    await self._serve(await self._messages.read())
            reason = await self._take_media(self._publisher)
        except TimeoutError:
            reason = "too slow"
            logger.info("rtmp connection from %s closed: %s", self.peer, reason)
        except RtmpError as error:
            reason = str(error)
            logger.info("rtmp connection from %s closed: %s", self.peer, reason)
        except (asyncio.IncompleteReadError, ConnectionError):
            logger.debug("rtmp connection from %s lost", self.peer)
        finally:
            if self._publisher:
                await self._publisher.lost(reason)
            await self._close()

    async def _take_media(self, publisher: Publisher) -> str:
        """Read until the publisher ends, is silent for too long, or is asked to go. Returns why."""
        reason = await until_stopped(publisher, self._read_media())
        if reason == STOPPED:
            self._status("NetStream.Unpublish.Success", "The show takes no more media.")
        return reason

    async def _read_media(self) -> str:
        loop = asyncio.get_running_loop()
        last_media_s = loop.time()
        while True:
            try:
                # A peer that trickles bytes, or only talks, is as silent as one that sends nothing.
                async with asyncio.timeout_at(last_media_s + SILENCE_S):
                    message = await self._messages.read()
            except TimeoutError:
                return "silent"
            if message.kind in {Kind.AUDIO, Kind.VIDEO, Kind.DATA, Kind.DATA_AMF3}:
                if self._take(message, loop.time()):
                    last_media_s = loop.time()
            elif await self._serve(message) in ENDINGS:
                return "ended by the encoder"
            self._acknowledge()

    def _take(self, message: Message, now_s: float) -> bool:
        """Hand on one packet; False if it was not media."""
        if self._publisher is None:
            raise ProtocolError("media before a key was accepted")
        if message.kind in {Kind.DATA, Kind.DATA_AMF3}:
            return False
        tag = flv.Tag(message.kind, message.timestamp_ms, flv.plain_body(message.kind, message.body), now_s)
        if codec := tag.unknown_codec:
            self._status("NetStream.Publish.Rejected", f"This is {codec}. Send H.264 and AAC.", level="error")
            raise UnknownCodec(codec)
        if tag.is_picture and tag.is_header:
            avc.picture_size(tag.body)  # broken ones are refused here, at the door
        self._publisher.take(tag)
        return True

    async def _serve(self, message: Message) -> str:
        """Do what a command asks, and return its name; anything else is ignored."""
        if message.kind not in {Kind.COMMAND, Kind.COMMAND_AMF3}:
            return ""
        # An AMF3 command is AMF0 behind one byte, in every encoder.
        values = amf.decode(message.body[1:] if message.kind == Kind.COMMAND_AMF3 else message.body)
        if len(values) < 2 or not isinstance(values[0], str) or not isinstance(values[1], float):
            raise ProtocolError("a command without a name or number")
        name, number = values[0], values[1]
        if command := self._commands.get(name):
            await command(number, values[2:])
            await self._writer.drain()
        elif number and name not in UNANSWERED:  # releaseStream, FCPublish, _checkbw: a polite yes is all they want
            self._reply("_result", number, None, None)
        return name

    async def _connect(self, number: float, arguments: list[Any]) -> None:
        options = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
        self._writer.write(
            chunks.control(Kind.WINDOW_SIZE, chunks.WINDOW_BYTES)
            + chunks.control(Kind.PEER_BANDWIDTH, chunks.WINDOW_BYTES, 2)
            + chunks.control(Kind.SET_CHUNK_SIZE, chunks.OUR_CHUNK_BYTES)
        )
        self._app = str(options.get("app", ""))
        if len(self._app) > ADDRESS_LENGTH_MAX or not address.is_ours(self._app):
            status = _status("NetConnection.Connect.InvalidApp", f"The address ends in /{address.APP}.", "error")
            self._reply("_error", number, None, status)
            await self._writer.drain()
            raise ProtocolError(f"an address that does not end in /{address.APP}")
        status = _status("NetConnection.Connect.Success", "Connected.") | {"objectEncoding": 0}
        self._reply("_result", number, {"fmsVer": "FMS/3,5,7,7009", "capabilities": 31}, status)

    async def _create_stream(self, number: float, arguments: list[Any]) -> None:
        self._reply("_result", number, None, STREAM)

    async def _publish(self, number: float, arguments: list[Any]) -> None:
        name = (arguments[1] if len(arguments) > 1 else None) or ""
        if self._publisher is not None or not isinstance(name, str) or len(name) > ADDRESS_LENGTH_MAX:
            raise ProtocolError("a publish that makes no sense")
        key = address.key_of(self._app, name)
        if len(key) > KEY_LENGTH_MAX:
            raise ProtocolError("a publish that makes no sense")
        self._visit.asks()
        try:
            self._publisher = await self._door.open(key, peer=self.peer)
        except PublishRefused as refusal:
            self._visit.speaks()
            self._status("NetStream.Publish.BadName", refusal.why, level="error")
            await self._writer.drain()
            raise
        self._visit.let_in()
        self._messages.takes_media = True
        self._writer.write(chunks.encode(Kind.USER_CONTROL, STREAM_BEGINS, chunk_stream=2))
        self._status("NetStream.Publish.Start", "Go ahead.")

    def _status(self, code: str, description: str, level: str = "status") -> None:
        body = amf.encode("onStatus", 0, None, _status(code, description, level))
        self._writer.write(chunks.encode(Kind.COMMAND, body, stream=STREAM))

    def _reply(self, name: str, number: float, *values: Any) -> None:
        self._writer.write(chunks.encode(Kind.COMMAND, amf.encode(name, number, *values)))

    def _acknowledge(self) -> None:
        """Tell the peer how much arrived, once a window, or some would stop and wait."""
        if self._messages.read_bytes - self._acknowledged_bytes >= chunks.WINDOW_BYTES // 2:
            self._acknowledged_bytes = self._messages.read_bytes
            self._writer.write(chunks.control(Kind.ACKNOWLEDGEMENT, self._acknowledged_bytes % 2**32))

    async def _close(self) -> None:
        self._writer.close()
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._writer.wait_closed()
        except (TimeoutError, ConnectionError):
            self._writer.transport.abort()


def _status(code: str, description: str, level: str = "status") -> dict[str, Any]:
    return {"level": level, "code": code, "description": description}
