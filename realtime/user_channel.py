"""Private frames of the people at this process: one channel of the channel layer, a group for each person present."""

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Any

import redis
from channels.layers import get_channel_layer

from realtime import revocations
from realtime.identity import mailbox_of_user
from realtime.rooms import Seat
from realtime.user_messages import group_of
from realtime.wire import framed

logger = logging.getLogger(__name__)

LOOK_S = 1.0
REFRESH_S = 60.0
CHECK_S = 5.0


class Postbox:
    """Hands letters to seats. A mailbox is joined when its first seat comes and left when the last one goes."""

    def __init__(self, dismiss: Callable[[Seat], None]) -> None:
        """`dismiss` sends away who is no longer signed in."""
        self._dismiss = dismiss
        self._layer: Any = get_channel_layer()
        self._channel = ""
        self._seats: dict[str, set[Seat]] = {}
        self._loop = asyncio.get_running_loop()
        self._joined_at = self._checked_at = self._loop.time()

    async def open(self, mailbox: str, seat: Seat) -> None:
        """Have letters for a mailbox written to a seat, from now on. Redis away: they come once it is joined again."""
        seats = self._seats.setdefault(mailbox, set())
        is_first = not seats
        seats.add(seat)
        if is_first:
            await self._quietly(self._join(mailbox))

    async def leave(self, mailbox: str, seat: Seat) -> None:
        seats = self._seats.get(mailbox, set())
        seats.discard(seat)
        if not seats and self._seats.pop(mailbox, None) is not None and self._channel:
            await self._quietly(self._layer.group_discard(group_of(mailbox), self._channel))

    async def run(self) -> None:
        """Receive for ever."""
        while True:
            try:
                if not self._channel:
                    self._channel = await self._layer.new_channel()
                    await self._join_all()
                letter = await self._layer.receive(self._channel)
            except (redis.RedisError, OSError) as error:
                logger.warning("private frames interrupted: %s", error)
                await asyncio.sleep(1)
                await self._quietly(self._join_all())
                continue
            self._hand_out(letter, list(self._seats.get(letter["mailbox"], ())))

    def _hand_out(self, letter: dict[str, Any], seats: list[Seat]) -> None:
        match letter:
            case {"type": "revocation", "sign_in": sign_in}:
                for seat in seats:
                    if sign_in in {"", seat.sign_in}:
                        self._dismiss(seat)
            case {"type": "silence"}:
                for seat in seats:
                    if seat.on_silence:
                        seat.on_silence()
            case {"type": "letter", "text": text}:
                frame = framed(text.encode())
                for seat in seats:
                    seat.writer.write(frame)

    async def _end_revoked(self) -> None:
        """Dismiss who signed out since they were last asked who they are. One call of Redis, however many sit here."""
        for one in await asyncio.to_thread(revocations.recent):
            for seat in list(self._seats.get(mailbox_of_user(one.user_id), ())):
                if seat.checked_ms <= one.at_ms and one.sign_in in {"", seat.sign_in}:
                    self._dismiss(seat)

    async def attend(self) -> None:
        """Look for ever who signed out lately; join the groups again, once a minute or after `rejoin`.

        A letter may be lost, and a Redis that lost its data has forgotten the groups. With thousands present it takes
        seconds, in which the hub's beat must not stand still.
        """
        while True:
            await asyncio.sleep(LOOK_S)
            if self._loop.time() - self._checked_at > CHECK_S:
                self._checked_at = self._loop.time()
                await self._quietly(self._end_revoked())
            if self._loop.time() - self._joined_at > REFRESH_S:
                self._joined_at = self._loop.time()
                await self._quietly(self._join_all())

    def rejoin(self) -> None:
        """Have the groups joined again soon."""
        self._joined_at = -math.inf

    async def _join(self, mailbox: str) -> None:
        if self._channel:
            await self._layer.group_add(group_of(mailbox), self._channel)

    async def _join_all(self) -> None:
        for mailbox in list(self._seats):
            await self._join(mailbox)

    async def _quietly(self, call: Any) -> None:
        try:
            await call
        except (redis.RedisError, OSError) as error:
            logger.warning("groups not joined, or sign-outs not looked at, Redis is away: %s", error)
