"""What stands at both sides of the RTMP door in its tests: an encoder made by hand, and who lets it in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from streams.ingest.exceptions import PublishRefused
from streams.ingest.ffmpeg import ffmpeg
from streams.ingest.flv import Tag
from streams.ingest.rtmp import amf
from streams.ingest.rtmp.chunks import Kind
from streams.ingest.rtmp.server import Server

KEY = "the-right-key"
ZEROS = bytes(1536)


@dataclass
class Publisher:
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    tags: list[Tag] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    reason: str = ""

    def take(self, tag: Tag) -> None:
        self.tags.append(tag)

    async def lost(self, reason: str) -> None:
        self.reason = reason
        self.left.set()


@dataclass
class Door:
    keys: list[str] = field(default_factory=list)
    publishers: list[Publisher] = field(default_factory=list)

    async def open(self, key: str, *, peer: str) -> Publisher:
        self.keys.append(key)
        if key != KEY:
            raise PublishRefused("no such key")
        self.publishers.append(Publisher())
        return self.publishers[-1]


@dataclass
class Desk:
    """A server with its door, and how to reach it."""

    door: Door
    port: int

    @property
    def address(self) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live"


@asynccontextmanager
async def listening() -> AsyncIterator[Desk]:
    door = Door()
    server = Server(door)
    await server.listen("127.0.0.1", 0)
    assert server._server
    yield Desk(door, server._server.sockets[0].getsockname()[1])
    await server.close()


class Encoder:
    """An encoder made by hand, that may break any rule."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, desk: Desk, *, shakes_hands: bool = True) -> "Encoder":
        encoder = cls(*await asyncio.open_connection("127.0.0.1", desk.port))
        if shakes_hands:
            encoder.writer.write(b"\x03" + ZEROS)
            answer = await encoder.reader.readexactly(1 + 2 * 1536)
            assert (answer[0], answer[1537:]) == (3, ZEROS)
            encoder.writer.write(answer[1:1537])
        return encoder

    def command(self, *values: object, stream: int = 0) -> None:
        self.send(Kind.COMMAND, amf.encode(*values), stream=stream)

    def send(self, kind: Kind, body: bytes, *, stream: int = 0) -> None:
        """Send a message in chunks of the 128 bytes that hold at first."""
        header = b"\x03" + bytes(3) + len(body).to_bytes(3) + bytes([kind]) + stream.to_bytes(4, "little")
        self.writer.write(header + b"\xc3".join(body[start : start + 128] for start in range(0, len(body), 128)))

    async def publish(self, key: str, *, app: str = "live") -> None:
        self.command("connect", 1, {"app": app})
        self.command("releaseStream", 2, None, key)
        self.command("FCPublish", 3, None, key)
        self.command("createStream", 4, None)
        self.command("publish", 5, None, key, "live", stream=1)
        await self.writer.drain()

    async def hears(self, word: bytes) -> bool:
        """Read until a word comes (True) or the server hangs up (False)."""
        heard = b""
        async with asyncio.timeout(5):
            while word not in heard:
                try:
                    more = await self.reader.read(4096)
                except ConnectionError:
                    return False
                if not more:
                    return False
                heard += more
        return True

    async def is_hung_up(self, *, within_s: float = 5) -> bool:
        async with asyncio.timeout(within_s):
            try:
                while await self.reader.read(4096):
                    pass
            except ConnectionError:
                pass
        return True


async def push(address: str, *options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(ffmpeg(), "-v", "error", "-nostdin", *options, "-f", "flv", address),
        stderr=asyncio.subprocess.PIPE,
    )


PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=322x180:r=30:d=2")
SOUND = ("-f", "lavfi", "-i", "sine=r=44100:d=2")
CODECS = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-c:a", "aac", "-ac", "2")
