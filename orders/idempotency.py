"""The same request twice makes one order. Only a success is remembered, for 48 hours."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from django.contrib.auth.models import AnonymousUser
from django.db.models.functions import Now

from inventory import statements
from orders.exceptions import IdempotencyInProgress, IdempotencyMismatch
from orders.models import IdempotencyKey, Order
from shop.models import User

KEPT_FOR = timedelta(hours=48)


@dataclass(frozen=True)
class Idempotency:
    """`scope` is `user:<id>` or `guest`; `body_hash` tells a repeated request from another one."""

    scope: str
    key: str
    body_hash: str


# The lock says at once that another works on the key, where the unique constraint alone would have us wait for it.
_CLAIM = """
    INSERT INTO orders_idempotencykey AS known (scope, key, body_hash, order_id, created_at)
    SELECT %(scope)s, %(key)s, %(body_hash)s, %(order_id)s, now()
    WHERE pg_try_advisory_xact_lock(%(lock)s)
    ON CONFLICT (scope, key) DO UPDATE
        SET body_hash = excluded.body_hash, order_id = excluded.order_id, created_at = excluded.created_at
        WHERE known.created_at <= now() - %(kept_for)s
    RETURNING order_id
"""


def claim(idempotency: Idempotency, order_id: uuid.UUID) -> Order | None:
    """Have a key stand for the order about to be made (None), or return the one that it has made before.

    The claim is a row of this transaction: it goes with it if the order is refused, and takes the place of one that is
    past its 48 hours. Others with the key are kept away until the transaction ends.

    Raises IdempotencyInProgress while another transaction works on the key, IdempotencyMismatch for another body.
    """
    digest = hashlib.sha256(f"{idempotency.scope} {idempotency.key}".encode()).digest()
    values = {**vars(idempotency), "order_id": order_id, "kept_for": KEPT_FOR}
    if statements.run(_CLAIM, values | {"lock": int.from_bytes(digest[:8], signed=True)}):
        return None
    known = (
        IdempotencyKey.objects.filter(scope=idempotency.scope, key=idempotency.key, created_at__gt=Now() - KEPT_FOR)
        .select_related("order")
        .first()
    )
    if known is None:
        raise IdempotencyInProgress
    if known.body_hash != idempotency.body_hash:
        raise IdempotencyMismatch
    return known.order


def is_known(idempotency: Idempotency) -> bool:
    """Say whether this very request has made an order, with which `claim` answers it whatever the limits say."""
    known = IdempotencyKey.objects.filter(**vars(idempotency), created_at__gt=Now() - KEPT_FOR)
    return known.exists()


def forget(*, limit: int = 10_000) -> int:
    """Delete up to `limit` keys that are past their 48 hours; return how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=Now() - KEPT_FOR)
    # The age once more beside the number: one that is used anew at this moment stays.
    deleted, _ = old.filter(pk__in=old.values("pk")[:limit]).delete()
    return deleted


def compute(user: User | AnonymousUser, *, key: str, body: Any) -> Idempotency:
    """Return the idempotency of a request. `body` is anything JSON can say; the order of its members means nothing.

    The key is the account's own; guests share one scope, so a guest's key should be hard to guess.
    """
    canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    scope = f"user:{user.pk}" if isinstance(user, User) else "guest"
    return Idempotency(scope=scope, key=key, body_hash=hashlib.sha256(canonical).hexdigest())
