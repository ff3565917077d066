"""The counters of stock items: the one statement that changes them, and their recount from what they count."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Sum

from inventory import statements
from inventory.availability import announce
from inventory.exceptions import CountBelowPromises
from inventory.locks import lock_stock
from inventory.models import Reservation, StockItem, StockMovement


@dataclass
class CounterChange:
    """What will be added to the counters of one stock item."""

    on_hand: int = 0
    held: int = 0
    committed: int = 0


_WRITE = """
    WITH written AS (
        INSERT INTO inventory_reservation (stock_item_id, quantity, state, holder, created_at)
        SELECT hold.*, now()
        FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[]) AS hold (item, quantity, state, holder)
    )
    UPDATE inventory_stockitem AS item
    SET on_hand = item.on_hand + change.on_hand,
        held = item.held + change.held,
        committed = item.committed + change.committed,
        version = item.version + 1
    FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[]) AS change (id, on_hand, held, committed)
    WHERE item.id = change.id
"""


def write_counters(changes: Mapping[int, CounterChange], *, holds: Sequence[Reservation] = ()) -> None:
    """Add to the counters of stock items (by id) and bump their versions, and write new reservations.

    One statement for both: every one more is time in which others wait for the rows.
    """
    ids = sorted(changes)
    statements.run(
        _WRITE,
        [
            [hold.stock_item_id for hold in holds],
            [hold.quantity for hold in holds],
            [str(hold.state) for hold in holds],
            [hold.holder for hold in holds],
            ids,
            [changes[pk].on_hand for pk in ids],
            [changes[pk].held for pk in ids],
            [changes[pk].committed for pk in ids],
        ],
    )


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
