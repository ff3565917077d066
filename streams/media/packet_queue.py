"""Packets on their way from the door to ffmpeg."""

import asyncio
import logging
import time
from collections import deque

from streams.ingest.flv import Tag
from streams.media.timeline import TimeLine

logger = logging.getLogger(__name__)

BEHIND_MAX_MS = 5_000
LATELY_S = 3.0
WAITING_BYTES_MAX = 32 * 1024 * 1024


class PacketQueue:
    """A publisher's packets, waiting to be encoded. What implements the door's Publisher, whatever the protocol.

    From here on sound and picture have their times on one line, whatever clocks they came with.
    A queue that holds five seconds means that encoding falls behind: it is emptied, and goes on with a keyframe.
    The publisher is never made to wait, for then its own buffer would fall behind instead, unseen.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.stopped = asyncio.Event()
        self.stop_reason = ""
        self.end_reason = ""
        self.taken_bytes = 0
        self.taken_pictures = 0
        self.dropped_pictures = 0
        self._time_line = TimeLine()
        self._arrivals_s: dict[int, float] = {}
        self._waiting: deque[Tag] = deque()
        self._waiting_bytes = 0
        self._needs_keyframe = False
        self._has_news = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether the publisher is gone. Packets that it sent before may still wait."""
        return bool(self.end_reason)

    @property
    def behind_ms(self) -> int:
        """How much media waits."""
        first = next((tag for tag in self._waiting if not tag.is_header), None)
        return self._waiting[-1].after_ms(first.timestamp_ms) if first else 0

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def has_lately(self, kind: int) -> bool:
        """Whether sound, or picture, still comes."""
        return time.monotonic() - self._arrivals_s.get(kind, float("-inf")) < LATELY_S

    def take(self, tag: Tag) -> None:
        """Take a packet from the publisher."""
        self.taken_bytes += len(tag.body)
        self.taken_pictures += tag.is_picture and not tag.is_header
        if not tag.is_header:
            self._arrivals_s[tag.kind] = tag.arrival_s
        placed = self._time_line.place(tag)
        if placed is None:
            return
        tag = placed
        if self._needs_keyframe and tag.is_picture and not tag.is_header:
            if not tag.is_keyframe:
                self.dropped_pictures += 1
                return
            self._needs_keyframe = False
        self._waiting.append(tag)
        self._waiting_bytes += len(tag.body)
        if self.behind_ms > BEHIND_MAX_MS or self._waiting_bytes > WAITING_BYTES_MAX:
            self._drop()
        self._has_news.set()

    async def next(self) -> Tag | None:
        """Return the next packet, None once the publisher is gone and nothing waits any more."""
        while not self._waiting:
            if self.is_over:
                return None
            self._has_news.clear()
            await self._has_news.wait()
        tag = self._waiting.popleft()
        self._waiting_bytes -= len(tag.body)
        return tag

    def put_back(self, tags: list[Tag]) -> None:
        """Return packets to the front, in their order: they belong to the next run."""
        self._waiting.extendleft(reversed(tags))
        self._waiting_bytes += sum(len(tag.body) for tag in tags)

    def stop(self, reason: str = "stopped") -> None:
        """Ask for the publisher to be disconnected, and forget what waits. The first reason stays."""
        self.stop_reason = self.stop_reason or reason
        self._waiting.clear()
        self._waiting_bytes = 0
        self.stopped.set()

    async def lost(self, reason: str) -> None:
        """Note that the publisher is gone. The first reason stays."""
        self.end_reason = self.end_reason or reason
        self._has_news.set()

    def _drop(self) -> None:
        """Forget what waits, but for sequence headers: without them nothing that follows can be decoded."""
        headers = [tag for tag in self._waiting if tag.is_header]
        self.dropped_pictures += sum(tag.is_picture and not tag.is_header for tag in self._waiting)
        self._needs_keyframe = True
        logger.warning("%s: encoding falls behind; %d pictures dropped so far", self.name, self.dropped_pictures)
        self._waiting = deque(headers)
        self._waiting_bytes = sum(len(tag.body) for tag in headers)
