"""Moves orders that are over into the archive: copy, verify, delete.

A batch is locked in the main database, copied in a transaction of the archive's own, read back, and deleted where the
copy is right. Killed at any moment, it leaves orders in the main database, some of them with a copy; the main one
counts, and the next run copies them anew. Several may run at once: each takes orders that nobody else has locked.
"""

import math
import time
import uuid
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BooleanField, CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Concat

from inventory import reservations
from inventory.models import Reservation
from orders import clock, locks
from orders.archive import partitions
from orders.archiving import copies
from orders.models import IdempotencyKey, Order, OrderLine, Payment, Refund

BATCH = 1000
LATE_WEBHOOKS = timedelta(days=7)  # providers send again for days what could not be delivered
REFUSED_MAX = 1000
# A transaction that waits for the archive this long between two of its statements ends, and lets go of its locks.
PATIENCE_MS = 60_000


@dataclass(frozen=True)
class Batch:
    """What became of the orders that one transaction locked; the rest of them could not be moved after all."""

    locked: int
    moved: int = 0
    refused: AbstractSet[uuid.UUID] = frozenset()


@dataclass
class Report:
    """What a run did. `refused` are numbers of orders whose copy did not read back as it was written."""

    moved: int = 0
    refused: list[str] = field(default_factory=list)


def move(*, batch: int = BATCH, limit: int | None = None, within_s: float = math.inf) -> Report:
    """Move what is due, oldest first, batch by batch: all of it, or `limit` orders, or what can be begun in time.

    Stops early when so many copies are refused that it can't be their own fault.
    """
    report, refused, deadline = Report(), set[uuid.UUID](), time.monotonic() + within_s
    while (limit is None or report.moved < limit) and len(refused) < REFUSED_MAX and time.monotonic() < deadline:
        size = batch if limit is None else min(batch, limit - report.moved)
        done = move_batch(limit=size, leaving=refused)
        report.moved += done.moved
        report.refused += [order.number for order in Order.objects.filter(pk__in=done.refused)]
        refused |= done.refused
        if not done.locked:
            break
    return report


def move_batch(*, limit: int = BATCH, leaving: Collection[uuid.UUID] = ()) -> Batch:
    """Move up to `limit` orders in one transaction.

    Takes the orders' locks, leaving out what others have locked, and those in `leaving`.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [str(PATIENCE_MS)])
        before = due_before()
        locked = locks.lock_finished_orders(list_movable(before).exclude(pk__in=leaving), limit=limit)
        # Read anew under the lock: a refund may have been written between looking and locking.
        among = RawSQL("orders_order.id = ANY(%s::uuid[])", [copies.as_array(locked)], BooleanField())
        rows = list_movable(before).filter(among).order_by().values_list("pk", "terminal_at")
        moments = {order_id: moment for order_id, moment in rows if moment}
        if not moments:
            return Batch(locked=len(locked))
        partitions.ensure(moments.values())
        documents = copies.read(moments)
        copies.write(documents)
        sound = copies.sound(documents, since=min(moments.values()), until=max(moments.values()))
        _delete(sound)
    return Batch(locked=len(locked), moved=len(sound), refused=moments.keys() - set(sound))


def due_before() -> datetime:
    """Return the moment before which an order must have been over to be moved."""
    return clock.now() - max(timedelta(days=settings.RETURN_WINDOW_DAYS), LATE_WEBHOOKS)


def list_movable(before: datetime) -> QuerySet[Order]:
    """Return orders that were over before a moment, and that nothing is open of; the oldest first."""
    return Order.objects.filter(
        ~Exists(OPEN_PAYMENTS), ~Exists(PENDING_REFUNDS), ~Exists(LIVE_RESERVATIONS), terminal_at__lt=before
    ).order_by("terminal_at")


def count_waiting() -> dict[str, int]:
    """Count what is due and can't be moved, by what is open of it."""
    due = Order.objects.filter(terminal_at__lt=due_before())
    counts: dict[str, int] = due.aggregate(
        open_payment=Count("pk", filter=Q(Exists(OPEN_PAYMENTS))),
        pending_refund=Count("pk", filter=Q(Exists(PENDING_REFUNDS))),
        live_reservation=Count("pk", filter=Q(Exists(LIVE_RESERVATIONS))),
    )
    return counts


OPEN_PAYMENTS = Payment.objects.filter(order=OuterRef("pk"), state=Payment.State.OPEN)
PENDING_REFUNDS = Refund.objects.filter(payment__order=OuterRef("pk"), state=Refund.State.PENDING)
LIVE_RESERVATIONS = Reservation.objects.filter(
    holder=Concat(Value("order:"), Cast(OuterRef("pk"), CharField())), state__in=reservations.LIVE
)


def _delete(order_ids: list[uuid.UUID]) -> None:
    """Delete orders with all that refers to them; the keys that made them are long past their 48 hours."""
    reservations.delete_settled([f"order:{order_id}" for order_id in order_ids])
    with connection.cursor() as cursor:
        for model, column in ((IdempotencyKey, "order_id"), (OrderLine, "order_id"), (Order, "id")):
            statement = f"DELETE FROM {model._meta.db_table} WHERE {column} = ANY(%s::uuid[])"  # noqa: S608
            cursor.execute(statement, [copies.as_array(order_ids)])
