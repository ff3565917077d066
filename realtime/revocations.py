"""Who signed out since a ticket was issued: a set in Redis, and a letter to the processes where they sit.

A ticket is good for hours and asks no database. Signing out revokes the tickets of that sign-in; an account that is
closed or deleted, or has another password, all of its tickets so far. Who sits there is sent away, and comes back as
who they are by then: a stranger, or by a cookie that still counts.

A letter may be lost, so the processes look every few seconds who signed out lately (`recent`). With Redis away it is
written down in the outbox, which brings it to Redis later.
"""

import logging
from dataclasses import dataclass
from typing import Any

import redis
from django.contrib.auth.signals import user_logged_out
from django.db import DatabaseError
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from inventory.transactions import after_commit
from realtime import identity, user_messages
from realtime.identity import Person
from shop import outbox, redis_keys, redis_pool
from shop.models import ApiToken, OutboxEvent, User

logger = logging.getLogger(__name__)

KEY = redis_keys.REVOKED
RECENT = f"{KEY}:recent"
# Longer than a process serves anybody without having heard of Redis.
RECENT_MS = 300_000
OVERDUE = "sign_out.overdue"


@dataclass(frozen=True, slots=True)
class Revoked:
    """Somebody signed out at `at_ms`: with one sign-in, or with an empty one everywhere."""

    user_id: int
    sign_in: str
    at_ms: int


def connect() -> None:
    user_logged_out.connect(on_signed_out)
    post_save.connect(on_account_saved, sender=User)
    post_delete.connect(on_account_deleted, sender=User)
    post_delete.connect(on_token_deleted, sender=ApiToken)


def on_signed_out(*, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None and (sign_in := identity.mark_of(request.session.session_key)):
        revoke(user.pk, sign_in=sign_in)


def on_account_saved(*, instance: User, created: bool, **kwargs: Any) -> None:
    # Django keeps a new password in the clear until it has been saved.
    has_new_password = getattr(instance, "_password", None) is not None
    if not created and (has_new_password or not instance.is_active):
        after_commit(revoke, instance.pk)


def on_account_deleted(*, instance: User, **kwargs: Any) -> None:
    after_commit(revoke, instance.pk)


def on_token_deleted(*, instance: ApiToken, **kwargs: Any) -> None:
    """No page has a ticket because of a token: its sockets only need to ask again."""
    after_commit(revoke, instance.user_id, voids_tickets=False)


def revoke(user_id: int, *, sign_in: str = "", voids_tickets: bool = True) -> None:
    """Take away the tickets of one sign-in, or all that an account has by now; close the sockets. Doesn't raise."""
    try:
        _revoke(user_id, sign_in=sign_in, voids_tickets=voids_tickets)
    except redis.RedisError as error:
        logger.warning("user %d is signed out later, Redis is away: %s", user_id, error)
        _put_off(user_id, {"user": user_id, "sign_in": sign_in, "voids_tickets": voids_tickets})


def _revoke(user_id: int, *, sign_in: str, voids_tickets: bool) -> None:
    now = identity.now_ms()
    pipeline = redis_pool.client().pipeline()
    if voids_tickets:
        pipeline.set(f"{KEY}:sign-in:{sign_in}" if sign_in else f"{KEY}:user:{user_id}", now, ex=identity.MAX_AGE_S)
    pipeline.zadd(RECENT, {f"{user_id}:{sign_in}": now})
    pipeline.zremrangebyscore(RECENT, "-inf", now - RECENT_MS)
    pipeline.execute()
    try:
        user_messages.send_revocation(user_id, sign_in)
    except (redis.RedisError, OSError, TimeoutError) as error:
        logger.warning("sockets of user %d are closed a little later: %s", user_id, error)


def _put_off(user_id: int, data: dict[str, Any]) -> None:
    try:
        outbox.publish(OVERDUE, f"user:{user_id}", data)
    except DatabaseError as error:
        logger.error("tickets of user %d not revoked, the database is away, too: %s", user_id, error)


@outbox.handles(OVERDUE)
def _make_up(event: OutboxEvent) -> None:
    """Do what could not be done while Redis was away. Raises redis.RedisError: the outbox tries again."""
    _revoke(event.data["user"], sign_in=event.data["sign_in"], voids_tickets=event.data["voids_tickets"])


def recent() -> list[Revoked]:
    """Return who signed out in the last minutes. Raises redis.RedisError."""
    found: list[tuple[bytes, float]] = redis_pool.client().zrange(RECENT, 0, -1, withscores=True)  # type: ignore[assignment]
    said = [(word.decode().partition(":"), at_ms) for word, at_ms in found]
    return [Revoked(int(user_id), sign_in, int(at_ms)) for (user_id, _, sign_in), at_ms in said]


def is_revoked(person: Person) -> bool:
    """Whether an account signed out, or was closed, since it was said to be them. Raises redis.RedisError."""
    keys = [f"{KEY}:user:{person.user_id}", f"{KEY}:sign-in:{person.sign_in}"]
    found: list[bytes | None] = redis_pool.patient_client().mget(keys)  # type: ignore[assignment]
    since_ms, signed_out = found
    return signed_out is not None or (since_ms is not None and person.known_ms <= int(since_ms))
