"""Rushes over HTTP against two real web processes. The control, without locks and constraint, must oversell."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle
from typing import Any

import pytest
import requests
from django.db import connection

from inventory.models import StockItem
from orders.models import Order
from tests import invariants, web_servers
from tests.factories import make_product
from tests.rush import without_oversell_check

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = {"name": "A", "line1": "4 Example Lane", "city": "New Delhi", "postal_code": "110001", "country": "IN"}
BARRIER_TIMEOUT_S = 30
PATIENCE_S = 60


@pytest.fixture(scope="module")
def shops(django_db_setup: None) -> Iterator[list[str]]:
    with web_servers.running(count=2, ORDERS_PER_MINUTE_NETWORK="1000000") as addresses:
        yield addresses


@pytest.fixture
def unguarded_shop(transactional_db: None) -> Iterator[list[str]]:
    environment = {"ORDERS_PER_MINUTE_NETWORK": "1000000"}
    with web_servers.running(count=1, application="tests.unguarded_wsgi:application", **environment) as addresses:
        yield addresses


def order(shop: str, buyer: int, *skus: str, key: str = "") -> tuple[int, dict[str, Any]]:
    """Order one of each; told that the shop is busy, try again with the same key, as a shopper's page does."""
    wish = {
        "lines": [{"sku": sku, "quantity": 1} for sku in skus],
        "email": f"buyer{buyer}@example.com",
        "address": ADDRESS,
    }
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = requests.post(f"{shop}/api/v1/orders", json=wish, headers=headers, timeout=30)
        if answer.status_code != 503 or time.monotonic() > deadline:
            return answer.status_code, answer.json()
        time.sleep(float(answer.headers["Retry-After"]) / 4)


def together(calls: Sequence[Callable[[], tuple[int, dict[str, Any]]]]) -> list[tuple[int, dict[str, Any]]]:
    barrier = threading.Barrier(len(calls), timeout=BARRIER_TIMEOUT_S)

    def run(call: Callable[[], tuple[int, dict[str, Any]]]) -> tuple[int, dict[str, Any]]:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(run, calls))


def rush(shops: list[str], buyers: int, *skus: str) -> list[tuple[int, dict[str, Any]]]:
    return together(
        [partial(order, shop, buyer, *skus) for buyer, shop in zip(range(buyers), cycle(shops), strict=False)]
    )


def test_control_without_locks_and_check_a_rush_oversells(unguarded_shop: list[str]) -> None:
    make_product(skus=("VASE",), stock=1)

    with without_oversell_check():
        answers = rush(unguarded_shop, 50, "VASE")

        sold = sum(status == 201 for status, _ in answers)
        assert sold > 1
        assert Order.objects.count() == sold


@pytest.mark.parametrize(("buyers", "units"), [(50, 1), (200, 10)])
def test_a_rush_sells_exactly_what_there_is(shops: list[str], buyers: int, units: int) -> None:
    make_product(skus=("VASE",), stock=units)

    answers = rush(shops, buyers, "VASE")

    assert Counter(status for status, _ in answers) == {201: units, 409: buyers - units}
    refused = [problem for status, problem in answers if status == 409]
    assert {problem["code"] for problem in refused} == {"insufficient_stock"}
    assert {problem["shortages"][0]["available"] for problem in refused} == {0}
    assert Order.objects.count() == units
    item = StockItem.objects.get()
    assert (item.held, item.available) == (units, 0)
    invariants.check()


def test_crossing_carts_do_not_deadlock(shops: list[str]) -> None:
    make_product(skus=("VASE", "BOWL"), stock=1000)
    before = deadlocks()

    forth_and_back = [("VASE", "BOWL"), ("BOWL", "VASE")] * 20
    answers = together(
        [
            partial(order, shop, buyer, *skus)
            for buyer, (skus, shop) in enumerate(
                zip(forth_and_back, cycle([shops[0], *reversed(shops)]), strict=False)
            )
        ]
    )

    assert {status for status, _ in answers} == {201}
    assert set(StockItem.objects.values_list("held", flat=True)) == {40}
    assert deadlocks() == before
    invariants.check()


def test_one_key_at_once_makes_one_order(shops: list[str]) -> None:
    make_product(skus=("VASE",), stock=50)
    key = uuid.uuid4().hex

    answers = together(
        [partial(order, shop, 1, "VASE", key=key) for _, shop in zip(range(20), cycle(shops), strict=False)]
    )

    assert {(status, body.get("code")) for status, body in answers} <= {(201, None), (409, "idempotency_in_progress")}
    assert {body["id"] for status, body in answers if status == 201} == {str(Order.objects.get().id)}
    assert order(shops[1], 1, "VASE", key=key)[1]["id"] == str(Order.objects.get().id)
    assert StockItem.objects.get().held == 1


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        (count,) = cursor.fetchone()
    return int(count)
