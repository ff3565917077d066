"""The same request twice makes one order. Only a success is remembered, for 48 hours."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now

from orders.exceptions import IdempotencyInProgress, IdempotencyMismatch
from orders.models import IdempotencyKey, Order

KEPT_FOR = timedelta(hours=48)


@dataclass(frozen=True)
class Idempotency:
    """`scope` is `user:<id>` or `guest`; `body_hash` tells a repeated request from another one."""

    scope: str
    key: str
    body_hash: str


def find_order(idempotency: Idempotency) -> Order | None:
    """Return the order this key has made, and keep others with the key away until the transaction ends.

    Raises IdempotencyInProgress while another transaction works on the key, IdempotencyMismatch for another body.
    """
    digest = hashlib.sha256(f"{idempotency.scope} {idempotency.key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
        (is_ours,) = cursor.fetchone()
    if not is_ours:
        raise IdempotencyInProgress
    known = (
        IdempotencyKey.objects.filter(scope=idempotency.scope, key=idempotency.key, created_at__gt=Now() - KEPT_FOR)
        .select_related("order")
        .first()
    )
    if known is None:
        return None
    if known.body_hash != idempotency.body_hash:
        raise IdempotencyMismatch
    return known.order


def remember(idempotency: Idempotency, order: Order) -> None:
    """Write down which order a key has made; replaces one that is past its 48 hours."""
    IdempotencyKey.objects.update_or_create(
        scope=idempotency.scope,
        key=idempotency.key,
        # Its 48 hours begin anew, by the clock that `find_order` compares with.
        defaults={"body_hash": idempotency.body_hash, "order": order, "created_at": Now()},
    )


def forget(*, limit: int = 10_000) -> int:
    """Delete up to `limit` keys that are past their 48 hours; return how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=Now() - KEPT_FOR)
    # The age once more beside the number: one that is used anew at this moment stays.
    deleted, _ = old.filter(pk__in=old.values("pk")[:limit]).delete()
    return deleted
