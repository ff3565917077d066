"""Making orders: prices, refusals, warehouses, idempotency."""

from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from inventory.models import Reservation, StockItem, Warehouse
from orders.checkout import OrderRequest, place_order, write_orders
from orders.exceptions import (
    EmptyOrder,
    IdempotencyMismatch,
    InsufficientStock,
    MixedCurrencies,
    OverCap,
    Undeliverable,
    UnknownSku,
)
from orders.idempotency import Idempotency
from orders.models import Order, OrderLine
from orders.signals import orders_changed
from shop.models import Product, Variant
from tests.support import invariants, order_requests
from tests.support.factories import make_product, make_request, make_stock, make_user

pytestmark = pytest.mark.django_db


def test_an_order_holds_its_units_at_the_prices_of_the_database() -> None:
    make_product("Rust vase", skus=("VASE",), price_minor=8600, stock=5)
    buyer = make_user()

    order = place_order(make_request(("VASE", 2), buyer=buyer, session="demo-live"))

    order.refresh_from_db()
    assert (order.state, order.total_minor, order.currency, order.session) == ("created", 17200, "USD", "demo-live")
    assert order.expires_at - order.created_at == timedelta(seconds=settings.PAYMENT_WINDOW_S)
    assert order.delivery_on is not None
    assert order.number == f"SF-{order.number_seq}"
    line = OrderLine.objects.get()
    assert (line.product_name, line.quantity, line.unit_price_minor) == ("Rust vase", 2, 8600)
    assert Reservation.objects.get().holder == f"order:{order.pk}"
    invariants.check()


def test_lines_of_one_sku_are_merged_before_they_are_checked() -> None:
    make_product(skus=("VASE",), stock=3)

    with pytest.raises(InsufficientStock) as refused:
        place_order(make_request(("VASE", 2), ("VASE", 2)))
    order = place_order(make_request(("VASE", 2), ("VASE", 1)))

    assert [(each.sku, each.requested, each.available) for each in refused.value.shortages] == [("VASE", 4, 3)]
    assert OrderLine.objects.get(order=order).quantity == 3


@pytest.mark.django_db(transaction=True)
def test_a_refused_order_leaves_nothing_behind() -> None:
    make_product(skus=("VASE", "BOWL"), stock=1)

    with pytest.raises(InsufficientStock) as refused:
        place_order(make_request(("VASE", 1), ("BOWL", 2)), key=Idempotency("guest", "k" * 16, "x"))

    assert [each.sku for each in refused.value.shortages] == ["BOWL"]
    assert not Order.objects.exists()
    assert not Reservation.objects.exists()
    assert list(StockItem.objects.values_list("available", flat=True)) == [1, 1]
    # Only a success is remembered: the same key may try again with less.
    assert place_order(make_request(("VASE", 1)), key=Idempotency("guest", "k" * 16, "y"))


def test_an_order_too_big_for_one_warehouse_comes_from_two() -> None:
    make_product(skus=("VASE",))
    make_stock("VASE", 2, warehouse="north")
    make_stock("VASE", 2, warehouse="south")

    order = place_order(make_request(("VASE", 3)))

    held = Reservation.objects.filter(holder=order.holder).order_by("quantity")
    assert list(held.values_list("quantity", flat=True)) == [1, 2]
    invariants.check()


def test_a_warehouse_that_does_not_deliver_there_is_left_out() -> None:
    make_product(skus=("VASE",))
    make_stock("VASE", 2, warehouse="north")
    make_stock("VASE", 9, warehouse="south")
    Warehouse.objects.get(code="south").zones.update(postal_prefix="56")

    with pytest.raises(InsufficientStock) as refused:
        place_order(make_request(("VASE", 3), postal_code="110001"))

    assert refused.value.shortages[0].available == 2


def test_requests_that_make_no_sense_are_refused() -> None:
    make_product(skus=("VASE",), stock=3)
    make_product(skus=("EURO",), stock=3, currency="EUR")
    Variant.objects.filter(sku="GONE").update(is_active=False)
    hidden = make_product(skus=("HIDDEN",), stock=3)
    Product.objects.filter(pk=hidden.pk).update(is_active=False)
    abroad = make_request(("VASE", 1))
    abroad = OrderRequest(abroad.lines, abroad.email, abroad.address.__class__("A", "B", "C", "10115", "DE"))

    for request, reason in (
        (make_request(), EmptyOrder),
        (make_request(("GONE", 1)), UnknownSku),
        (make_request(("HIDDEN", 1)), UnknownSku),
        (make_request(("VASE", 1), ("EURO", 1)), MixedCurrencies),
        (abroad, Undeliverable),
    ):
        with pytest.raises(reason):
            place_order(request)
    assert set(StockItem.objects.values_list("available", flat=True)) == {3}


