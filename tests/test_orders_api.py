"""Making orders over REST: what is answered, every refusal, idempotency."""

import json
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from inventory.exceptions import StockBusy
from inventory.models import StockItem, Zone
from orders import checkout
from orders.exceptions import IdempotencyInProgress
from orders.models import Order, Payment
from shop import cart
from shop.models import Cart, CartLine
from shop.rest.rendering import OrjsonRenderer
from tests.support.factories import make_product, make_user
from tests.support.order_requests import ADDRESS, JSON, KEY, assert_problem, body, post, token

pytestmark = pytest.mark.django_db


def test_an_order_is_answered_to_the_letter(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), price_minor=8600, stock=5)

    answer = post(client, body(("VASE", 2), session="demo-live"))

    order = Order.objects.get()
    made = answer.json()
    assert answer.status_code == 201
    assert made == {
        "id": str(order.id),
        "number": order.number,
        "state": "created",
        "total_minor": 17200,
        "currency": "USD",
        "lines": [
            {
                "sku": "VASE",
                "name": "Rust vase",
                "variant": "",
                "quantity": 2,
                "unit_price_minor": 8600,
                "total_minor": 17200,
            }
        ],
        "expires_at": made["expires_at"],
        "payment": {"provider": "sandbox", "url": made["payment"]["url"], "ref": None},
        "access": made["access"],
    }
    assert datetime.fromisoformat(made["expires_at"]) == order.expires_at
    assert made["expires_at"].endswith("Z")
    assert made["payment"]["url"].startswith(f"{configured.SITE_URL}/orders/{order.id}/pay/")
    assert order.session == "demo-live"
    assert StockItem.objects.get().held == 2


@pytest.mark.parametrize(
    "odd", ["9" * 30, "9" * 5000, '"\\ud800"', "[" * 300 + "]" * 300, "[" * 5000 + "]" * 5000, "NaN"]
)
@pytest.mark.parametrize("place", ["note", "session"])
def test_json_that_cannot_be_written_again_is_refused(client: Client, odd: str, place: str) -> None:
    make_product(skus=("VASE",), stock=5)
    data = json.dumps(body()).removesuffix("}") + f', "{place}": {odd}}}'

    answer = post(client, data)

    assert answer.status_code in ({201, 400} if odd == "9" * 30 else {400})
    assert json.loads(answer.content)


def test_an_answer_may_quote_half_a_character() -> None:
    assert json.loads(OrjsonRenderer().render({"a": "x\ud800", "b": 10**30})) == {"a": "x?", "b": 10**30}


