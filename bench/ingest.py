"""Ingest: how fast RTMP is read, and what a publisher of 6 Mbit/s costs of a core."""

import asyncio
import time

from bench.report import Figures
from streams.ingest.rtmp import chunks
from streams.ingest.rtmp.chunks import Kind, MessageReader
from streams.ingest.rtmp.server import BUFFER_BYTES

SECONDS = 60
PICTURES_S, PICTURE_BYTES = 30, 25_000
SOUNDS_S, SOUND_BYTES = 47, 350
PUBLISHER_BPS = 8 * (PICTURES_S * PICTURE_BYTES + SOUNDS_S * SOUND_BYTES)
CHUNK_BYTES = {"128 bytes, as ffmpeg begins": 128, "4096 bytes, as OBS": 4096}
ROUNDS = 3


def run() -> Figures:
    figures: dict[str, float] = {"a publisher, Mbit/s": PUBLISHER_BPS / 1e6}
    for name, size in CHUNK_BYTES.items():
        data = _stream(size)
        # The best of a few: the machine does other things, too.
        took_s = min(asyncio.run(_read(data, size)) for _ in range(ROUNDS))
        figures[f"chunks of {name}: read, Mbit/s on one core"] = len(data) * 8 / 1e6 / took_s
        figures[f"chunks of {name}: a publisher, percent of a core"] = 100 * took_s / SECONDS
    return figures


def _stream(chunk_bytes: int) -> bytes:
    """Make a minute of a publisher's messages."""
    picture = _message(Kind.VIDEO, bytes(PICTURE_BYTES), 4, chunk_bytes)
    sound = _message(Kind.AUDIO, bytes(SOUND_BYTES), 5, chunk_bytes)
    return (picture * PICTURES_S + sound * SOUNDS_S) * SECONDS


def _message(kind: Kind, body: bytes, stream: int, chunk_bytes: int) -> bytes:
    header = bytes([stream]) + bytes(3) + len(body).to_bytes(3) + bytes([kind]) + (1).to_bytes(4, "little")
    parts = [body[start : start + chunk_bytes] for start in range(0, len(body), chunk_bytes)]
    return header + bytes([0xC0 | stream]).join(parts)


async def _read(data: bytes, chunk_bytes: int) -> float:
    """Read it all, a socket's worth at a time; return how many seconds that took."""
    reader = asyncio.StreamReader(limit=BUFFER_BYTES)
    messages = MessageReader(reader)
    messages.takes_media = True
    expected = SECONDS * (PICTURES_S + SOUNDS_S)
    begun_s = time.perf_counter()
    feeding = asyncio.create_task(_feed(reader, chunks.control(Kind.SET_CHUNK_SIZE, chunk_bytes) + data))
    for _ in range(expected):
        await messages.read()
    took_s = time.perf_counter() - begun_s
    await feeding
    return took_s


async def _feed(reader: asyncio.StreamReader, data: bytes) -> None:
    for start in range(0, len(data), BUFFER_BYTES):
        reader.feed_data(data[start : start + BUFFER_BYTES])
        await asyncio.sleep(0)
