"""How many watch a show: each realtime process counts its own sockets, and dead ones fade in five seconds."""

import logging
from collections.abc import Iterable

import redis

from realtime import log
from shop import redis_pool

logger = logging.getLogger(__name__)


def viewers(slugs: Iterable[str]) -> dict[str, int]:
    """Return how many sockets each show has now, over all processes; {} with Redis away."""
    wanted = list(slugs)
    pipeline = redis_pool.client().pipeline(transaction=False)
    pipeline.time()
    for slug in wanted:
        pipeline.hvals(f"{log.CHANNELS}{log.session_topic(slug)}:presence")
    try:
        (seconds, microseconds), *found = pipeline.execute()
    except redis.RedisError as error:
        logger.warning("viewers unknown, Redis is away: %s", error)
        return {}
    oldest = seconds * 1000 + microseconds // 1000 - log.PRESENCE_TTL_MS
    return {slug: _sum(counts, oldest) for slug, counts in zip(wanted, found, strict=True)}


def _sum(counts: Iterable[bytes], oldest_ms: int) -> int:
    """Add up `<sockets> <ms>` of the processes that spoke lately."""
    return sum(int(sockets) for sockets, at in (entry.split() for entry in counts) if int(at) >= oldest_ms)
