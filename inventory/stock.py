"""Changes of what is in the building. Each is one movement in the ledger."""

from django.db import transaction

from inventory.availability import announce
from inventory.counters import CounterChange, write_counters
from inventory.exceptions import CountBelowPromises, SkuRefused, StockChanged, UnknownStock
from inventory.locks import lock_stock
from inventory.models import StockItem, StockMovement, Warehouse
from inventory.sku import is_sku

Reason = StockMovement.Reason
ENTERED = (Reason.RECEIVED, Reason.COUNTED, Reason.DAMAGED)


def newest_entry(item: StockItem) -> int:
    """Return the id of the newest movement that a person entered for this item, 0 if there is none.

    Who enters one says which was the newest then (`seen`). If it is another by now, somebody else may have entered
    the same delivery, and StockChanged is raised.
    """
    return item.movements.filter(reason__in=ENTERED).order_by("-pk").values_list("pk", flat=True).first() or 0


def receive(
    *, sku: str, warehouse: str, quantity: int, actor: str, note: str = "", seen: int | None = None
) -> StockItem:
    """Add units that arrived; the first of a SKU makes its stock item. `warehouse` is a code.

    Raises StockBusy, StockChanged, SkuRefused, or ValueError for a quantity below one.
    """
    if quantity < 1:
        raise ValueError("receive at least one unit")
    if not is_sku(sku):
        raise SkuRefused(sku)
    with transaction.atomic():
        place = Warehouse.objects.get(code=warehouse)
        StockItem.objects.bulk_create([StockItem(sku=sku, warehouse=place)], ignore_conflicts=True)
        item = _lock(sku, warehouse, seen)
        return _apply(item, quantity, Reason.RECEIVED, actor, note)


def write_off(
    *, sku: str, warehouse: str, quantity: int, actor: str, note: str = "", seen: int | None = None
) -> StockItem:
    """Take out damaged or lost units.

    Raises CountBelowPromises if held or paid ones would be among them, StockBusy, StockChanged.
    """
    if quantity < 1:
        raise ValueError("write off at least one unit")
    with transaction.atomic():
        item = _lock(sku, warehouse, seen)
        return _apply(item, -quantity, Reason.DAMAGED, actor, note)


def count(*, sku: str, warehouse: str, counted: int, actor: str, note: str = "", seen: int | None = None) -> StockItem:
    """Set what is on hand to what was counted. The same count again moves nothing.

    Raises StockBusy, StockChanged, UnknownStock, CountBelowPromises, or ValueError for a negative count.
    """
    if counted < 0:
        raise ValueError("a count can't be negative")
    with transaction.atomic():
        item = _lock(sku, warehouse, seen)
        return _apply(item, counted - item.on_hand, Reason.COUNTED, actor, note)


def _lock(sku: str, warehouse: str, seen: int | None) -> StockItem:
    ids = StockItem.objects.filter(sku=sku, warehouse__code=warehouse).values_list("pk", flat=True)
    items = lock_stock(ids=ids)
    if not items:
        raise UnknownStock(sku, warehouse)
    if seen is not None and seen != newest_entry(items[0]):
        raise StockChanged(sku, items[0].on_hand)
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
