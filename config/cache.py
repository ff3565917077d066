"""The cache that lets pages go on while Redis is away."""

import logging
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache

logger = logging.getLogger(__name__)


class SoftRedisCache(RedisCache):
    """A Redis cache whose loss is a miss, not an error page. Rate limits then let people through."""

    def _softly(self, call: Any, otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except redis.RedisError as error:
            logger.warning("cache away: %s", error)
            return otherwise

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._softly(super().get, default, key, default, version)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._softly(super().get_many, {}, keys, version)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._softly(super().set, None, key, value, *args, **kwargs)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._softly(super().add, True, key, value, *args, **kwargs)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._softly(super().delete, False, key, version)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._softly(super().incr, delta, key, delta, version)

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return self._softly(super().touch, False, key, *args, **kwargs)
