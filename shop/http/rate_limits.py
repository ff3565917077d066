"""Token buckets in Redis, by Redis's clock, for everything that one person may do only so often."""

import logging
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import redis

from shop import redis_keys, redis_pool

logger = logging.getLogger(__name__)

KEYS = redis_keys.BUCKET
TAKE_LUA = (Path(__file__).parent / "lua" / "take.lua").read_text()
GIVE_BACK_LUA = (Path(__file__).parent / "lua" / "give_back.lua").read_text()


@dataclass(frozen=True)
class Bucket:
    """A bucket starts full, holds `capacity` and gains `refill_per_s`; `cost` is what is asked of it."""

    key: str
    capacity: float
    refill_per_s: float
    cost: float = 1


@cache
def _script() -> Any:
    return redis_pool.client().register_script(TAKE_LUA)


@cache
def _giving_back() -> Any:
    return redis_pool.client().register_script(GIVE_BACK_LUA)


def wait_ms(bucket: Bucket) -> int:
    """Return after how many milliseconds a bucket can pay its cost, 0 for now, and take nothing; 0 with Redis away."""
    pipeline = redis_pool.client().pipeline(transaction=False)
    pipeline.time()
    pipeline.hmget(f"{KEYS}{bucket.key}", "tokens", "at")
    try:
        (seconds, microseconds), (tokens, at) = pipeline.execute()
    except redis.RedisError as error:
        logger.warning("rate limit of %s not looked at, Redis is away: %s", bucket.key, error)
        return 0
    if tokens is None:
        return 0
    since_s = max(0.0, seconds + microseconds / 1_000_000 - float(at) / 1000)
    lacks = bucket.cost - min(bucket.capacity, float(tokens) + since_s * bucket.refill_per_s)
    return max(0, math.ceil(lacks * 1000 / bucket.refill_per_s))


def take(key: str, *, capacity: float, refill_per_s: float, cost: float = 1) -> int:
    """Take from one bucket, as `take_all` does."""
    return take_all(Bucket(key, capacity, refill_per_s, cost))


def take_all(*buckets: Bucket) -> int:
    """Take from every bucket, or from none; return 0, or after how many milliseconds trying again helps.

    With Redis away everything is allowed, and logged. Raises ValueError for a cost that no full bucket could pay.
    """
    for bucket in buckets:
        if not 0 < bucket.cost <= bucket.capacity or bucket.refill_per_s <= 0:
            raise ValueError(
                f"a bucket of {bucket.capacity} refilled by {bucket.refill_per_s} a second can't give {bucket.cost}"
            )
    keys = [f"{KEYS}{bucket.key}" for bucket in buckets]
    args = [number for bucket in buckets for number in (bucket.capacity, bucket.refill_per_s, bucket.cost)]
    try:
        return int(_script()(keys=keys, args=args))
    except redis.RedisError as error:
        logger.warning(
            "rate limit of %s not checked, Redis is away: %s", ", ".join(bucket.key for bucket in buckets), error
        )
        return 0


def give_back(*buckets: Bucket) -> None:
    """Return to each bucket what `take_all` took of it, for what did not count in the end. Redis away: they stay."""
    try:
        _giving_back()(keys=[f"{KEYS}{bucket.key}" for bucket in buckets], args=[bucket.cost for bucket in buckets])
    except redis.RedisError as error:
        logger.warning("nothing given back to %s: %s", ", ".join(bucket.key for bucket in buckets), error)


def forget(key: str) -> None:
    """Fill a bucket up again."""
    try:
        redis_pool.client().delete(f"{KEYS}{key}")
    except redis.RedisError as error:
        logger.warning("the bucket %s was not filled: %s", key, error)
