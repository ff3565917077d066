"""An RTMP encoder that sends a recorded stream over and over, and does to its tracks whatever a test tells it."""

import asyncio
import socket
import subprocess
import threading
import time
from functools import cache
from typing import Any

from streams.ingest import flv
from streams.ingest.ffmpeg import ffmpeg
from streams.ingest.flv import AUDIO, VIDEO, Tag
from streams.ingest.rtmp import amf

CHUNK_BYTES = 60_000
LOOP_MS = 4_000
COMMAND, CHUNK_SIZE = 20, 1


@cache
def recorded(*options: str) -> tuple[Tag, ...]:
    """Return four seconds of sound and picture, a keyframe each second unless `options` say otherwise."""
    argv = [ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4"]
    argv += ["-f", "lavfi", "-i", "sine=f=330:r=44100:d=4", "-c:v", "libx264", "-preset", "ultrafast"]
    argv += ["-pix_fmt", "yuv420p", "-g", "25", "-bf", "0", "-c:a", "aac", "-ac", "1", *options, "-f", "flv", "pipe:1"]
    data = subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout

    async def read() -> tuple[Tag, ...]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return tuple([tag async for tag in flv.read_tags(reader)])

    return asyncio.run(read())


class ScriptedEncoder:
    """Sends in real time while its block lasts. Whatever is set on it holds from the next packet on.

    `leaves_out`: kinds that are not sent. `shifts_ms`: what is added to the times of a kind.
    """

    def __init__(self, port: int, key: str, *options: str, app: str = "live") -> None:
        self.leaves_out: set[int] = set()
        self.shifts_ms: dict[int, int] = {AUDIO: 0, VIDEO: 0}
        self._tags = recorded(*options)
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._publish(app, key)

    def __enter__(self) -> "ScriptedEncoder":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._socket.close()

    @property
    def is_connected(self) -> bool:
        return self._thread.is_alive()

    def send_header(self, kind: int) -> None:
        """Send a kind's sequence header again."""
        self._send(next(tag for tag in self._tags if tag.kind == kind and tag.is_header), 0)

    def _publish(self, app: str, key: str) -> None:
        self._socket.sendall(b"\x03" + bytes(1536))
        answer = self._exactly(1 + 2 * 1536)
        self._socket.sendall(answer[1:1537])
        self._message(CHUNK_SIZE, CHUNK_BYTES.to_bytes(4))
        self._command("connect", 1, {"app": app})
        self._command("createStream", 2, None)
        self._command("publish", 3, None, key, "live", stream=1)

    def _command(self, *values: Any, stream: int = 0) -> None:
        self._message(COMMAND, amf.encode(*values), stream=stream)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += self._socket.recv(size - len(data))
        return data

    def _message(self, kind: int, body: bytes, *, timestamp_ms: int = 0, stream: int = 0) -> None:
        assert len(body) <= CHUNK_BYTES
        is_long = timestamp_ms >= 0xFFFFFF
        header = b"\x04" + min(timestamp_ms, 0xFFFFFF).to_bytes(3) + len(body).to_bytes(3) + bytes([kind])
        header += stream.to_bytes(4, "little") + (timestamp_ms.to_bytes(4) if is_long else b"")
        self._socket.sendall(header + body)

    def _send(self, tag: Tag, timestamp_ms: int) -> None:
        self._message(tag.kind, tag.body, timestamp_ms=timestamp_ms % 2**32, stream=1)

    def _run(self) -> None:
        begun_s, loops_ms = time.monotonic(), 0
        try:
            while not self._is_over.is_set():
                for tag in self._tags:
                    if tag.is_header:
                        if not loops_ms and tag.kind not in self.leaves_out:
                            self._send(tag, 0)
                        continue
                    at_ms = loops_ms + tag.timestamp_ms
                    if self._is_over.wait(max(0, begun_s + at_ms / 1000 - time.monotonic())):
                        return
                    if tag.kind not in self.leaves_out:
                        self._send(tag, at_ms + self.shifts_ms[tag.kind])
                loops_ms += LOOP_MS
        except OSError:
            return  # it was hung up on
