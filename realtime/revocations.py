"""Who signed out since a ticket was issued: a set in Redis, and a letter to the processes where they sit.

A ticket is good for hours and asks no database. Signing out revokes the tickets of that sign-in; an account that is
closed, or has another password, all of its tickets so far. Who sits there is sent away, and comes back as who they are
by then: a stranger, or by a cookie that still counts.
"""

import logging
from typing import Any

import redis
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest
from rest_framework.authtoken.models import Token

from inventory.transactions import after_commit
from realtime import letters, tickets
from realtime.tickets import Person
from shop import redis_pool
from shop.models import User

logger = logging.getLogger(__name__)

KEY = "showfloor:rt:revoked"


def connect() -> None:
    user_logged_out.connect(on_signed_out)
    post_save.connect(on_account_saved, sender=User)
    post_delete.connect(on_token_deleted, sender=Token)


def on_signed_out(*, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None and (sign_in := tickets.mark_of(request.session.session_key)):
        revoke(user.pk, sign_in=sign_in)


def on_account_saved(*, instance: User, created: bool, **kwargs: Any) -> None:
    # Django keeps a new password in the clear until it has been saved.
    has_new_password = getattr(instance, "_password", None) is not None
    if not created and (has_new_password or not instance.is_active):
        after_commit(revoke, instance.pk)


def on_token_deleted(*, instance: Token, **kwargs: Any) -> None:
    """No page has a ticket because of a token: its sockets only need to ask again."""
    after_commit(_send_away, instance.user_id, "")


def revoke(user_id: int, *, sign_in: str = "") -> None:
    """Take away the tickets of one sign-in, or all that an account has by now; close the sockets. Doesn't raise."""
    key = f"{KEY}:sign-in:{sign_in}" if sign_in else f"{KEY}:user:{user_id}"
    try:
        redis_pool.client().set(key, tickets.now_ms(), ex=tickets.MAX_AGE_S)
    except redis.RedisError as error:
        logger.warning("tickets of user %d not revoked, Redis is away: %s", user_id, error)
        return
    _send_away(user_id, sign_in)


def is_revoked(person: Person) -> bool:
    """Whether an account signed out, or was closed, since it was said to be them. Raises redis.RedisError."""
    keys = [f"{KEY}:user:{person.user_id}", f"{KEY}:sign-in:{person.sign_in}"]
    found: list[bytes | None] = redis_pool.client().mget(keys)  # type: ignore[assignment]
    since_ms, signed_out = found
    return signed_out is not None or (since_ms is not None and person.known_ms <= int(since_ms))


def _send_away(user_id: int, sign_in: str) -> None:
    try:
        letters.send_revocation(user_id, sign_in)
    except (redis.RedisError, OSError, TimeoutError) as error:
        logger.warning("sockets of user %d not closed, Redis is away: %s", user_id, error)
