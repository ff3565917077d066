"""How a show plays at its viewers: how soon, how often it stands still, how far behind the camera.

Players tell it now and then (docs/video.md); Redis keeps counts, never one viewer's numbers. A number is counted in a
bucket a sixth wider than the one before, which is as exact as medians of strangers' clocks can be.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import redis

from shop import redis_keys, redis_pool

logger = logging.getLogger(__name__)

KEPT_FOR_S = 90 * 24 * 3600
BUCKET_GROWTH = 1.15
BUCKET_FIRST_MS = 20


@dataclass(frozen=True)
class Report:
    """What one player saw since its last report. `startup_ms` is told once, `latency_ms` by live shows only."""

    startup_ms: int | None = None
    latency_ms: int | None = None
    stalls: int = 0
    stalled_ms: int = 0
    watched_ms: int = 0


@dataclass(frozen=True)
class Spread:
    """The middle, and what one in twenty is worse than; None before anybody told."""

    p50_ms: int | None = None
    p95_ms: int | None = None

    @property
    def middle(self) -> str:
        """Seconds, for people."""
        return _seconds(self.p50_ms)

    @property
    def slowest(self) -> str:
        return _seconds(self.p95_ms)


@dataclass(frozen=True)
class Watching:
    """All viewings of a show together. `stalled_percent` is of the time that they meant to watch."""

    viewings: int = 0
    startup: Spread = Spread()
    latency: Spread = Spread()
    stalls: int = 0
    stalled_percent: float = 0.0


def note(session_id: UUID, report: Report) -> None:
    """Count a report. With Redis away it is lost, and the log says so."""
    counts = {"stalls": report.stalls, "stalled_ms": report.stalled_ms, "watched_ms": report.watched_ms}
    if report.startup_ms is not None:
        counts["viewings"] = 1
        counts[f"startup:{_bucket(report.startup_ms)}"] = 1
    if report.latency_ms is not None:
        counts[f"latency:{_bucket(report.latency_ms)}"] = 1
    try:
        with redis_pool.client().pipeline(transaction=False) as pipeline:
            for name, count in counts.items():
                pipeline.hincrby(_key(session_id), name, count)
            pipeline.expire(_key(session_id), KEPT_FOR_S)
            pipeline.execute()
    except redis.RedisError as error:
        logger.warning("how %s plays is not noted, Redis is away: %s", session_id, error)


def read(session_id: UUID) -> Watching:
    """Return how a show plays; nothing is known with Redis away."""
    try:
        told: Mapping[Any, Any] = redis_pool.client().hgetall(_key(session_id))
    except redis.RedisError as error:
        logger.warning("how %s plays is not known, Redis is away: %s", session_id, error)
        return Watching()
    counts = {name.decode(): int(count) for name, count in told.items()}
    stalled_ms = counts.get("stalled_ms", 0)
    meant_ms = stalled_ms + counts.get("watched_ms", 0)
    return Watching(
        viewings=counts.get("viewings", 0),
        startup=_spread("startup", counts),
        latency=_spread("latency", counts),
        stalls=counts.get("stalls", 0),
        stalled_percent=round(100 * stalled_ms / meant_ms, 1) if meant_ms else 0.0,
    )


def _spread(name: str, counts: Mapping[str, int]) -> Spread:
    prefix = f"{name}:"
    buckets = sorted((int(key.removeprefix(prefix)), count) for key, count in counts.items() if key.startswith(prefix))
    return Spread(_quantile(buckets, 0.5), _quantile(buckets, 0.95)) if buckets else Spread()


def _seconds(value_ms: int | None) -> str:
    return "–" if value_ms is None else f"{value_ms / 1000:.1f}"


def _quantile(buckets: list[tuple[int, int]], share: float) -> int:
    """Return the middle of the bucket in which this share of all is reached."""
    wanted = share * sum(count for _, count in buckets)
    reached = 0
    for bucket, count in buckets:
        reached += count
        if reached >= wanted:
            return round(BUCKET_FIRST_MS * BUCKET_GROWTH ** (bucket - 0.5)) if bucket else 0
    raise AssertionError("unreachable: the last bucket reaches all")


def _bucket(value_ms: int) -> int:
    """Return 0 for what is no time at all, then ever wider buckets."""
    if value_ms < BUCKET_FIRST_MS:
        return 0
    return 1 + int(math.log(value_ms / BUCKET_FIRST_MS, BUCKET_GROWTH))


def _key(session_id: UUID) -> str:
    return f"{redis_keys.WATCHING}{session_id}"
