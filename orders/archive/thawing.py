"""Brings an archived order back to the main database, for a provider that speaks of it late or a refund by staff."""

import uuid

from django.db import connection

from inventory import reservations
from inventory.locks import limited_wait, require_transaction
from orders.archive import as_order
from orders.models import ArchivedOrder, Order, OrderLine
from shop import audit
from shop.models import User, Variant

# Held shared by whoever brings an order back or tells its buyer of it, and alone by whoever erases a person: nobody's
# name is written again behind the back of their erasure. Any number that nobody else locks.
ERASING = 0xE2A


def thaw(order_id: uuid.UUID) -> bool:
    """Bring an order back with its lines and reservations, in the transaction that is open; return if it is there.

    Nothing happens if it is there already. The copy stays in the archive: whoever calls removes it after the commit.
    Raises StockBusy or NotInTransaction.
    """
    require_transaction()
    _lock(order_id)
    if Order.objects.filter(pk=order_id).exists():
        return True
    archived = ArchivedOrder.objects.filter(pk=order_id).order_by("-terminal_at").first()
    if archived is None:
        return False
    order = as_order.make(archived)
    lines = list(order.lines.all())
    if order.buyer_id and not User.objects.filter(pk=order.buyer_id).exists():
        order.buyer_id = None
    known = set(Variant.objects.filter(pk__in=[line.variant_id for line in lines]).values_list("pk", flat=True))
    for line in lines:
        line.variant_id = line.variant_id if line.variant_id in known else None
    Order.objects.bulk_create([order])
    OrderLine.objects.bulk_create(lines)
    reservations.restore_settled(order.holder, archived.reservations)
    audit.record(actor="system", action="thawed", subject=order.holder)
    return True


def keep_erasures_away() -> None:
    """Have what is read of a person from now on stay true until the transaction that is open ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [ERASING])


def _lock(order_id: uuid.UUID) -> None:
    """Keep erasures away, and others that want the same order: they wait, and find it."""
    with limited_wait(), connection.cursor() as cursor:
        keep_erasures_away()
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"thaw {order_id}"])
