"""Whether a process has what it needs: each dependency is asked once. `/ready` of every kind of process tells it."""

import os
import shutil
from collections.abc import Callable, Mapping

import redis
from django.conf import settings
from django.db import DatabaseError, connection

MEDIA_MIN_FREE_BYTES = 200 * 1024 * 1024


def check() -> dict[str, str]:
    """Return "ok" by dependency, or what is wrong with it."""
    return {name: ask() for name, ask in CHECKS.items()}


def status(checks: Mapping[str, str]) -> int:
    """Return the HTTP status that says whether all is well."""
    return 200 if all(found == "ok" for found in checks.values()) else 503


def check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"away: {type(error).__name__}"
    return "ok"


def check_redis() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)
    try:
        client.ping()
    except redis.RedisError as error:
        return f"away: {type(error).__name__}"
    finally:
        client.close()
    return "ok"


def check_media() -> str:
    """The media folder can be written to and has room for a few minutes of a show."""
    try:
        if not os.access(settings.MEDIA_ROOT, os.W_OK):
            return "the media folder can't be written to"
        if shutil.disk_usage(settings.MEDIA_ROOT).free < MEDIA_MIN_FREE_BYTES:
            return "the disk is nearly full"
    except OSError as error:
        return f"away: {error.strerror}"
    return "ok"


CHECKS: dict[str, Callable[[], str]] = {"database": check_database, "redis": check_redis, "media": check_media}
