"""Orders that are over and old enough for the archive."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders import checkout, lifecycle, locks
from orders.archiving import mover
from orders.lifecycle import Event
from orders.models import Order, Payment
from shop.models import User, Variant
from tests.support.factories import make_product, make_request


def pay(order: Order) -> Payment:
    """Have an order paid, as if its provider had said so."""
    payment = Payment.objects.create(
        order=order,
        provider="sandbox",
        ref=f"paid-{order.pk}",
        url="https://pay.example.com/",
        state=Payment.State.SUCCEEDED,
        amount_minor=order.total_minor,
        currency=order.currency,
        paid_minor=order.total_minor,
        paid_currency=order.currency,
    )
    with transaction.atomic():
        lifecycle.advance([locks.lock_order(order.pk)], Event.PAID, actor="provider:sandbox", payment=payment)
    return payment


def make_over(
    *lines: tuple[str, int], buyer: User | None = None, days: float = 40, is_paid: bool = True, **changed: Any
) -> Order:
    """Make an order that was delivered (or, unpaid, expired) so many days ago; what is not on sale yet will be."""
    lines = lines or (("VASE", 1),)
    for sku, _units in lines:
        if not Variant.objects.filter(sku=sku).exists():
            make_product(f"Thing {sku}", skus=(sku,), price_minor=8600, stock=100)
    order = checkout.place_order(make_request(*lines, buyer=buyer, session=changed.pop("session", "")))
    if is_paid:
        pay(order)
        lifecycle.ship(order.pk, actor="user:1")
        lifecycle.deliver(order.pk, actor="user:1")
    else:
        with transaction.atomic():
            lifecycle.advance([locks.lock_order(order.pk)], Event.EXPIRED, actor="system")
    then = timezone.now() - timedelta(days=days)
    Order.objects.filter(pk=order.pk).update(**{"created_at": then, "terminal_at": then} | changed)
    return Order.objects.get(pk=order.pk)


def make_archived(*lines: tuple[str, int], **facts: Any) -> Order:
    """Make such an order and move it to the archive; return it as it was."""
    order = make_over(*lines, **facts)
    assert mover.move().moved == 1
    assert not Order.objects.filter(pk=order.pk).exists()
    return order
