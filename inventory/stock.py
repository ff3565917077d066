"""Changes of what is in the building. Each is one movement in the ledger."""

from django.db import transaction

from inventory.availability import announce
from inventory.counters import CounterChange, write_counters
from inventory.exceptions import CountBelowPromises, UnknownStock
from inventory.locks import lock_stock
from inventory.models import StockItem, StockMovement, Warehouse

Reason = StockMovement.Reason


def receive(*, sku: str, warehouse: str, quantity: int, actor: str, note: str = "") -> StockItem:
    """Add units that arrived; the first of a SKU makes its stock item. `warehouse` is a code.

    Raises StockBusy, or ValueError for a quantity below one.
    """
    if quantity < 1:
        raise ValueError("receive at least one unit")
    with transaction.atomic():
        place = Warehouse.objects.get(code=warehouse)
        StockItem.objects.bulk_create([StockItem(sku=sku, warehouse=place)], ignore_conflicts=True)
        return _move(sku, warehouse, quantity, Reason.RECEIVED, actor, note)


def write_off(*, sku: str, warehouse: str, quantity: int, actor: str, note: str = "") -> StockItem:
    """Take out damaged or lost units. Raises CountBelowPromises if held or paid ones would be among them."""
    if quantity < 1:
        raise ValueError("write off at least one unit")
    with transaction.atomic():
        return _move(sku, warehouse, -quantity, Reason.DAMAGED, actor, note)


def count(*, sku: str, warehouse: str, counted: int, actor: str, note: str = "") -> StockItem:
    """Set what is on hand to what was counted. The same count again moves nothing.

    Raises StockBusy, UnknownStock, CountBelowPromises, or ValueError for a negative count.
    """
    if counted < 0:
        raise ValueError("a count can't be negative")
    with transaction.atomic():
        item = _lock(sku, warehouse)
        return _apply(item, counted - item.on_hand, Reason.COUNTED, actor, note)


def _move(sku: str, warehouse: str, delta: int, reason: Reason, actor: str, note: str) -> StockItem:
    return _apply(_lock(sku, warehouse), delta, reason, actor, note)


def _lock(sku: str, warehouse: str) -> StockItem:
    ids = StockItem.objects.filter(sku=sku, warehouse__code=warehouse).values_list("pk", flat=True)
    items = lock_stock(ids=ids)
    if not items:
        raise UnknownStock(sku, warehouse)
    return items[0]


def _apply(item: StockItem, delta: int, reason: Reason, actor: str, note: str) -> StockItem:
    promised = item.held + item.committed
    if item.on_hand + delta < promised:
        raise CountBelowPromises(item.sku, item.on_hand + delta, promised)
    if delta:
        StockMovement.objects.create(stock_item=item, delta=delta, reason=reason, actor=actor, note=note)
        write_counters({item.pk: CounterChange(on_hand=delta)})
        announce([item.sku])
        item.refresh_from_db()
    return item
