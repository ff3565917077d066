"""Rushes over HTTP against two real web processes; each has its control, at a third without the guard."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import pytest
import requests

from inventory.models import StockItem
from orders.models import IdempotencyKey, Order
from tests.support import invariants, web_servers
from tests.support.concurrency import together, without_oversell_check
from tests.support.factories import make_product
from tests.support.home import HOME

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.keeps_redis]

Answer = tuple[int, dict[str, Any]]

ADDRESS = {"name": "A", "line1": "4 Example Lane", "city": "New Delhi", "postal_code": "110001", "country": "IN"}
NO_LIMITS = {
    "ORDERS_PER_MINUTE_BUYER": "1000000",
    "ORDERS_PER_MINUTE_NETWORK": "1000000",
    "UNPAID_UNITS_NETWORK": "1000000",
}
PATIENCE_S = 60
RIVALS = 20  # fewer than the threads of one web process


@pytest.fixture(scope="module")
def shops(django_db_setup: None) -> Iterator[list[str]]:
    with web_servers.running(count=2, **NO_LIMITS) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def bare_shop(django_db_setup: None) -> Iterator[str]:
    room = {"DATABASE_POOL_MAX": str(RIVALS)}  # they all wait for each other, each in a transaction
    with web_servers.running(count=1, application="tests.support.unguarded_wsgi:application", **NO_LIMITS, **room) as [
        shop
    ]:
        yield shop


def take_away(guard: str, bare_shop: str, *, rivals: int = RIVALS) -> list[str]:
    asked = {"guard": guard, "rivals": str(rivals)}
    assert requests.get(f"{bare_shop}/without", params=asked, timeout=30).status_code == 204
    return [bare_shop]


def order(shop: str, buyer: int, *skus: str, key: str = "", patience_s: float = PATIENCE_S) -> Answer:
    """Order one of each; told that the shop is busy, try again with the same key, as a shopper's page does."""
    wish = {
        "lines": [{"sku": sku, "quantity": 1} for sku in skus],
        "email": f"buyer{buyer}@example.com",
        "address": ADDRESS,
    }
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    deadline = time.monotonic() + patience_s
    with requests.Session() as session:
        session.trust_env = False  # looking for proxies costs as much as ordering
        while True:
            answer = session.post(f"{shop}/api/v1/orders", json=wish, headers=headers, timeout=30)
            if answer.status_code != 503 or time.monotonic() > deadline:
                return answer.status_code, answer.json()
            time.sleep(float(answer.headers["Retry-After"]) / 4)


def at_once(calls: Sequence[Callable[[str], Answer]], shops: list[str]) -> list[Answer]:
    """Make these calls at the same moment, each to the next of the shops."""
    outcomes = together(
        [partial(call, shop) for call, shop in zip(calls, cycle(shops), strict=False)],
        is_connected=False,  # the database is the shops'
    )
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)]


def ordering(buyer: int, *skus: str, **options: Any) -> Callable[[str], Answer]:
    return lambda shop: order(shop, buyer, *skus, **options)


def rush(shops: list[str], buyers: int) -> list[Answer]:
    """Have so many people order one vase each."""
    return at_once([ordering(buyer, "VASE") for buyer in range(buyers)], shops)


def test_control_without_locks_and_check_a_rush_oversells(bare_shop: str) -> None:
    make_product(skus=("VASE",), stock=1)

    with without_oversell_check():
        answers = rush(take_away("stock", bare_shop), RIVALS)

        assert {status for status, _ in answers} == {201}
        assert Order.objects.count() == RIVALS


@pytest.mark.parametrize("units", [1, 10, 100])
@pytest.mark.parametrize("buyers", [50, 200, pytest.param(500, marks=pytest.mark.slow)])
def test_a_rush_sells_exactly_what_there_is(shops: list[str], buyers: int, units: int) -> None:
    make_product(skus=("VASE",), stock=units)
    sold = min(buyers, units)

    answers = rush(shops, buyers)

    assert Counter(status for status, _ in answers) == Counter({201: sold, 409: buyers - sold})
    refused = [problem for status, problem in answers if status == 409]
    assert all(problem["code"] == "insufficient_stock" for problem in refused)
    assert all(problem["shortages"][0]["available"] == 0 for problem in refused)
    assert Order.objects.count() == sold
    item = StockItem.objects.get()
    assert (item.held, item.available) == (sold, units - sold)
    invariants.check()


def test_control_without_its_lock_a_cap_is_overrun(bare_shop: str) -> None:
    make_product(skus=("VASE",), stock=50, cap_per_buyer=3)

    answers = at_once([ordering(1, "VASE")] * RIVALS, take_away("cap", bare_shop))

    assert {status for status, _ in answers} == {201}
    assert Order.objects.filter(email="buyer1@example.com").count() == RIVALS


def test_a_rush_of_one_buyer_stops_at_the_cap(shops: list[str]) -> None:
    make_product(skus=("VASE",), stock=50, cap_per_buyer=3)

    answers = at_once([ordering(1, "VASE")] * 50, shops)

    assert Counter((status, body.get("code")) for status, body in answers) == {(201, None): 3, (409, "over_cap"): 47}
    assert Order.objects.count() == 3
    assert StockItem.objects.get().held == 3
    invariants.check()


def test_control_without_an_order_of_locks_crossing_carts_deadlock(bare_shop: str) -> None:
    make_product(skus=("VASE", "BOWL"), stock=1000)
    before = deadlocks()

    forth_and_back = [ordering(1, "VASE", "BOWL", patience_s=0), ordering(2, "BOWL", "VASE", patience_s=0)]
    answers = at_once(forth_and_back, take_away("order", bare_shop, rivals=2))

    assert {status for status, _ in answers} == {201, 503}
    assert deadlocks() == before + 1


def test_crossing_carts_do_not_deadlock(shops: list[str]) -> None:
    make_product(skus=("VASE", "BOWL"), stock=1000)
    before = deadlocks()

    forth_and_back = [("VASE", "BOWL"), ("BOWL", "VASE")] * 20
    answers = at_once(
        [ordering(buyer, *skus) for buyer, skus in enumerate(forth_and_back)], [shops[0], *reversed(shops)]
    )

    assert {status for status, _ in answers} == {201}
    assert set(StockItem.objects.values_list("held", flat=True)) == {40}
    assert deadlocks() == before
    invariants.check()


def test_control_without_its_claim_one_key_makes_many_orders(bare_shop: str) -> None:
    make_product(skus=("VASE",), stock=50)

    answers = at_once([ordering(1, "VASE", key=uuid.uuid4().hex)] * RIVALS, take_away("key", bare_shop))

    assert {status for status, _ in answers} == {201}
    assert len({body["id"] for _, body in answers}) == Order.objects.count() == RIVALS
    assert IdempotencyKey.objects.count() == 1


def test_one_key_at_once_makes_one_order(shops: list[str]) -> None:
    make_product(skus=("VASE",), stock=50)
    key = uuid.uuid4().hex

    answers = at_once([ordering(1, "VASE", key=key)] * RIVALS, shops)

    assert {(status, body.get("code")) for status, body in answers} <= {(201, None), (409, "idempotency_in_progress")}
    assert {body["id"] for status, body in answers if status == 201} == {str(Order.objects.get().id)}
    assert order(shops[1], 1, "VASE", key=key)[1]["id"] == str(Order.objects.get().id)
    assert StockItem.objects.get().held == 1


def deadlocks() -> int:
    """Count the deadlocks in PostgreSQL's log: of its counters each session tells it only after a while."""
    return (HOME / "postgres.log").read_text().count("ERROR:  deadlock detected")
