"""How many units of one thing may be held unpaid: by one account or browser, and by one network.

Without such bounds a single request would hold all there is of a thing, for as long as the payment window.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from inventory import availability, statements
from inventory.locks import lock_names
from inventory.reservations import Shortage
from orders.exceptions import InsufficientStock, OrderRefused, TooManyUnpaid
from orders.models import Order

# "<> ''" is said for the planner: the indexes leave those out.
_COUNT = """
    SELECT 'by', placed.placed_by, line.sku, sum(line.quantity)
    FROM orders_order AS placed JOIN orders_orderline AS line ON line.order_id = placed.id
    WHERE placed.state = 'created' AND placed.placed_by <> '' AND placed.placed_by = ANY(%(by)s)
        AND line.sku = ANY(%(skus)s) AND placed.id <> ALL(%(besides)s::uuid[])
    GROUP BY 2, 3
    UNION ALL
    SELECT 'from', placed.placed_from, line.sku, sum(line.quantity)
    FROM orders_order AS placed JOIN orders_orderline AS line ON line.order_id = placed.id
    WHERE placed.state = 'created' AND placed.placed_from <> '' AND placed.placed_from = ANY(%(from)s)
        AND line.sku = ANY(%(skus)s) AND placed.id <> ALL(%(besides)s::uuid[])
    GROUP BY 2, 3
"""


@dataclass(frozen=True)
class Wish:
    """An order that is being made, and how many units of which SKU are for it."""

    order: Order
    units: Mapping[str, int]


def lock_and_judge(wishes: Sequence[Wish]) -> list[OrderRefused | None]:
    """Say of each order, in their order, why its units can't be held unpaid besides those that are, or None.

    Others who place orders for the same buyer or network and SKU wait until the transaction ends. Taken after caps and
    before stock (docs/locking.md). Two statements, or none where nobody knows who asks. Raises StockBusy.
    """
    keys = {key for wish in wishes for key in _keys(wish)}
    if not keys:
        return [None] * len(wishes)
    lock_names({f"unpaid {kind}:{whose} {sku}" for kind, whose, sku in keys})
    values = {
        "by": sorted({whose for kind, whose, _ in keys if kind == "by"}),
        "from": sorted({whose for kind, whose, _ in keys if kind == "from"}),
        "skus": sorted({sku for _, _, sku in keys}),
        "besides": [str(wish.order.pk) for wish in wishes],
    }
    held: Counter[tuple[str, str, str]] = Counter()
    for kind, whose, sku, units in statements.run(_COUNT, values):
        held[kind, whose, sku] = int(units)
    return [_judge(wish, held) for wish in wishes]


def _judge(wish: Wish, held: Counter[tuple[str, str, str]]) -> OrderRefused | None:
    most = {"by": settings.UNPAID_UNITS_BUYER, "from": settings.UNPAID_UNITS_NETWORK}
    # A guest whom nobody can tell again, such as a program without cookies, has this order alone.
    too_much = [sku for sku, units in wish.units.items() if units > most["by"]]
    if too_much and wish.order.placed_from:
        return _shortage(wish) or TooManyUnpaid(too_much[0], most["by"], is_own=True)
    for kind, whose, sku in _keys(wish):
        if held[kind, whose, sku] + wish.units[sku] > most[kind]:
            return _shortage(wish) or TooManyUnpaid(sku, most[kind], is_own=kind == "by")
    for key in _keys(wish):
        held[key] += wish.units[key[2]]
    return None


def _shortage(wish: Wish) -> InsufficientStock | None:
    """What there isn't can't be held by anybody: that is then the answer, as far as one can see without the lock."""
    known = availability.read(wish.units)
    left = {sku: known[sku].available if sku in known else 0 for sku in wish.units}
    short = [Shortage(sku, units, left[sku]) for sku, units in wish.units.items() if left[sku] < units]
    return InsufficientStock(short) if short else None


def _keys(wish: Wish) -> list[tuple[str, str, str]]:
    placers = (("by", wish.order.placed_by), ("from", wish.order.placed_from))
    return [(kind, whose, sku) for kind, whose in placers if whose for sku in wish.units]
