"""The only place that locks orders. An order is locked before its stock (docs/locking.md)."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from inventory.locks import limited_wait, require_transaction
from orders.models import Order


def lock_order(order_id: uuid.UUID) -> Order:
    """Lock one order until the transaction ends. Raises Order.DoesNotExist, StockBusy or NotInTransaction."""
    orders = lock_orders([order_id])
    if not orders:
        raise Order.DoesNotExist
    return orders[0]


def lock_orders(order_ids: Iterable[uuid.UUID]) -> list[Order]:
    """Lock these orders, in the order of their ids. Raises StockBusy or NotInTransaction."""
    require_transaction()
    with limited_wait():
        return list(Order.objects.filter(pk__in=set(order_ids)).order_by("pk").select_for_update(no_key=True))


def lock_overdue_orders(*, before: datetime, limit: int) -> list[Order]:
    """Lock the unpaid orders whose deadline passed longest ago, leaving out those that somebody is working on."""
    require_transaction()
    overdue = Order.objects.filter(state=Order.State.CREATED, expires_at__lt=before).order_by("expires_at")
    return list(overdue.select_for_update(no_key=True, skip_locked=True)[:limit])
