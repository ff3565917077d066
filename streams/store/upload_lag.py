"""Which shows wait for the store, and how long: told by media processes, read by the studio and the metrics."""

import logging
import time
from uuid import UUID

import orjson
import redis

from shop import redis_keys, redis_pool

logger = logging.getLogger(__name__)

KEY = redis_keys.STORE_BEHIND
NOTABLE_S = 5
FORGOTTEN_AFTER_S = 10


def report(session_id: UUID, behind_s: float) -> None:
    """Tell how old the oldest segment is that the store doesn't have yet. Redis away is logged, and no more."""
    try:
        client = redis_pool.client()
        if behind_s < NOTABLE_S:
            client.hdel(KEY, str(session_id))
        else:
            client.hset(KEY, str(session_id), orjson.dumps([round(behind_s), time.time()]))
    except redis.RedisError as error:
        logger.warning("that the store is behind with %s is not told, Redis is away: %s", session_id, error)


def read_all() -> dict[UUID, int]:
    """Return seconds of the shows that wait now. Raises RedisError."""
    told = redis_pool.client().hgetall(KEY)
    rows = {UUID(name.decode()): orjson.loads(value) for name, value in told.items()}  # type: ignore[union-attr]
    return {name: behind_s for name, (behind_s, at) in rows.items() if time.time() - at < FORGOTTEN_AFTER_S}


def read(session_id: UUID) -> int:
    """Return the seconds of one show; 0 when nothing waits, or Redis is away."""
    try:
        told = redis_pool.client().hget(KEY, str(session_id))
    except redis.RedisError as error:
        logger.warning("whether the store is behind with %s is unknown, Redis is away: %s", session_id, error)
        return 0
    behind_s, at = orjson.loads(told) if isinstance(told, bytes) else (0, 0)
    return int(behind_s) if time.time() - at < FORGOTTEN_AFTER_S else 0
