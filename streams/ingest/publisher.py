"""A publisher: where the media of whoever was let in goes, however it came."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from streams.ingest import flv

SILENCE_S = 10.0
STOPPED = "stopped"


class Publisher(Protocol):
    """Where an accepted publisher's media goes."""

    stopped: asyncio.Event
    """Set when we want the publisher gone."""

    def take(self, tag: flv.Tag) -> None:
        """Take one packet. Returns at once; raises RtmpError if the connection should end."""

    async def lost(self, reason: str) -> None:
        """Note that no more media comes."""


async def until_stopped(publisher: Publisher, work: Coroutine[Any, Any, str]) -> str:
    """Do a publisher's work and return why it ended: STOPPED as soon as we want the publisher gone."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(publisher.stopped.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else STOPPED
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
