"""Set a counter of a stock item to what its rows say, when it has drifted from them (`inventory.reconciliation`)."""

import enum
from dataclasses import dataclass

from django.db.models import Sum

from inventory.availability import announce
from inventory.counters import CounterChange, write_counters
from inventory.exceptions import CountBelowPromises
from inventory.locks import lock_stock
from inventory.models import Reservation, StockItem, StockMovement


class Counter(enum.StrEnum):
    ON_HAND = "on_hand"
    HELD = "held"
    COMMITTED = "committed"


@dataclass(frozen=True)
class Recounted:
    before: int
    after: int


def recount(item_id: int, counter: Counter) -> Recounted:
    """Set a counter to what the ledger (`on_hand`) or the reservations say; write no movement, for none is missing.

    Needs an open transaction; locks the stock item, under whose lock alone all of these rows change. The caller
    writes the audit entry. Calling it twice changes nothing more.

    Raises StockItem.DoesNotExist, StockBusy, or CountBelowPromises when more would be promised than there is.
    """
    items = lock_stock(ids=[item_id])
    if not items:
        raise StockItem.DoesNotExist
    [item] = items
    before = int(getattr(item, counter))
    setattr(item, counter, _truth(item, counter))
    after = int(getattr(item, counter))
    if item.held + item.committed > item.on_hand:
        raise CountBelowPromises(item.sku, item.on_hand, item.held + item.committed)
    if after != before:
        write_counters({item.pk: CounterChange(**{counter.value: after - before})})
        announce([item.sku])
    return Recounted(before, after)


def _truth(item: StockItem, counter: Counter) -> int:
    if counter is Counter.ON_HAND:
        movements = StockMovement.objects.filter(stock_item=item)
        return int(movements.aggregate(units=Sum("delta", default=0))["units"])
    promises = Reservation.objects.filter(stock_item=item, state=counter)
    return int(promises.aggregate(units=Sum("quantity", default=0))["units"])
