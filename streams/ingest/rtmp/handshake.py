"""The simple handshake (RTMP 1.0, 5.2): both sides say their version, and give back what the other made up."""

import asyncio
import os

from streams.ingest.exceptions import ProtocolError

VERSION = 3
RANDOM_BYTES = 1536


async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a client's handshake. The caller limits the time. Raises ProtocolError or IncompleteReadError."""
    version = (await reader.readexactly(1))[0]
    if version != VERSION:
        raise ProtocolError(f"version {version}")
    theirs = await reader.readexactly(RANDOM_BYTES)
    # Our time, then four zero bytes: they say that we know nothing of the signed handshake of Flash players.
    ours = bytes(8) + os.urandom(RANDOM_BYTES - 8)
    writer.write(bytes([VERSION]) + ours + theirs)
    await writer.drain()
    # Encoders differ in what they write into the times of their echo, so only its length is asked for.
    await reader.readexactly(RANDOM_BYTES)
