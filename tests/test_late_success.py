"""Money for an order that lapsed: held again where it may be, from where the units are now."""

from datetime import timedelta

import pytest
from django.db.models import F

from inventory.models import StockItem, Zone
from orders import checkout, expiry, payments
from orders.checkout import place_order
from orders.exceptions import OverCap
from orders.models import Order, Payment, Refund
from orders.providers import Fetched
from tests.support import invariants
from tests.support.factories import make_product, make_request, make_stock

pytestmark = pytest.mark.django_db


def pay(payment: Payment) -> None:
    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, payment.amount_minor, payment.currency))


def lapsed(*lines: tuple[str, int]) -> tuple[Order, Payment]:
    order = place_order(make_request(*lines, placed_from="a network"))
    payment = payments.open_payment(order)
    Order.objects.filter(pk=order.pk).update(expires_at=F("created_at") - timedelta(hours=1))
    assert expiry.sweep() == 1
    return order, payment


def test_a_late_success_does_not_carry_a_buyer_over_the_cap() -> None:
    make_product(skus=("VASE",), stock=9, cap_per_buyer=2)
    order, payment = lapsed(("VASE", 1))
    place_order(make_request(("VASE", 2), placed_from="a network"))

    pay(payment)

    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "expired")
    assert Refund.objects.get().amount_minor == payment.amount_minor
    invariants.check()


def test_a_late_success_within_the_cap_is_held_again() -> None:
    make_product(skus=("VASE",), stock=9, cap_per_buyer=2)
    order, payment = lapsed(("VASE", 1))
    place_order(make_request(("VASE", 1), placed_from="a network"))

    pay(payment)

    order.refresh_from_db()
    assert order.state == "placed"
    assert not Refund.objects.exists()
    invariants.check()


def test_held_again_from_another_warehouse_it_arrives_when_that_one_delivers() -> None:
    make_product(skus=("VASE",), stock=1)
    order, payment = lapsed(("VASE", 1))
    make_stock("VASE", 1, warehouse="far")
    Zone.objects.filter(warehouse__code="far").update(transit_days=9)
    place_order(make_request(("VASE", 1)))
    assert StockItem.objects.get(warehouse__code="main").available == 0

    pay(payment)

    before = order.delivery_on
    order.refresh_from_db()
    assert before is not None
    assert order.delivery_on is not None
    assert order.state == "placed"
    assert order.delivery_on > before
    invariants.check()


def test_a_refused_request_of_a_batch_takes_nothing_of_the_cap() -> None:
    make_product(skus=("VASE",), stock=9, cap_per_buyer=3)

    asked = [make_request(("VASE", units), placed_from="a network") for units in (4, 1)]
    too_much, fitting = checkout.write_orders(asked)

    assert isinstance(too_much, OverCap)
    assert isinstance(fitting, Order)
