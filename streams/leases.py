"""Playback leases: at most so many streams that one person watches at once. docs/video.md tells how.

They live in Redis alone, by its clock, and one script makes every change, so that no number of calls at once passes
the limit. A lease names its person's key, unreadably, so that a heartbeat needs no session and no database. With Redis
away everybody may watch, and the log says so.
"""

import logging
import math
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import redis
from django.conf import settings
from django.utils.crypto import salted_hmac

from shop import redis_keys, redis_pool
from shop.models import User
from streams.exceptions import Active, LeaseLost, LeasesUnknown, TooManyStreams

logger = logging.getLogger(__name__)

HEARTBEAT_S = 15
EXPIRES_S = 45
# So long a device that was stopped can learn of it, and at most so many can; then its lease is one that has expired.
TOLD_FOR_S = 600
TOLD_MAX = 16
# So long after Redis was away, every player has beaten once, and asked for a lease again if that was forgotten.
BELIEVED_FOR_S = HEARTBEAT_S + 5
FORM = re.compile(r"[\w-]{16}\.[\w-]{16}", re.ASCII)

LUA = (Path(__file__).parent / "lua" / "leases.lua").read_text()


@dataclass(frozen=True)
class Device:
    """What somebody watches on. `id` is the device's own word, the same after a reload."""

    id: str
    name: str


@dataclass(frozen=True)
class Granted:
    """`current` counts the person's streams, this one included."""

    lease: str
    current: int


def account(user: User) -> str:
    """Return the word for somebody signed in."""
    return f"user:{user.public_id}"


def guest(cookie: str) -> str:
    """Return the word for a browser that nobody signed in with."""
    return f"guest:{cookie}"


def take(person: str, device: Device, *, session: str, title: str, take_over: Iterable[str] = ()) -> Granted:
    """Let a device of a person play a show; one that holds a lease keeps it, so calling twice is safe.

    `person` is the word of `account` or `guest`. `take_over` names leases of theirs to stop: all of them, or none when
    there would still be too many. Raises TooManyStreams.
    """
    tag = _tag(person)
    lease = f"{tag}.{secrets.token_urlsafe(12)}"
    asked = {
        "most": settings.MAX_CONCURRENT_STREAMS,
        "take_over": list(take_over),
        "new": {
            "lease": lease,
            "device_id": device.id,
            "device_name": device.name,
            "session": session,
            "title": title,
        },
    }
    try:
        told = _do("take", tag, asked)
    except redis.RedisError as error:
        logger.warning("a stream is not counted, Redis is away: %s", error)
        return Granted(lease, 1)
    if "lease" not in told:
        raise TooManyStreams(_active(told))
    return Granted(**told)


def beat(lease: str) -> None:
    """Say that a device still plays. Raises LeaseLost; never while Redis is away."""
    if not FORM.fullmatch(lease):
        raise LeaseLost("expired")
    try:
        told = _do("beat", _tag_of(lease), {"lease": lease})
    except redis.RedisError as error:
        logger.warning("a stream is not counted, Redis is away: %s", error)
        return
    if told:
        raise LeaseLost(told["lost"], by=told.get("by", ""), by_name=told.get("by_name", ""))


def give_back(lease: str) -> None:
    """End a lease whose device has stopped. Calling twice is safe; with Redis away it ends by itself."""
    if not FORM.fullmatch(lease):
        return
    try:
        _do("give_back", _tag_of(lease), {"lease": lease})
    except redis.RedisError as error:
        logger.warning("a stream was not given back, Redis is away: %s", error)


def is_playing(lease: str, *, session: str) -> bool:
    """Tell whether a lease still plays this show: it was not stopped, given back, let expire or moved to another one.

    True while Redis is away; and for BELIEVED_FOR_S after this process found it so, of a lease that it doesn't know.
    """
    if not FORM.fullmatch(lease):
        return False
    try:
        told = _do("look", _tag_of(lease), {"lease": lease})
    except redis.RedisError as error:
        logger.warning("a playlist is open to any lease, Redis is away: %s", error)
        return True
    if told.get("lost") == "expired" and time.monotonic() - _away_s < BELIEVED_FOR_S:
        logger.warning("a playlist is open to a lease that is unknown: Redis was away")
        return True
    return bool(told.get("session") == session)


def list_active(person: str) -> list[Active]:
    """Return what a person watches now, the longest first. Raises LeasesUnknown."""
    try:
        return _active(_do("list", _tag(person), {}))
    except redis.RedisError as error:
        raise LeasesUnknown from error


def stop(person: str, lease: str) -> None:
    """Stop a device of a person, who asks for it elsewhere than on a device that plays. Raises LeasesUnknown."""
    try:
        _do("stop", _tag(person), {"lease": lease})
    except redis.RedisError as error:
        raise LeasesUnknown from error


@cache
def _script() -> Any:
    return redis_pool.client().register_script(LUA)


_away_s = -math.inf  # when this process last found Redis away


def _do(deed: str, tag: str, asked: dict[str, Any]) -> dict[str, Any]:
    global _away_s
    asked |= {"expires_ms": EXPIRES_S * 1000, "told_for_ms": TOLD_FOR_S * 1000, "told_most": TOLD_MAX}
    try:
        answer = _script()(keys=[f"{redis_keys.LEASES}{tag}"], args=[deed, orjson.dumps(asked)])
    except redis.RedisError:
        _away_s = time.monotonic()
        raise
    told: dict[str, Any] = orjson.loads(answer)
    return told


def _tag(person: str) -> str:
    """Return sixteen characters that name a person to us, and tell others nothing."""
    return urlsafe_b64encode(salted_hmac("streams.leases", person, algorithm="sha256").digest()[:12]).decode()


def _tag_of(lease: str) -> str:
    return lease.partition(".")[0]


def _active(told: dict[str, Any]) -> list[Active]:
    # Lua writes an empty list as {}.
    return [
        Active(
            lease=one["lease"],
            device_name=one["device_name"],
            session=one["session"],
            title=one["title"],
            started_at=datetime.fromtimestamp(one["started_ms"] / 1000, UTC),
        )
        for one in told["active"] or []
    ]
