"""Orders over REST: who may see what, the list, cancelling, and the schema."""

import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

from inventory.exceptions import StockBusy
from inventory.models import StockItem
from orders import checkout, lifecycle, payments
from orders.models import Order
from orders.providers import sandbox
from shop.models import User
from tests.support import invariants
from tests.support.factories import make_product, make_request, make_user
from tests.support.order_requests import ADDRESS, KEY, assert_problem, body, post, token

pytestmark = pytest.mark.django_db


def test_an_order_is_seen_by_its_buyer_and_with_its_word_and_by_nobody_else(client: Client) -> None:
    make_product(skus=("VASE",), stock=9)
    owner, stranger = make_user(), make_user()
    made = post(client, body(), **token(owner)).json()
    address = f"/api/v1/orders/{made['id']}"

    seen = client.get(address, headers=token(owner))

    assert seen.status_code == 200
    assert client.get(address, headers={"Order-Access": made["access"]}).json() == seen.json()
    for headers in ({}, token(stranger), {"Order-Access": "wrong"}, {"Order-Access": "ä".encode().decode("latin-1")}):
        assert_problem(client.get(address, headers=headers), 404, "not_found")
        assert_problem(client.post(f"{address}/cancel", headers=headers), 404, "not_found")
    assert_problem(client.get(f"/api/v1/orders/{uuid.uuid4()}", headers=token(owner)), 404, "not_found")
    assert Order.objects.get().state == "created"


def test_an_order_in_full(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), price_minor=8600, stock=9)
    made = post(client, body(session="demo-live")).json()

    seen = client.get(f"/api/v1/orders/{made['id']}", headers={"Order-Access": made["access"]}).json()

    order = Order.objects.get()
    assert {name: seen[name] for name in made} == made
    assert seen["address"] == ADDRESS
    assert (seen["email"], seen["session"], seen["cancel_reason"]) == ("guest@example.com", "demo-live", "")
    assert seen["delivery_on"] == str(order.delivery_on)
    assert (seen["placed_at"], seen["refunds"]) == (None, [])


def test_cancelling_gives_the_units_back_once(client: Client) -> None:
    make_product(skus=("VASE",), stock=9)
    made = post(client, body()).json()
    cancel = partial(client.post, f"/api/v1/orders/{made['id']}/cancel", headers={"Order-Access": made["access"]})

    answer = cancel()

    assert (answer.status_code, answer.json()["state"], answer.json()["cancel_reason"]) == (
        200,
        "cancelled",
        "by_buyer",
    )
    assert assert_problem(cancel(), 409, "not_cancellable")["state"] == "cancelled"
    assert StockItem.objects.get().available == 9
    invariants.check()


def test_cancelling_a_paid_order_shows_its_refund(client: Client) -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=9)
    made = post(client, body()).json()
    payment = payments.open_payment(Order.objects.get())
    sandbox.answer(payment.ref, approve=True)
    payments.refresh(payment)
    headers = {"Order-Access": made["access"]}

    answer = client.post(f"/api/v1/orders/{made['id']}/cancel", headers=headers)

    assert answer.json()["refunds"] == [{"amount_minor": 8600, "currency": "USD", "state": "pending"}]


