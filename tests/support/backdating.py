"""A shop with a past: orders in every state that there is, come to it in every way, and all of it right."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import F

from orders import aftersales, expiry, lifecycle, payments
from orders.checkout import place_order
from orders.models import Order, Payment
from orders.providers import Fetched
from tests.support.factories import make_product, make_request, make_stock

PRICE_MINOR = 1500


def make_past() -> dict[str, Order]:
    """Make some of everything, with stock in two warehouses; return the orders by what happened to them."""
    make_product(skus=("VASE", "BOWL"), price_minor=PRICE_MINOR, stock=60)
    make_product(skus=("PLATE",), price_minor=PRICE_MINOR, stock=3)
    make_stock("PLATE", 3, warehouse="north")
    orders = {
        "created": ordered(),
        "placed": paid(),
        "split": paid(("PLATE", 5)),
        "in_transit": shipped(),
        "delivered": delivered(),
        "cancelled": cancelled(paid()),
        "expired": expired(),
        "late": late(),
        "paid_twice": paid_again(paid()),
        "paid_wrong": paid(minor=PRICE_MINOR - 1),
        "dropped": dropped(),
        "returned": returned(),
        "sold_out": sold_out(),
    }
    for order in orders.values():
        order.refresh_from_db()
    return orders


def ordered(*lines: tuple[str, int]) -> Order:
    return place_order(make_request(*lines or [("VASE", 2), ("BOWL", 1)]))


def pay(order: Order, *, minor: int | None = None, state: Payment.State = Payment.State.SUCCEEDED) -> Payment:
    """Open a payment and hear from the provider what became of it."""
    payment = open_payment(order)
    fetched = Fetched(state, payment.amount_minor if minor is None else minor, payment.currency)
    return payments.settle(payment, fetched)


def open_payment(order: Order) -> Payment:
    ref = f"sbx_{uuid.uuid4().hex}"
    asked = {"amount_minor": order.total_minor, "currency": order.currency}
    return Payment.objects.create(order=order, provider="sandbox", ref=ref, **asked)


def paid(*lines: tuple[str, int], minor: int | None = None) -> Order:
    order = ordered(*lines)
    pay(order, minor=minor)
    return order


def paid_again(order: Order) -> Order:
    pay(order)
    return order


def shipped() -> Order:
    return lifecycle.ship(paid().pk, actor="user:staff")


def delivered() -> Order:
    return lifecycle.deliver(shipped().pk, actor="user:staff")


def cancelled(order: Order) -> Order:
    return lifecycle.cancel(order.pk, actor="user:buyer")


def make_overdue(order: Order, *, by_s: int = settings.PAYMENT_SWEEP_GRACE_S + 1) -> Order:
    Order.objects.filter(pk=order.pk).update(expires_at=F("created_at") - timedelta(seconds=by_s))
    return order


def expired() -> Order:
    order = make_overdue(ordered())
    assert expiry.sweep() == 1
    return order


def late() -> Order:
    return paid_again(expired())


def dropped() -> Order:
    return aftersales.refund(paid().pk, actor="user:staff", lines={"VASE": 1})


def returned() -> Order:
    return aftersales.refund(delivered().pk, actor="user:staff", lines={"VASE": 1}, restock=True)


def sold_out() -> Order:
    """An order whose money came when its units were gone."""
    make_product(skus=("CUP",), price_minor=PRICE_MINOR, stock=1)
    order = make_overdue(ordered(("CUP", 1)))
    assert expiry.sweep() == 1
    ordered(("CUP", 1))
    return paid_again(order)
