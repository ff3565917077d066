"""The chat at a socket: posting what people say, and whom the hosts of shows have banned."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import redis

from realtime import wire
from realtime.wire import Message
from shop import redis_keys, redis_pool
from shop.models import User
from streams.chat import messages, silences, write_status
from streams.exceptions import ChatRefused
from streams.models import StreamSession

logger = logging.getLogger(__name__)

UNIQUE_ID_MIN = 8
REMEMBERED_S = 300
HELD = "held:"


def say(slug: str, user_id: int | None, message: wire.Chat, *, network: str = "") -> Message:
    """Post a chat message and return the ack, or the error. A long id said again is not posted again."""
    author = None if user_id is None else User.objects.filter(pk=user_id, is_active=True).first()
    session = StreamSession.objects.filter(slug=slug).first()
    if session is None:
        return wire.error("bad_message", id=message.id)
    key = f"{redis_keys.SAID}{slug}:{user_id}:{message.id}" if len(message.id) >= UNIQUE_ID_MIN else ""
    if key and (said := _recall(key)):
        if said.startswith(HELD):
            return wire.error("held_for_review", id=message.id, message=said.removeprefix(HELD))
        return wire.ack(message.id, message=said)
    try:
        posted = messages.post(session, author=author, text=message.text, network=network)
    except ChatRefused as refused:
        if key and refused.message:
            _remember(key, HELD + refused.message)
        return wire.error(
            refused.code,
            id=message.id,
            retry_ms=refused.retry_ms,
            message=refused.message,
            reason=refused.reason,
        )
    if key:
        _remember(key, str(posted.pk))
    return wire.ack(message.id, message=str(posted.pk))


def silence_of(slug: str, user_id: int) -> Message | None:
    """Return the error that a viewer meets whom a moderator of this show silenced; None for everybody else."""
    session = StreamSession.objects.filter(slug=slug).first()
    user = User.objects.filter(pk=user_id, is_active=True).first()
    refused = write_status.find_silence(session, user) if session and user else None
    return wire.error(refused.code, retry_ms=refused.retry_ms) if refused else None


def banned_from(slug: str) -> frozenset[int]:
    """Return whom a show's host has banned."""
    return frozenset(silences.list_bans(slug).values_list("user_id", flat=True))


def _recall(key: str) -> str:
    try:
        return (redis_pool.client().get(key) or b"").decode()  # type: ignore[union-attr]
    except redis.RedisError as error:
        logger.warning("not known whether this was said before, Redis is away: %s", error)
        return ""


def _remember(key: str, message_id: str) -> None:
    try:
        redis_pool.client().set(key, message_id, ex=REMEMBERED_S)
    except redis.RedisError as error:
        logger.warning("said once, but not remembered, Redis is away: %s", error)


KEEP_S = 10.0


class Bans:
    """The bans of shows in which somebody reacts, read once in a while, and again after news of one (`forget`)."""

    def __init__(self, read: Callable[[str], Awaitable[frozenset[int]]]) -> None:
        """`read` returns whom the host of a show has banned."""
        self._read = read
        self._known: dict[str, tuple[float, asyncio.Future[frozenset[int]]]] = {}

    async def include(self, slug: str, user_id: int) -> bool:
        """Return whether somebody is banned from a show's chat. Raises what `read` does, and keeps it as long."""
        now = asyncio.get_running_loop().time()
        self._known = {show: known for show, known in self._known.items() if now - known[0] < KEEP_S}
        if slug not in self._known:
            self._known[slug] = (now, asyncio.ensure_future(self._read(slug)))
        return user_id in await asyncio.shield(self._known[slug][1])

    def forget(self, slug: str) -> None:
        """Read them again with the next reaction."""
        self._known.pop(slug, None)
