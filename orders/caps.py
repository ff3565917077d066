"""At most so many units of a product for one buyer, over all their orders that were not cancelled.

Who signs in with a verified address is one buyer, wherever they are. Others may type any address and open any number
of accounts: they count by their account or browser, and all of one network together.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q, Sum

from inventory.locks import lock_names
from orders.archiving import sums
from orders.models import Order, OrderLine
from orders.placers import of_user
from shop.models import Variant


@dataclass(frozen=True, order=True)
class Claim:
    """What one buyer, one browser or one network has of one capped product."""

    whose: str
    product_id: int

    @property
    def user_id(self) -> int | None:
        kind, _, number = self.whose.partition(":")
        return int(number) if kind == "user" else None


def verified_buyers(orders: Iterable[Order]) -> set[int]:
    """Return which accounts behind these orders have an address that they have shown to be theirs; one query."""
    buyers = {order.buyer_id for order in orders if order.buyer_id}
    if not buyers:
        return set()
    return set(EmailAddress.objects.filter(user__in=buyers, verified=True).values_list("user_id", flat=True))


def claims_of(order: Order, product_id: int, *, verified: Collection[int]) -> list[Claim]:
    """Return all that an order adds to; each of them may have no more than the cap."""
    names = [f"user:{order.buyer_id}"] if order.buyer_id else [f"by:{order.placed_by}"] if order.placed_by else []
    if order.buyer_id not in verified and order.placed_from:
        names.append(f"from:{order.placed_from}")
    return [Claim(name, product_id) for name in names]


def lock_and_count(claims: Collection[Claim], *, besides: Sequence[uuid.UUID] = ()) -> dict[Claim, int]:
    """Return how many units each claim already has, in orders other than `besides`.

    Others that ask for the same wait until the transaction ends. Taken before stock, all at once and sorted
    (docs/locking.md). Needs an open transaction. Costs one statement, and up to three more for each claim, one of
    them in the archive. Raises StockBusy.
    """
    if not claims:
        return {}
    lock_names({f"cap {claim.whose} {claim.product_id}" for claim in claims})
    return {claim: _units_of(claim, besides) for claim in set(claims)}


def find_over(orders: Collection[Order]) -> set[uuid.UUID]:
    """Return which of these lapsed orders, were they held again, would take their buyer over a cap.

    Locks as `lock_and_count` does, and costs one statement where nothing is capped.
    """
    lines = OrderLine.objects.filter(order__in=orders, variant__product__cap_per_buyer__isnull=False)
    rows = list(lines.values_list("order", "variant__product", "variant__product__cap_per_buyer", "quantity"))
    known = {order.pk: order for order in orders}
    verified = verified_buyers(known[order_id] for order_id, *_ in rows)
    wanted: Counter[tuple[uuid.UUID, Claim]] = Counter()
    cap_of: dict[Claim, int] = {}
    for order_id, product_id, cap, quantity in rows:
        for claim in claims_of(known[order_id], product_id, verified=verified):
            cap_of[claim] = cap or 0  # never empty: such lines were left out
            wanted[order_id, claim] += quantity
    taken = lock_and_count({claim for _, claim in wanted})
    return {order_id for (order_id, claim), units in wanted.items() if taken[claim] + units > cap_of[claim]}


def _units_of(claim: Claim, besides: Sequence[uuid.UUID]) -> int:
    """Count the units in orders that stand; of an account, also in those that are archived.

    A guest's order with somebody's address may have joined their account. Until it is paid it is nobody's but its
    maker's, for anybody may type an address.
    """
    archived = 0
    if user_id := claim.user_id:
        unpaid = Q(order__state=Order.State.CREATED) & ~Q(order__placed_by__in=["", of_user(user_id)])
        whose = Q(order__buyer_id=user_id) & ~unpaid
        variant_ids = list(Variant.objects.filter(product_id=claim.product_id).values_list("pk", flat=True))
        archived = sums.bought(buyer_id=user_id, variant_ids=variant_ids)
    else:
        kind, _, digest = claim.whose.partition(":")
        column = "order__placed_by" if kind == "by" else "order__placed_from"
        whose = Q(**{column: digest}) & _NOT_VERIFIED
    lines = OrderLine.objects.filter(whose, variant__product_id=claim.product_id)
    kept = lines.exclude(order__state=Order.State.CANCELLED).exclude(order__in=besides)
    found: dict[str, Any] = kept.aggregate(units=Sum("quantity", default=0))
    return int(found["units"]) + archived


_NOT_VERIFIED = Q(order__buyer=None) | ~Q(order__buyer__in=EmailAddress.objects.filter(verified=True).values("user"))
