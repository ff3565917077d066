"""A cache that is away or out of order is a miss, and soon."""

import pytest
import redis
from django.conf import settings
from django.core.cache.backends.redis import RedisCache

from config.cache import SoftRedisCache


@pytest.mark.parametrize("error", [redis.ConnectionError, redis.ReadOnlyError, redis.exceptions.OutOfMemoryError])
def test_any_trouble_of_redis_is_a_miss(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise error("no")

    for name in ("get", "set", "add"):
        monkeypatch.setattr(RedisCache, name, refuse)
    cache = SoftRedisCache(settings.CACHES["default"]["LOCATION"], settings.CACHES["default"])

    assert cache.get("a", 7) == 7
    assert cache.add("a", 1)
    cache.set("a", 1)


def test_nobody_waits_long_for_the_cache() -> None:
    cache = SoftRedisCache(settings.CACHES["default"]["LOCATION"], settings.CACHES["default"])
    kept = cache._cache._get_connection_pool(write=False).connection_kwargs

    assert (kept["socket_timeout"], kept["socket_connect_timeout"]) == (0.25, 0.25)
