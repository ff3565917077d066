"""Rushes on real connections. Each opens with its control: the same rush without the guard must go wrong."""

from functools import partial
from threading import Barrier

import pytest
from django.db import IntegrityError
from psycopg.errors import DeadlockDetected

from inventory.exceptions import StockBusy
from inventory.models import StockItem
from orders.checkout import OrderRequest, place_order
from orders.exceptions import IdempotencyInProgress, InsufficientStock
from orders.idempotency import Idempotency
from orders.models import IdempotencyKey, Order
from tests.support import invariants, unguarded
from tests.support.concurrency import together, without_oversell_check
from tests.support.factories import make_product, make_request

pytestmark = pytest.mark.django_db(transaction=True)

barrier_of = partial(Barrier, timeout=30)


def rush(buyers: int, *, placed_from: str = "") -> list[object]:
    return together([partial(order, make_request(("VASE", 1), placed_from=placed_from))] * buyers)


def order(request: OrderRequest) -> Order:
    """Order; told that the stock is busy, as it is for two hundred on a slow machine, try again."""
    for _ in range(30):
        try:
            return place_order(request)
        except StockBusy:
            continue
    return place_order(request)


@pytest.fixture
def everyone_reads_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the locks away, at their worst: all fifty buyers read the stock before any of them writes."""
    unguarded.without_stock_locks(monkeypatch, barrier_of(50))


@pytest.mark.usefixtures("everyone_reads_first")
def test_control_without_locks_and_check_a_rush_oversells() -> None:
    make_product(skus=("VASE",), stock=1)

    with without_oversell_check():
        rush(50)
        assert Order.objects.count() == 50


@pytest.mark.usefixtures("everyone_reads_first")
def test_without_locks_the_database_still_refuses_to_oversell() -> None:
    make_product(skus=("VASE",), stock=1)

    outcomes = rush(50)

    assert Order.objects.count() == 1
    assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == 49
    invariants.check()


@pytest.mark.parametrize(("buyers", "units"), [(50, 1), (200, 10)])
def test_a_rush_sells_exactly_what_there_is(buyers: int, units: int) -> None:
    make_product(skus=("VASE",), stock=units)

    outcomes = rush(buyers)

    assert sum(isinstance(outcome, Order) for outcome in outcomes) == units
    assert sum(isinstance(outcome, InsufficientStock) for outcome in outcomes) == buyers - units
    assert Order.objects.count() == units
    item = StockItem.objects.get()
    assert (item.held, item.available) == (units, 0)
    invariants.check()


def cross(pairs: int) -> list[object]:
    forth = partial(place_order, make_request(("VASE", 1), ("BOWL", 1)))
    back = partial(place_order, make_request(("BOWL", 1), ("VASE", 1)))
    return together([forth, back] * pairs)


def test_control_without_an_order_of_locks_crossing_carts_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    make_product(skus=("VASE", "BOWL"), stock=1000)
    unguarded.without_order_of_locks(monkeypatch, barrier_of(2))

    outcomes = cross(1)

    [busy] = [outcome for outcome in outcomes if isinstance(outcome, StockBusy)]
    assert isinstance(busy.__cause__.__cause__, DeadlockDetected)
    assert Order.objects.count() == 1


def test_crossing_carts_do_not_deadlock() -> None:
    make_product(skus=("VASE", "BOWL"), stock=1000)

    outcomes = [outcome for _ in range(6) for outcome in cross(4)]

    assert [outcome for outcome in outcomes if not isinstance(outcome, Order)] == []
    assert set(StockItem.objects.values_list("held", flat=True)) == {48}
    invariants.check()


def one_key_at_once() -> list[object]:
    key = Idempotency(scope="guest", key="0123456789abcdef", body_hash="x")
    return together([partial(place_order, make_request(("VASE", 1)), key=key)] * 20)


def test_control_without_its_claim_one_key_makes_many_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    make_product(skus=("VASE",), stock=50)
    unguarded.without_key_claim(monkeypatch, barrier_of(20))

    one_key_at_once()

    assert (Order.objects.count(), IdempotencyKey.objects.count()) == (20, 1)


def test_one_key_at_once_makes_one_order() -> None:
    make_product(skus=("VASE",), stock=50)

    outcomes = one_key_at_once()

    orders = {outcome.pk for outcome in outcomes if isinstance(outcome, Order)}
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Order)]
    assert len(orders) == Order.objects.count() == 1
    assert {type(outcome) for outcome in refused} <= {IdempotencyInProgress, StockBusy}
    assert StockItem.objects.get().held == 1


def test_control_without_its_lock_a_cap_is_overrun(monkeypatch: pytest.MonkeyPatch) -> None:
    make_product(skus=("VASE",), stock=50, cap_per_buyer=3)
    unguarded.without_cap_lock(monkeypatch, barrier_of(20))

    rush(20, placed_from="a network")

    assert Order.objects.count() == 20


def test_a_rush_of_one_buyer_stops_at_the_cap() -> None:
    make_product(skus=("VASE",), stock=50, cap_per_buyer=3)

    rush(20, placed_from="a network")

    assert Order.objects.count() == 3
    invariants.check()
