"""How many units of one thing may be held unpaid, and that four at once hold no more."""

import threading
from collections import Counter
from functools import partial

import pytest
from django.test import Client
from pytest_django import Settings

from inventory.models import StockItem
from orders.checkout import place_order
from orders.exceptions import InsufficientStock, TooManyUnpaid
from orders.models import Order
from tests.support import invariants, unguarded
from tests.support.buying import ADDRESS, open_checkout, text
from tests.support.concurrency import together
from tests.support.factories import make_product, make_request, make_user
from tests.support.order_requests import KEY, assert_problem, body, post, token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def vase(settings: Settings) -> None:
    settings.UNPAID_UNITS_BUYER, settings.UNPAID_UNITS_NETWORK = 5, 8
    make_product("Rust vase", skus=("VASE", "BOWL"), stock=50)


def held() -> int:
    return StockItem.objects.get(sku="VASE").held


def test_one_request_does_not_hold_all_there_is(client: Client) -> None:
    problem = assert_problem(post(client, body(("VASE", 6))), 409, "unpaid_limit")

    assert (problem["sku"], problem["limit"]) == ("VASE", 5)
    assert (held(), Order.objects.count()) == (0, 0)
    assert post(client, body(("VASE", 5), ("BOWL", 5)), key=f"{KEY}1").status_code == 201


def test_a_network_holds_no_more_under_many_names(client: Client) -> None:
    answers = [post(client, body(("VASE", 4), email=f"g{n}@example.com"), key=f"{KEY}{n}") for n in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert_problem(answers[2], 409, "unpaid_limit")
    assert held() == 8
    assert post(Client(REMOTE_ADDR="198.51.100.7"), body(("VASE", 4)), key=f"{KEY}9").status_code == 201


def test_an_account_holds_no_more_from_many_networks() -> None:
    headers = token(make_user())
    answers = [
        post(Client(REMOTE_ADDR=f"198.51.100.{n}"), body(("VASE", 3)), key=f"{KEY}{n}", **headers) for n in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 409]


def test_a_browser_holds_no_more_from_many_networks() -> None:
    place_order(make_request(("VASE", 5), placed_by="browser", placed_from="one"))

    with pytest.raises(TooManyUnpaid):
        place_order(make_request(("VASE", 1), placed_by="browser", placed_from="two"))
    assert place_order(make_request(("BOWL", 5), placed_by="browser", placed_from="two"))


@pytest.mark.parametrize("state", ["placed", "cancelled"])
def test_what_is_paid_or_given_up_is_not_counted(client: Client, state: str) -> None:
    assert post(client, body(("VASE", 5))).status_code == 201
    reason = "expired" if state == "cancelled" else ""
    Order.objects.update(state=state, cancel_reason=reason)

    assert post(client, body(("VASE", 5)), key=f"{KEY}2").status_code == 201


def test_who_asks_for_more_than_there_is_hears_of_that() -> None:
    with pytest.raises(InsufficientStock) as refusal:
        place_order(make_request(("VASE", 60), ("BOWL", 70), placed_by="browser"))

    assert [(each.sku, each.available) for each in refusal.value.shortages] == [("VASE", 50), ("BOWL", 50)]


def test_the_page_keeps_what_was_typed_and_says_what_to_do(client: Client) -> None:
    answer = client.post("/checkout/", open_checkout(client, sku="VASE", quantity=6) | ADDRESS)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "At most 5 of Rust vase, Size 1 can be held before they are paid." in text(page)
    assert 'value="4 Example Lane"' in page


def rush() -> Counter[str]:
    """Let eight orders of three units come from one network at the same moment."""
    orders = [partial(place_order, make_request(("VASE", 3), placed_by=f"b{n}", placed_from="net")) for n in range(8)]
    return Counter(type(outcome).__name__ for outcome in together(orders))


def test_many_at_once_hold_no_more_than_one_after_the_other() -> None:
    assert rush() == {"Order": 2, "TooManyUnpaid": 6}
    assert held() == 6
    invariants.check()


def test_without_the_lock_they_would(monkeypatch: pytest.MonkeyPatch) -> None:
    unguarded.without_hold_lock(monkeypatch, threading.Barrier(8, timeout=30))

    assert rush() == {"Order": 8}
