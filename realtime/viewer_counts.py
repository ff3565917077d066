"""Who watches a show: how many now, how many different people, and for how long. docs/realtime-protocol.md tells how.

Each realtime process counts its own sockets, and dead ones fade in five seconds. Of people there are only words, keyed
hashes of one show, and those only in the memory of the process they sit in: Redis keeps them in a HyperLogLog, from
which they can't be had back.
"""

import logging
from collections.abc import Iterable, Sequence

import redis
from django.conf import settings
from django.http import parse_cookie
from django.utils.crypto import salted_hmac

from realtime import topic_log
from realtime.topic_log import Present
from shop import redis_pool
from streams.audience import Count

logger = logging.getLogger(__name__)

WORD_LENGTH = 20


def word_of(topic: str, who: str) -> str:
    """Return what stands for somebody in one show: it tells neither who they are nor what else they watch."""
    return salted_hmac("realtime.viewer", f"{topic} {who}", algorithm="sha256").hexdigest()[:WORD_LENGTH]


def account(user_id: int) -> str:
    return f"account {user_id}"


def visitor(cookies: str, *, network: str, agent: str) -> str:
    """Return who somebody is that did not sign in.

    A browser is known by the random cookie that guards its forms, where it sends that; any other client by its network
    and kind, so that a household with two phones alike is one viewer.
    """
    if word := parse_cookie(cookies).get(settings.CSRF_COOKIE_NAME):
        return f"browser {word}"
    return f"client {network} {agent}"


class ViewerList:
    """Who watched a show at this process, as far as Redis was told: once each, and again if Redis has lost them."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._lost: set[str] = set()
        self._telling: set[str] = set()
        self._epoch = ""

    def count(self, viewers: Sequence[str], *, is_on_air: bool) -> Present:
        """Count who watches, a name for each of their sockets: a person with two tabs is one of the people."""
        self._telling = set()
        if not is_on_air:
            return Present(sockets=len(viewers))
        people = set(viewers)
        self._telling = (people - self._told) | self._lost
        return Present(sockets=len(viewers), people=len(people), newcomers=self._telling)

    def told(self, epoch: str) -> None:
        """Note that Redis took the newcomers, in this epoch. A new one may have lost those of the last."""
        if epoch != self._epoch:
            self._lost |= self._told
            self._told = set()
            self._epoch = epoch
        self._told |= self._telling
        self._lost -= self._telling


def viewers(slugs: Iterable[str]) -> dict[str, int]:
    """Return how many sockets each show has now, over all processes; {} with Redis away."""
    wanted = list(slugs)
    pipeline = redis_pool.client().pipeline(transaction=False)
    pipeline.time()
    for slug in wanted:
        pipeline.hvals(_key(slug, "presence"))
    try:
        (seconds, microseconds), *found = pipeline.execute()
    except redis.RedisError as error:
        logger.warning("viewers unknown, Redis is away: %s", error)
        return {}
    oldest = seconds * 1000 + microseconds // 1000 - topic_log.PRESENCE_TTL_MS
    return {slug: _sum(counts, oldest) for slug, counts in zip(wanted, found, strict=True)}


def _sum(counts: Iterable[bytes], oldest_ms: int) -> int:
    """Add up `<sockets> <ms>` of the processes that spoke lately."""
    return sum(int(sockets) for sockets, at in (entry.split() for entry in counts) if int(at) >= oldest_ms)


def audiences(slugs: Iterable[str]) -> dict[str, Count]:
    """Return what Redis has counted of each show while it was on air; nothing of those that it does not know.

    {} with Redis away.
    """
    wanted = list(slugs)
    pipeline = redis_pool.client().pipeline(transaction=False)
    for slug in wanted:
        pipeline.hmget(_key(slug, "audience"), "life", "watched_ms")
        pipeline.pfcount(_key(slug, "uniques"))
    try:
        found = pipeline.execute()
    except redis.RedisError as error:
        logger.warning("audiences unknown, Redis is away: %s", error)
        return {}
    rows = zip(wanted, found[::2], found[1::2], strict=True)
    return {
        slug: Count(life=life.decode(), unique_viewers=uniques, watched_ms=int(watched_ms or 0))
        for slug, (life, watched_ms), uniques in rows
        if life
    }


def _key(slug: str, name: str) -> str:
    return f"{topic_log.CHANNELS}{topic_log.session_topic(slug)}:{name}"
