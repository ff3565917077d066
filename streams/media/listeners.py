"""All ways in: RTMP, SRT and the browser's camera. What comes through any of them is the same from there on."""

import asyncio
import logging
from functools import partial
from typing import Protocol
from uuid import UUID

from django.conf import settings

from shop.http.network import network_of
from streams import broadcasts, keys
from streams.exceptions import KeyRefused
from streams.ingest.camera import tickets
from streams.ingest.camera.server import Server as CameraServer
from streams.ingest.exceptions import PublishRefused
from streams.ingest.rtmp.server import Server as RtmpServer
from streams.ingest.srt import slots
from streams.ingest.srt.port import Port
from streams.media.database import in_database
from streams.media.packet_queue import PacketQueue
from streams.models import StreamSession

logger = logging.getLogger(__name__)

# What an encoder is told. Whose key it is, or whether there is one, is told to nobody.
WORDS = {
    "unknown": "This stream key is not valid.",
    "ended": "This show has ended.",
    "in_use": "Another encoder is sending to this show.",
    "busy": "Try again in a moment.",
}

# What of a show its SRT port depends on: slot, key, and its name for the log.
Lease = tuple[int, str, str]


class LetIn(Protocol):
    """Begins a show's broadcast."""

    async def __call__(self, admit: broadcasts.Admit, *, protocol: str, peer: str) -> PacketQueue:
        """Raises KeyRefused; whoever asked has been logged by then."""


class Listeners:
    """Opens every door of this process, asks `let_in` for each publisher, and closes them."""

    def __init__(self, let_in: LetIn) -> None:
        self._let_in = let_in
        self._rtmp = RtmpServer(self, network_of=network_of)
        self._camera = CameraServer(self.open_camera)
        self._ports: dict[UUID, tuple[Lease, asyncio.Task[None]]] = {}

    async def listen(self) -> None:
        """Raises OSError if a port is taken."""
        await self._rtmp.listen(settings.BIND, settings.RTMP_PORT)
        await self._camera.listen(settings.CAMERA_BIND, settings.CAMERA_PORT)
        logger.info("listening on %s: rtmp %d, camera %d", settings.BIND, settings.RTMP_PORT, settings.CAMERA_PORT)

    async def open(self, key: str, *, peer: str) -> PacketQueue:
        """Take an encoder's key over RTMP. Raises PublishRefused."""
        try:
            return await self._let_in(partial(keys.session_of, key), protocol="rtmp", peer=peer)
        except KeyRefused as refusal:
            raise PublishRefused(WORDS[refusal.reason]) from refusal

    async def open_camera(self, ticket: str, *, peer: str) -> PacketQueue:
        """Take a browser's ticket. Raises KeyRefused."""
        return await self._let_in(partial(tickets.redeem, ticket), protocol=broadcasts.CAMERA, peer=peer)

    async def follow(self) -> None:
        """Open and close SRT ports as shows get and lose them, or change their keys."""
        wanted = await in_database(_leases)
        for session_id, (lease, task) in list(self._ports.items()):
            if wanted.get(session_id) != lease or task.done():
                del self._ports[session_id]
                await _end(task)
        for session_id in wanted.keys() - self._ports.keys():
            lease = wanted[session_id]
            self._ports[session_id] = (lease, asyncio.create_task(self._port(lease).run()))

    async def close(self) -> None:
        """Send everybody away."""
        ports = [_end(task) for _, task in self._ports.values()]
        self._ports.clear()
        await asyncio.gather(self._rtmp.close(), self._camera.close(), *ports)

    def _port(self, lease: Lease) -> Port:
        slot, key, name = lease
        admit = partial(keys.session_of, key)

        async def is_free() -> bool:
            try:
                await in_database(lambda: broadcasts.check_free(admit()))
            except KeyRefused:
                return False
            return True

        async def open(peer: str) -> PacketQueue:
            return await self._let_in(admit, protocol="srt", peer=peer)

        return Port(name=name, host=settings.BIND, port=settings.SRT_PORT + slot, key=key, is_free=is_free, open=open)


def _leases() -> dict[UUID, Lease]:
    shows = StreamSession.objects.filter(srt_slot__lt=slots.SLOTS).exclude(state=StreamSession.State.ENDED)
    rows = shows.values_list("pk", "srt_slot", "stream_key", "slug")
    return {pk: (slot, key, name) for pk, slot, key, name in rows if slot is not None}


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    for result in await asyncio.gather(task, return_exceptions=True):
        if isinstance(result, Exception):
            logger.error("srt: a port failed", exc_info=result)
