"""The shop's guards against rivals taken away, one by one: for controls, which must go wrong, and for nothing else.

Each stand-in meets its rivals at a barrier between looking and acting, so that what goes wrong goes wrong every time.
"""

import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

import pytest
from django.db import connection

from inventory import locks, reservations
from inventory.models import StockItem
from orders import caps, checkout, idempotency, unpaid_limits
from orders.checkout import OrderRequest
from orders.idempotency import Idempotency
from orders.models import IdempotencyKey, Order
from shop import cart
from shop.models import Cart, CartLine


class Meeting(Protocol):
    """A `threading.Barrier`, or whatever else has its callers wait at the worst moment."""

    def wait(self) -> object: ...


def without_stock_locks(patch: pytest.MonkeyPatch, barrier: Meeting) -> None:
    """Have everyone read the stock before any of them writes."""

    def read(*, skus: Iterable[str] = (), ids: Iterable[int] = ()) -> list[StockItem]:
        items = list(StockItem.objects.filter(sku__in=set(skus)).order_by("pk"))
        barrier.wait()
        return items

    patch.setattr(reservations, "lock_stock", read)
    _let_them_meet(patch)


def without_order_of_locks(patch: pytest.MonkeyPatch, barrier: Meeting) -> None:
    """Have stock locked in the order of each cart's lines, and everyone hold his first before he wants his second."""
    asked = threading.local()
    write_orders = checkout.write_orders

    def write(requests: Sequence[OrderRequest], **options: Any) -> list[Any]:
        asked.skus = [sku for request in requests for sku, _units in request.lines]
        return write_orders(requests, **options)

    def lock(*, skus: Iterable[str] = (), ids: Iterable[int] = ()) -> list[StockItem]:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '10ms'")  # so long PostgreSQL waits before it looks for one
        first, second = asked.skus
        rows = StockItem.objects.select_for_update(no_key=True)
        with locks.limited_wait():
            held = rows.get(sku=first)
            barrier.wait()
            return [held, rows.get(sku=second)]

    patch.setattr(checkout, "write_orders", write)
    patch.setattr(reservations, "lock_stock", lock)
    _let_them_meet(patch)


def _let_them_meet(patch: pytest.MonkeyPatch) -> None:
    """Have buyers of one network come to the stock side by side: what they hold unpaid is counted one by one."""
    patch.setattr(unpaid_limits, "lock_and_judge", lambda wishes: [None] * len(wishes))


def without_cap_lock(patch: pytest.MonkeyPatch, barrier: Meeting) -> None:
    """Have everyone count what the buyer has before any of them orders."""

    def count(claims: Collection[caps.Claim], *, besides: Sequence[uuid.UUID] = ()) -> dict[caps.Claim, int]:
        taken = {claim: caps._units_of(claim, besides) for claim in claims}
        barrier.wait()
        return taken

    patch.setattr(caps, "lock_and_count", count)


def without_hold_lock(patch: pytest.MonkeyPatch, barrier: Meeting) -> None:
    """Have everyone count what is held unpaid before any of them orders."""
    judge = unpaid_limits.lock_and_judge

    def judge_together(wishes: Sequence[unpaid_limits.Wish]) -> list[Any]:
        judged = judge(wishes)
        barrier.wait()
        return judged

    patch.setattr(unpaid_limits, "lock_names", lambda names: None)
    patch.setattr(unpaid_limits, "lock_and_judge", judge_together)


def without_cart_lock(patch: pytest.MonkeyPatch, barrier: Meeting) -> None:
    """Have everyone read the cart before any of them takes anything out."""
    take_out = cart._take_out

    def read(keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, Cart]:
        return {found.key: found for found in Cart.objects.filter(key__in=set(keys))}

    def take_out_together(units: Mapping[CartLine, int]) -> None:
        barrier.wait()
        take_out(units)

    patch.setattr(cart.locks, "lock_carts_by_key", read)
    patch.setattr(cart, "_take_out", take_out_together)


def without_key_claim(patch: pytest.MonkeyPatch, barrier: Meeting) -> None:
    """Have everyone look for the key before any of them writes it, and let the one that is written be written over."""

    def claim(key: Idempotency, order_id: uuid.UUID) -> Order | None:
        known = IdempotencyKey.objects.filter(scope=key.scope, key=key.key).select_related("order").first()
        barrier.wait()
        if known:
            return known.order
        row = IdempotencyKey(scope=key.scope, key=key.key, body_hash=key.body_hash, order_id=order_id)
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
        return None

    patch.setattr(idempotency, "claim", claim)


TAKE_AWAY: dict[str, Callable[[pytest.MonkeyPatch, Meeting], None]] = {
    "stock": without_stock_locks,
    "order": without_order_of_locks,
    "cap": without_cap_lock,
    "key": without_key_claim,
}