def test_a_cancel_that_meets_a_rush_is_worth_another_try(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_product(skus=("VASE",), stock=9)
    made = post(client, body()).json()

    def busy(*args: object, **kwargs: object) -> Order:
        raise StockBusy

    monkeypatch.setattr(lifecycle, "cancel", busy)
    answer = client.post(f"/api/v1/orders/{made['id']}/cancel", headers={"Order-Access": made["access"]})

    assert_problem(answer, 503, "busy")


def place_for(user: User, **changed: Any) -> Order:
    order = checkout.place_order(make_request(("VASE", 1), buyer=user))
    Order.objects.filter(pk=order.pk).update(**changed)
    return order


def test_the_list_is_ones_own_newest_first_and_filtered(client: Client) -> None:
    make_product(skus=("VASE",), stock=99)
    user = make_user()
    day = datetime(2026, 11, 20, 12, tzinfo=UTC)
    old = place_for(user, created_at=day - timedelta(days=2), state="delivered")
    new = place_for(user, created_at=day)
    place_for(make_user(), created_at=day)

    def ids(**query: str) -> list[str]:
        return [order["id"] for order in client.get("/api/v1/orders", query, headers=token(user)).json()["results"]]

    assert ids() == [str(new.id), str(old.id)]
    assert ids(state="delivered") == [str(old.id)]
    assert ids(**{"from": "2026-11-20"}) == [str(new.id)]
    assert ids(to="2026-11-18") == [str(old.id)]
    for end in ("9999-12-31", "9999-12-31T23:59:59.999999Z"):
        assert str(old.id) in ids(to=end)
    assert ids(**{"from": "2026-11-18", "to": "2026-11-20"}) == [str(new.id), str(old.id)]
    assert ids(**{"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T12:00:00Z"}) == [str(new.id)]


@pytest.mark.parametrize(("name", "value"), [("state", "lost"), ("from", "yesterday"), ("to", "2026-13-01")])
def test_a_filter_that_makes_no_sense_is_an_error(client: Client, name: str, value: str) -> None:
    problem = assert_problem(client.get("/api/v1/orders", {name: value}, headers=token(make_user())), 400, "invalid")

    assert list(problem["errors"]) == [name]


def test_the_list_needs_somebody_signed_in(client: Client) -> None:
    answer = client.get("/api/v1/orders")

    assert_problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Token"


def test_pages_of_the_list_lose_nothing_and_show_nothing_twice(client: Client) -> None:
    make_product(skus=("VASE",), stock=99)
    user = make_user()
    made = {str(place_for(user).id) for _ in range(5)}
    seen: list[str] = []
    address = "/api/v1/orders?limit=2"

    while address:
        page = client.get(address, headers=token(user)).json()
        seen += [order["id"] for order in page["results"]]
        address = page["next"] and page["next"].removeprefix("http://testserver")

    assert sorted(seen) == sorted(made)


def test_ten_orders_cost_no_more_queries_than_one(client: Client) -> None:
    make_product(skus=("VASE",), stock=99)
    user = make_user()
    headers = token(user)
    client.get("/api/v1/orders", headers=headers)  # the token's first use is written down, and then once an hour
    counts = []
    for number in range(10):
        payments.open_payment(place_for(user))
        if number in {0, 9}:
            with CaptureQueriesContext(connection) as queries:
                client.get("/api/v1/orders", headers=headers)
            counts.append(len(queries))

    assert counts[0] == counts[1]


def test_an_order_of_ten_lines_costs_no_more_queries_than_one_of_one(client: Client) -> None:
    skus = [f"THING-{number}" for number in range(10)]
    for sku in skus:
        make_product(skus=(sku,), stock=99)
    counts = []
    for number, lines in enumerate((skus[:1], skus)):
        with CaptureQueriesContext(connection) as queries:
            assert post(client, body(*[(sku, 1) for sku in lines]), key=f"{KEY}{number}").status_code == 201
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_schema_describes_the_calls() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    paths = schema["paths"]

    create = paths["/api/v1/orders"]["post"]
    assert {"201", "400", "409", "422", "429", "503"} <= set(create["responses"])
    assert [each["name"] for each in create["parameters"] if each["in"] == "header"] == ["Idempotency-Key"]
    assert {each["name"] for each in paths["/api/v1/orders"]["get"]["parameters"]} >= {"state", "from", "to"}
    assert set(paths["/api/v1/orders/{order_id}/cancel"]) == {"post"}
    assert {"204", "403", "404", "503"} <= set(paths["/api/v1/webhooks/payments/{provider}"]["post"]["responses"])
