"""Token buckets in Redis, by Redis's clock, for everything that one person may do only so often."""

import logging
from functools import cache
from typing import Any

import redis

from shop import redis_pool

log = logging.getLogger(__name__)

# Refills and takes in one step, so that two processes can't both have the last token. Returns 0, or after how many
# milliseconds there will be `cost` tokens; a refusal takes none.
TAKE_LUA = """
local capacity, refill, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or capacity, tonumber(bucket[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * refill / 1000)
local wait = 0
if tokens >= cost then
    tokens = tokens - cost
else
    wait = math.ceil((cost - tokens) * 1000 / refill)
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity * 1000 / refill) + 1000)
return wait
"""


@cache
def _script() -> Any:
    return redis_pool.client().register_script(TAKE_LUA)


def take(key: str, *, capacity: float, refill_per_s: float, cost: float = 1) -> int:
    """Take `cost` tokens from a bucket; return 0, or after how many milliseconds trying again helps.

    A bucket starts full, holds `capacity` and gains `refill_per_s`. With Redis away everything is allowed, and
    logged. Raises ValueError for a cost that no full bucket could pay.
    """
    if not 0 < cost <= capacity or refill_per_s <= 0:
        raise ValueError(f"a bucket of {capacity} refilled by {refill_per_s} a second can't give {cost}")
    try:
        return int(_script()(keys=[f"showfloor:bucket:{key}"], args=[capacity, refill_per_s, cost]))
    except redis.RedisError as error:
        log.warning("rate limit of %s not checked, Redis is away: %s", key, error)
        return 0
