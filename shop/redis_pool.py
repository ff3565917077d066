"""The shared Redis client of everything that must answer soon: pages, rate limits, news."""

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE_S = 0.25


@cache
def client() -> redis.Redis:
    """Return the client of this process: a quarter of a second of patience, and no second try.

    Threads share it. Answers are bytes. A caller expects `redis.RedisError` and goes on without Redis.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=PATIENCE_S,
        socket_connect_timeout=PATIENCE_S,
        retry=Retry(NoBackoff(), 0),
    )
