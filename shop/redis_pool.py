"""The shared Redis clients: of everything that must answer soon (pages, rate limits, news), and of what can wait."""

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE_S = 0.25
LONG_PATIENCE_S = 2.0


@cache
def client() -> redis.Redis:
    """Return the client of this process: a quarter of a second of patience, and no second try.

    Threads share it. Answers are bytes. A caller expects `redis.RedisError` and goes on without Redis.
    """
    return _client(PATIENCE_S)


@cache
def patient_client() -> redis.Redis:
    """Return another one, which waits two seconds: for threads whose failure would send viewers away.

    A Redis that is busy is late, not away.
    """
    return _client(LONG_PATIENCE_S)


def _client(patience_s: float) -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=patience_s,
        socket_connect_timeout=patience_s,
        retry=Retry(NoBackoff(), 0),
    )