def test_the_payments_address_leads_anybody_who_has_it_to_the_provider(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    made = post(client, body()).json()

    there = Client().get(made["payment"]["url"].removeprefix(configured.SITE_URL))

    payment = Payment.objects.get()
    assert there["Location"] == payment.url
    assert post(client, body()).json()["payment"]["ref"] == payment.ref


def test_without_lines_the_carts_are_ordered_and_taken_out_of_it(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    user = make_user()
    basket = Cart.objects.create(user=user)
    cart.set_line(basket, sku="VASE", quantity=3)
    wish = {name: value for name, value in body().items() if name != "lines"}

    answers = [post(client, wish, **token(user)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    order = Order.objects.get()
    assert order.buyer == user
    assert order.lines.get().quantity == 3
    assert not CartLine.objects.exists()


def test_lines_of_their_own_leave_the_cart_alone(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    user = make_user()
    cart.set_line(Cart.objects.create(user=user), sku="VASE", quantity=3)

    assert post(client, body(), **token(user)).status_code == 201
    assert CartLine.objects.get().quantity == 3


def test_a_guest_who_orders_on_a_page_finds_the_order_on_the_pages(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)

    order_id = post(client, body(), **{"Sec-Fetch-Site": "same-origin"}).json()["id"]

    assert client.get(f"/orders/{order_id}/").status_code == 200
    assert Client().get(f"/orders/{order_id}/").status_code == 404


def test_a_program_that_orders_as_guest_gets_no_session(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)

    assert configured.SESSION_COOKIE_NAME not in post(client, body()).cookies


def test_the_same_key_and_body_again_is_the_same_order(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    shuffled = dict(reversed(body().items()))

    answers = [post(client, body()), post(client, shuffled)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert StockItem.objects.get().held == 1


def test_the_same_key_with_another_body_is_refused(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    post(client, body())

    assert_problem(post(client, body(("VASE", 2))), 422, "idempotency_mismatch")
    assert Order.objects.count() == 1


def test_while_the_first_still_runs_the_second_is_told_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_product(skus=("VASE",), stock=5)

    def still_running(*args: object, **kwargs: object) -> Order:
        raise IdempotencyInProgress

    monkeypatch.setattr(checkout, "place_order", still_running)
    assert_problem(post(client, body()), 409, "idempotency_in_progress")


def test_a_refusal_is_not_remembered(client: Client) -> None:
    make_product(skus=("VASE",), stock=0)
    make_product(skus=("MUG",), stock=1)
    assert_problem(post(client, body()), 409, "insufficient_stock")

    assert post(client, body(("MUG", 1))).status_code == 201


def test_a_key_belongs_to_its_account(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)

    made = [post(client, body(), **headers).json()["id"] for headers in (token(make_user()), token(make_user()), {})]

    assert len(set(made)) == 3


@pytest.mark.parametrize("key", [None, "", "short", "x" * 15, "x" * 65])
def test_a_key_is_needed(client: Client, key: str | None) -> None:
    make_product(skus=("VASE",), stock=5)

    problem = assert_problem(post(client, body(), key=key), 400, "invalid")

    assert list(problem["errors"]) == ["Idempotency-Key"]
    assert not Order.objects.exists()


@pytest.mark.parametrize("key", ["x" * 16, "x" * 64])
def test_keys_of_16_to_64_characters_are_taken(client: Client, key: str) -> None:
    make_product(skus=("VASE",), stock=5)

    assert post(client, body(), key=key).status_code == 201


def test_every_short_line_is_named(client: Client) -> None:
    make_product(skus=("VASE",), stock=2)
    make_product(skus=("MUG",), stock=0)
    make_product(skus=("BOWL",), stock=9)

    problem = assert_problem(post(client, body(("VASE", 3), ("MUG", 1), ("BOWL", 1))), 409, "insufficient_stock")

    assert sorted(problem["shortages"], key=lambda short: short["sku"]) == [
        {"sku": "MUG", "requested": 1, "available": 0},
        {"sku": "VASE", "requested": 3, "available": 2},
    ]
    assert not Order.objects.exists()
    assert not StockItem.objects.filter(held__gt=0).exists()


def test_more_than_the_cap_is_refused(client: Client) -> None:
    make_product(skus=("VASE",), stock=9, cap_per_buyer=2)
    post(client, body())

    problem = assert_problem(post(client, body(("VASE", 2)), key=KEY + "2"), 409, "over_cap")

    assert (problem["sku"], problem["cap"]) == ("VASE", 2)
    assert "already" not in problem  # who types an address learns nothing of its owner


def test_too_many_orders_of_one_buyer(client: Client, settings: Settings) -> None:
    settings.ORDERS_PER_MINUTE_BUYER = 2
    make_product(skus=("VASE",), stock=9)
    order = partial(post, client, body())
    for number in range(2):
        assert order(key=f"{KEY}{number}").status_code == 201

    answer = order(key=f"{KEY}2")

    assert_problem(answer, 429, "rate_limited")
    assert 0 < int(answer["Retry-After"]) <= 30
    assert post(client, body(email="other@example.com"), key=f"{KEY}3").status_code == 201
    assert Order.objects.count() == 3


def test_an_order_that_was_made_is_answered_again_over_any_limit(client: Client, settings: Settings) -> None:
    settings.ORDERS_PER_MINUTE_BUYER = 2
    make_product(skus=("VASE",), stock=9)
    first = post(client, body(), key=f"{KEY}0")

    again = [post(client, body(), key=f"{KEY}0") for _ in range(3)]
    assert [answer.json()["id"] for answer in again] == [first.json()["id"]] * 3

    assert_problem(post(client, body(), key=f"{KEY}1"), 429, "rate_limited")
    assert_problem(post(client, body(("VASE", 2)), key=f"{KEY}0"), 429, "rate_limited")
    assert Order.objects.count() == 1


def test_too_many_orders_of_one_network(client: Client, settings: Settings) -> None:
    settings.ORDERS_PER_MINUTE_NETWORK = 2
    make_product(skus=("VASE",), stock=9)
    for number in range(2):
        assert post(client, body(email=f"guest{number}@example.com"), key=f"{KEY}{number}").status_code == 201

    assert_problem(post(client, body(email="guest9@example.com"), key=f"{KEY}9"), 429, "rate_limited")
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert post(elsewhere, body(email="guest9@example.com"), key=f"{KEY}9").status_code == 201


def test_busy_stock_is_worth_another_try(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_product(skus=("VASE",), stock=9)

    def busy(*args: object, **kwargs: object) -> Order:
        raise StockBusy

    monkeypatch.setattr(checkout, "place_order", busy)
    answer = post(client, body())

    assert_problem(answer, 503, "busy")
    assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": None}, "email"),
        ({"address": {}}, "address.name"),
        ({"address": ADDRESS | {"postal_code": "11000"}}, "address.postal_code"),
        ({"address": ADDRESS | {"country": "India"}}, "address.country"),
        ({"address": ADDRESS | {"city": ""}}, "address.city"),
        ({"lines": []}, "lines"),
        ({"lines": [{"sku": "VASE", "quantity": 1}, {"sku": "VASE", "quantity": 0}]}, "lines.1.quantity"),
        ({"lines": [{"sku": "VASE", "quantity": -1}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "NOTHING", "quantity": 1}]}, "lines"),
        ({"session": "not a slug"}, "session"),
    ],
)
def test_wrong_input_names_its_field(client: Client, changed: dict[str, Any], field: str) -> None:
    make_product(skus=("VASE",), stock=9)

    problem = assert_problem(post(client, body(**changed)), 400, "invalid")

    assert field in problem["errors"]
    assert all(isinstance(line, str) for line in problem["errors"][field])
    assert not Order.objects.exists()


def test_an_empty_cart_can_not_be_ordered(client: Client) -> None:
    problem = assert_problem(post(client, {"email": "a@example.com", "address": ADDRESS}), 400, "invalid")

    assert problem["errors"] == {"lines": ["The cart is empty."]}


def test_an_address_that_nobody_serves_is_refused(client: Client) -> None:
    make_product(skus=("VASE",), stock=9)
    Zone.objects.update(postal_prefix="56")

    problem = assert_problem(post(client, body()), 400, "invalid")

    assert list(problem["errors"]) == ["address.postal_code"]


def test_two_currencies_make_no_order(client: Client) -> None:
    make_product(skus=("VASE",), stock=9)
    make_product(skus=("MUG",), stock=9, currency="EUR")

    problem = assert_problem(post(client, body(("VASE", 1), ("MUG", 1))), 400, "invalid")

    assert problem["errors"]["lines"] == ["One order has one currency, not EUR, USD."]


def test_what_is_not_json_is_refused(client: Client) -> None:
    answer = client.post("/api/v1/orders", "{", content_type=JSON, headers={"Idempotency-Key": KEY})
    assert_problem(answer, 400, "parse_error")
    answer = client.post("/api/v1/orders", {"email": "a@example.com"}, headers={"Idempotency-Key": KEY})
    assert_problem(answer, 415, "unsupported_media_type")


def test_a_signed_in_browser_needs_its_csrf_token() -> None:
    make_product(skus=("VASE",), stock=9)
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())

    assert_problem(post(client, body()), 403, "permission_denied")
    assert not Order.objects.exists()