def test_a_batch_is_decided_in_order_and_each_refusal_stands_alone() -> None:
    make_product(skus=("VASE",), stock=3)
    requests = [
        make_request(("VASE", 2)),
        make_request(("VASE", 2)),
        make_request(("NONE", 1)),
        make_request(("VASE", 1)),
    ]

    outcomes = write_orders(requests)

    assert [type(outcome) for outcome in outcomes] == [Order, InsufficientStock, UnknownSku, Order]
    assert Order.objects.count() == 2
    assert StockItem.objects.get().available == 0
    invariants.check()


def test_the_same_key_and_body_give_the_same_order_again() -> None:
    make_product(skus=("VASE",), stock=3)
    key = Idempotency("guest", "k" * 16, "body")

    first = place_order(make_request(("VASE", 1)), key=key)
    again = place_order(make_request(("VASE", 1)), key=key)
    other = place_order(make_request(("VASE", 1)), key=Idempotency("user:1", "k" * 16, "body"))

    assert first.pk == again.pk != other.pk
    assert StockItem.objects.get().held == 2
    with pytest.raises(IdempotencyMismatch):
        place_order(make_request(("VASE", 1)), key=Idempotency("guest", "k" * 16, "another body"))


def test_a_key_is_forgotten_after_two_days() -> None:
    from orders.models import IdempotencyKey

    make_product(skus=("VASE",), stock=3)
    key = Idempotency("guest", "k" * 16, "body")
    first = place_order(make_request(("VASE", 1)), key=key)
    IdempotencyKey.objects.update(created_at=first.created_at - timedelta(hours=49))

    renewed = Idempotency("guest", "k" * 16, "new")

    second = place_order(make_request(("VASE", 1)), key=renewed)

    assert second.pk != first.pk
    assert place_order(make_request(("VASE", 1)), key=renewed).pk == second.pk


@pytest.mark.django_db(transaction=True)
def test_news_of_an_order_that_fails_to_be_told_spoils_nothing() -> None:
    make_product(skus=("VASE",), stock=3)

    def fail(**_: object) -> None:
        raise RuntimeError("no news today")

    orders_changed.connect(fail)
    try:
        order = place_order(make_request(("VASE", 1)))
    finally:
        orders_changed.disconnect(fail)

    assert Order.objects.get() == order


def test_a_batch_costs_the_same_statements_for_one_and_for_ten(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    make_product(skus=("VASE",), stock=100)
    place_order(make_request(("VASE", 1)))

    with django_assert_max_num_queries(20) as one:
        write_orders([make_request(("VASE", 1))])
    with django_assert_max_num_queries(20) as ten:
        write_orders([make_request(("VASE", 1)) for _ in range(10)])

    assert len(one) == len(ten)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("skus", [("VASE",), ("VASE", "BOWL", "CUP")])
def test_an_order_costs_twelve_statements_whatever_is_in_it(
    client: Client, skus: tuple[str, ...], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """docs/performance.md lists and defends them."""
    make_product(skus=skus, stock=9)
    place_order(make_request((skus[0], 1)))  # what a process reads once is not the order's price

    with django_assert_num_queries(12):
        assert order_requests.post(client, order_requests.body(*((sku, 1) for sku in skus))).status_code == 201


def test_a_cap_counts_all_the_orders_of_one_buyer_that_stand() -> None:
    make_product(skus=("VASE-S", "VASE-L"), stock=9, cap_per_buyer=3)
    buyer, other = make_user(), make_user()
    place_order(make_request(("VASE-S", 2), buyer=buyer))

    with pytest.raises(OverCap) as refused:
        place_order(make_request(("VASE-L", 2), buyer=buyer))

    assert (refused.value.sku, refused.value.cap, refused.value.already) == ("VASE-L", 3, 2)
    assert place_order(make_request(("VASE-L", 1), buyer=buyer))
    assert place_order(make_request(("VASE-L", 3), buyer=other))
    Order.objects.filter(buyer=buyer).update(state="cancelled", cancel_reason="by_buyer")
    assert place_order(make_request(("VASE-L", 3), buyer=buyer))


def test_a_cap_holds_within_one_order_and_within_a_batch() -> None:
    make_product(skus=("VASE-S", "VASE-L"), stock=9, cap_per_buyer=3)

    guest = partial(make_request, placed_from="a network")

    with pytest.raises(OverCap):
        place_order(guest(("VASE-S", 2), ("VASE-L", 2)))
    outcomes = write_orders([guest(("VASE-S", 2)), guest(("VASE-S", 2))])

    assert [type(outcome) for outcome in outcomes] == [Order, OverCap]
