"""At most so many units of a product for one buyer, over all their orders that were not cancelled."""

import hashlib
import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, Sum

from inventory.locks import limited_wait
from orders.archive import sums
from orders.models import Order, OrderLine
from shop.models import Variant


@dataclass(frozen=True, order=True)
class Claim:
    """One buyer's interest in one capped product. A buyer is known by e-mail address, signed in or not."""

    email: str
    product_id: int

    @classmethod
    def of(cls, order: Order, product_id: int) -> "Claim":
        return cls(order.email.lower(), product_id)


def lock_and_count(claims: Mapping[Claim, Order]) -> dict[Claim, int]:
    """Return how many units each claim already has; others that ask for the same wait until the transaction ends.

    Taken before stock, all at once and sorted (docs/locking.md). Needs an open transaction. Costs one statement, and
    three more for each claim, one of them in the archive. Raises StockBusy.
    """
    if not claims:
        return {}
    keys = sorted({key for claim, order in claims.items() for key in _numbers(claim, order)})
    with limited_wait(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])
    return {claim: _units_of(order, claim.product_id) for claim, order in claims.items()}


def find_over(orders: Collection[Order]) -> set[uuid.UUID]:
    """Return which of these lapsed orders, were they held again, would take their buyer over a cap.

    Locks as `lock_and_count` does, and costs one statement where nothing is capped.
    """
    lines = OrderLine.objects.filter(order__in=orders, variant__product__cap_per_buyer__isnull=False)
    known = {order.pk: order for order in orders}
    wanted: Counter[tuple[uuid.UUID, Claim]] = Counter()
    cap_of: dict[Claim, int] = {}
    for order_id, product_id, cap, quantity in lines.values_list(
        "order", "variant__product", "variant__product__cap_per_buyer", "quantity"
    ):
        claim = Claim.of(known[order_id], product_id)
        cap_of[claim] = cap or 0  # never empty: such lines were left out
        wanted[order_id, claim] += quantity
    taken = lock_and_count({claim: known[order_id] for order_id, claim in wanted})
    return {order_id for (order_id, claim), units in wanted.items() if taken[claim] + units > cap_of[claim]}


def _units_of(order: Order, product_id: int) -> int:
    """Count the units in orders with the same address, and in those of the same account under any address."""
    whose = Q(order__email__iexact=order.email)
    if order.buyer_id:
        whose |= Q(order__buyer_id=order.buyer_id)
    lines = OrderLine.objects.filter(whose, variant__product_id=product_id)
    kept = lines.exclude(order__state=Order.State.CANCELLED).exclude(order=order)
    units: int = kept.aggregate(units=Sum("quantity", default=0))["units"]
    variant_ids = list(Variant.objects.filter(product_id=product_id).values_list("pk", flat=True))
    return units + sums.bought(email=order.email, buyer_id=order.buyer_id, variant_ids=variant_ids)


def _numbers(claim: Claim, order: Order) -> list[int]:
    """Return the locks of a claim: its address, and its account where there is one."""
    names = [f"cap {claim.email} {claim.product_id}"]
    if order.buyer_id:
        names.append(f"cap user:{order.buyer_id} {claim.product_id}")
    return [int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True) for name in names]
