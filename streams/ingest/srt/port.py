"""One show's SRT port, for as long as it is the show's.

A port that nobody calls is a mere UDP socket. The first packet of a handshake has it taken over by an ffmpeg that
speaks SRT, within the caller's own repetitions. SRT itself refuses another passphrase, before any media; an ffmpeg
serves one caller, so while it does the port is closed to others.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

from streams.exceptions import KeyRefused
from streams.ingest.exceptions import ProtocolError
from streams.ingest.publisher import Publisher, until_stopped
from streams.ingest.remux import Remuxer

logger = logging.getLogger(__name__)

PACKET_BYTES_MAX = 2048
HANDSHAKE = bytes.fromhex("80000000")  # a control packet of type 0 (SRT draft 00, 3.2.1)
HANDSHAKE_BYTES = 64
VERSION = bytes.fromhex("00000004")  # what every caller begins with, whatever it agrees on later
CALLER_S = 10  # how long a caller may take to prove that it has the key
FIRST_MEDIA_S = 10.0
SOURCE = ("-safe", "0", "-protocol_whitelist", "srt,pipe", "-f", "concat", "-i", "pipe:0")
REFUSED_S = 2.0  # a caller that was refused comes back at once, over and over
TAKEN_S = 5.0

Check = Callable[[], Awaitable[bool]]
Open = Callable[[str], Awaitable[Publisher]]


class Port:
    """Serves callers one after the other. `is_free` says whether the show takes a publisher now; `open` lets one in.

    `open` is given where it came from, and raises KeyRefused.
    """

    def __init__(self, *, name: str, host: str, port: int, key: str, is_free: Check, open: Open) -> None:
        self._name = name
        self._host = host
        self._port = port
        self._key = key
        self._is_free = is_free
        self._open = open

    async def run(self) -> None:
        """Serve until cancelled."""
        is_known = False
        while True:
            try:
                peer = await self._knock()
            except OSError as error:  # another media process has it, or another program
                if not is_known:
                    logger.warning("srt: port %d of %s: %s", self._port, self._name, error.strerror)
                is_known = True
                await asyncio.sleep(TAKEN_S)
                continue
            is_known = False
            if await self._is_free():
                await self._serve(peer)
            else:
                await asyncio.sleep(REFUSED_S)

    async def _knock(self) -> str:
        """Wait until somebody begins a handshake, and return where from. Raises OSError if the port is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        loop = asyncio.get_running_loop()
        with socket.socket(family, socket.SOCK_DGRAM) as listener:
            listener.setblocking(False)
            listener.bind((self._host, self._port))
            while True:
                packet, address = await loop.sock_recvfrom(listener, PACKET_BYTES_MAX)
                if is_handshake(packet):
                    return str(address[0])

    async def _serve(self, peer: str) -> None:
        """Let ffmpeg take the call, and hand on what comes of it."""
        remuxer = await Remuxer.start(SOURCE, copies_picture=True)
        publisher: Publisher | None = None
        reason = "connection lost"
        try:
            await remuxer.feed(script(self._host, self._port, self._key).encode())
            remuxer.end()
            async with asyncio.timeout(CALLER_S + FIRST_MEDIA_S):
                first = await anext(remuxer.tags, None)
            if first is None:
                logger.info("srt: caller from %s to %s refused: %s", peer, self._name, remuxer.last_words)
                return
            publisher = await self._open(peer)
            reason = await until_stopped(publisher, remuxer.relay(publisher, first=first))
        except TimeoutError:
            logger.info("srt: caller from %s to %s sent nothing", peer, self._name)
        except KeyRefused as refusal:
            logger.info("srt: caller from %s to %s refused: %s", peer, self._name, refusal.reason)
            await asyncio.sleep(REFUSED_S)
        except (ProtocolError, ConnectionError) as error:
            reason = str(error)
            logger.info("srt: caller from %s to %s sent away: %s", peer, self._name, reason)
        finally:
            await remuxer.close()
            if publisher:
                await publisher.lost(reason)


def is_handshake(packet: bytes) -> bool:
    """Tell whether a packet begins an SRT call; whatever else arrives costs nothing."""
    return len(packet) >= HANDSHAKE_BYTES and packet[:4] == HANDSHAKE and packet[16:20] == VERSION


def script(host: str, port: int, key: str) -> str:
    """Return what ffmpeg is told on its stdin: on its command line, everybody on the machine could read the key."""
    bracketed = f"[{host}]" if ":" in host else host
    lines = [
        "ffconcat version 1.0",
        f"file 'srt://{bracketed}:{port}?mode=listener'",
        f"option passphrase {_quoted(key)}",
        f"option listen_timeout {CALLER_S * 1_000_000}",
        "option analyzeduration 1000000",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"
