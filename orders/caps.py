"""At most so many units of a product for one buyer, over all their orders that were not cancelled."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, Sum

from orders.models import Order, OrderLine


@dataclass(frozen=True, order=True)
class Claim:
    """One buyer's interest in one capped product. A guest is known by e-mail address."""

    buyer: str
    product_id: int

    @classmethod
    def of(cls, order: Order, product_id: int) -> "Claim":
        return cls(f"user:{order.buyer_id}" if order.buyer_id else order.email.lower(), product_id)


def lock_and_count(claims: Mapping[Claim, Order]) -> dict[Claim, int]:
    """Return how many units each claim already has; others that ask for the same wait until the transaction ends.

    Taken before stock, all at once and sorted (docs/locking.md). Needs an open transaction. Costs one statement, and
    one more for each claim.
    """
    if not claims:
        return {}
    keys = sorted(_number(claim) for claim in claims)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])
    return {claim: _units_of(order, claim.product_id) for claim, order in claims.items()}


def _units_of(order: Order, product_id: int) -> int:
    whose = Q(order__buyer_id=order.buyer_id) if order.buyer_id else Q(order__email__iexact=order.email)
    lines = OrderLine.objects.filter(whose, variant__product_id=product_id)
    kept = lines.exclude(order__state=Order.State.CANCELLED).exclude(order=order)
    units: int = kept.aggregate(units=Sum("quantity", default=0))["units"]
    return units


def _number(claim: Claim) -> int:
    digest = hashlib.sha256(f"cap {claim.buyer} {claim.product_id}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
