"""The only place that locks orders. An order is locked before its stock (docs/locking.md)."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from inventory.locks import limited_wait, require_transaction
from inventory.transactions import after_commit
from orders.archive import thawing
from orders.models import ArchivedOrder, Order


def lock_order(order_id: uuid.UUID) -> Order:
    """Lock one order until the transaction ends; one that was archived is brought back first.

    Raises Order.DoesNotExist, StockBusy or NotInTransaction.
    """
    orders = lock_orders([order_id])
    if not orders and thawing.thaw(order_id):
        orders = lock_orders([order_id])
        after_commit(_drop_copy, order_id)
    if not orders:
        raise Order.DoesNotExist
    return orders[0]


def lock_orders(order_ids: Iterable[uuid.UUID]) -> list[Order]:
    """Lock these orders, in the order of their ids. Raises StockBusy or NotInTransaction."""
    require_transaction()
    with limited_wait():
        return list(Order.objects.filter(pk__in=set(order_ids)).order_by("pk").select_for_update(no_key=True))


def lock_finished_orders(orders: QuerySet[Order], *, limit: int) -> list[uuid.UUID]:
    """Lock the first of these orders, leaving out those that somebody is working on; return their ids."""
    require_transaction()
    return list(orders.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)[:limit])


def lock_overdue_orders(*, before: datetime, limit: int) -> list[Order]:
    """Lock the unpaid orders whose deadline passed longest ago, leaving out those that somebody is working on."""
    require_transaction()
    overdue = Order.objects.filter(state=Order.State.CREATED, expires_at__lt=before).order_by("expires_at")
    return list(overdue.select_for_update(no_key=True, skip_locked=True)[:limit])


def _drop_copy(order_id: uuid.UUID) -> None:
    """Remove the archived copy of an order that is back; should this fail, it is no more than a copy too many.

    Under the order's lock, for it may have been archived again in this moment, and then the copy is all there is.
    """
    with transaction.atomic():
        if lock_orders([order_id]):
            ArchivedOrder.objects.filter(pk=order_id).delete()
