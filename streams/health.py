"""How a publisher's stream arrives, as its media process sees it: told every second or two, forgotten in ten."""

import logging
from dataclasses import asdict, dataclass, replace
from uuid import UUID

import orjson
import redis

from shop import redis_keys, redis_pool
from streams.store import upload_lag

logger = logging.getLogger(__name__)

FORGOTTEN_AFTER_S = 10


@dataclass(frozen=True)
class Health:
    """What arrives now; 0 is unknown. `dropped`: pictures that could not be encoded in time.

    `sheds`: viewers have one quality less to choose from, because the machine did not keep up.
    `is_disk_low`: the show goes on, but is not recorded any more. `store_behind_s`: viewers wait for the store.
    """

    bitrate_bps: int
    frames_per_s: float = 0
    width: int = 0
    height: int = 0
    dropped: int = 0
    has_sound: bool = True
    has_picture: bool = True
    sheds: bool = False
    is_disk_low: bool = False
    store_behind_s: int = 0

    @property
    def megabits(self) -> str:
        return f"{self.bitrate_bps / 1e6:.1f}"

    @property
    def frames(self) -> int:
        return round(self.frames_per_s)


def report(session_id: UUID, health: Health) -> None:
    """Tell how a show's stream arrives. Redis away is no reason to stop streaming: it is logged."""
    try:
        redis_pool.client().set(_key(session_id), orjson.dumps(asdict(health)), ex=FORGOTTEN_AFTER_S)
    except redis.RedisError as error:
        logger.warning("health of %s not told, Redis is away: %s", session_id, error)


def read(session_id: UUID) -> Health | None:
    """Return what was told last, or None when nothing arrives (or Redis is away)."""
    try:
        told = redis_pool.client().get(_key(session_id))
    except redis.RedisError as error:
        logger.warning("health of %s unknown, Redis is away: %s", session_id, error)
        return None
    if not isinstance(told, bytes):
        return None
    return replace(Health(**orjson.loads(told)), store_behind_s=upload_lag.read(session_id))


def _key(session_id: UUID) -> str:
    return f"{redis_keys.ENCODER_HEALTH}{session_id}"
