"""Orders over REST: what is answered, every error, idempotency, who may see what, the provider's webhooks."""

import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson
import pytest
from django.conf import settings as configured
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator
from pytest_django import Settings
from rest_framework.authtoken.models import Token

from inventory.exceptions import StockBusy
from inventory.models import StockItem, Zone
from orders import checkout, lifecycle, payments
from orders.exceptions import IdempotencyInProgress, ProviderAway
from orders.models import Order, Payment, ProviderEvent
from orders.providers import sandbox
from shop import cart
from shop.models import Cart, CartLine, User
from shop.network import client_address, network
from tests import invariants
from tests.factories import make_product, make_request, make_user

pytestmark = pytest.mark.django_db

KEY = "0123456789abcdef"
ADDRESS = {
    "name": "A Guest",
    "line1": "4 Example Lane",
    "city": "New Delhi",
    "postal_code": "110001",
    "country": "IN",
}
JSON = "application/json"


def body(*lines: tuple[str, int], **changed: Any) -> dict[str, Any]:
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines or [("VASE", 1)]]
    return {"lines": wanted, "email": "guest@example.com", "address": ADDRESS} | changed


def post(client: Client, data: Any, *, key: str | None = KEY, **headers: str) -> Any:
    if key is not None:
        headers["Idempotency-Key"] = key
    return client.post("/api/v1/orders", data, content_type=JSON, headers=headers)


def token(user: User) -> dict[str, str]:
    return {"Authorization": f"Token {Token.objects.get_or_create(user=user)[0].key}"}


def assert_problem(answer: HttpResponse, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = orjson.loads(answer.content)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert problem["type"] == "about:blank"
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    assert problem["detail"]
    return problem


# --- Making an order -------------------------------------------------------------------------------------


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


# --- Idempotency -----------------------------------------------------------------------------------------


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


# --- Refusals --------------------------------------------------------------------------------------------


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

    assert (problem["sku"], problem["cap"], problem["already"]) == ("VASE", 2, 1)


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


# --- Seeing and cancelling -------------------------------------------------------------------------------


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


# --- Webhooks --------------------------------------------------------------------------------------------


@pytest.fixture
def payment() -> Payment:
    make_product(skus=("VASE",), stock=5)
    return payments.open_payment(checkout.place_order(make_request(("VASE", 2))))


def tell(payment: Payment, *, signature: str | None = None, provider: str = "sandbox", event: str = "evt_1") -> Any:
    event_body = orjson.dumps({"id": event, "type": "payment.succeeded", "payment": payment.ref})
    headers = {sandbox.SIGNATURE_HEADER: sandbox.sign(event_body) if signature is None else signature}
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/api/v1/webhooks/payments/{provider}", event_body, content_type=JSON, headers=headers)


def test_a_signed_webhook_pays_the_order_and_its_double_changes_nothing(payment: Payment) -> None:
    sandbox.answer(payment.ref, approve=True)

    answers = [tell(payment) for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert Order.objects.get().state == "placed"
    assert ProviderEvent.objects.count() == 1
    invariants.check()


def test_a_forged_webhook_is_refused(payment: Payment) -> None:
    sandbox.answer(payment.ref, approve=True)

    assert_problem(tell(payment, signature="t=1,v1=abc"), 403, "bad_signature")

    assert Order.objects.get().state == "created"
    assert not ProviderEvent.objects.exists()


def test_a_provider_that_we_do_not_have_is_404(payment: Payment) -> None:
    assert_problem(tell(payment, provider="piggybank"), 404, "not_found")


def test_a_webhook_that_could_not_be_checked_is_asked_for_again(
    payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.answer(payment.ref, approve=True)

    def away(*args: object, **kwargs: object) -> None:
        raise ProviderAway("timed out")

    monkeypatch.setattr(sandbox.Sandbox, "fetch", away)
    answer = tell(payment)

    assert_problem(answer, 503, "provider_away")
    assert int(answer["Retry-After"]) > 0
    assert not ProviderEvent.objects.exists()
    monkeypatch.undo()
    assert tell(payment).status_code == 204
    assert Order.objects.get().state == "placed"


def test_a_wrong_credential_does_not_keep_a_webhook_out(payment: Payment) -> None:
    sandbox.answer(payment.ref, approve=True)
    event_body = orjson.dumps({"id": "evt_1", "type": "payment.succeeded", "payment": payment.ref})
    headers = {sandbox.SIGNATURE_HEADER: sandbox.sign(event_body), "Authorization": "Token nobody"}

    answer = Client().post("/api/v1/webhooks/payments/sandbox", event_body, content_type=JSON, headers=headers)

    assert answer.status_code == 204


# --- Where a request comes from --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "203.0.113.9"),
        (0, "198.51.100.1", "203.0.113.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "10.0.0.1", "10.0.0.1"),
        (1, "", "203.0.113.9"),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(
    settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9", headers={"X-Forwarded-For": forwarded})

    assert client_address(request) == address


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", "unknown"),
    ],
)
def test_a_household_is_one_network(address: str, same: str) -> None:
    assert network(RequestFactory().get("/", REMOTE_ADDR=address)) == same


def test_the_schema_describes_the_calls() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    paths = schema["paths"]

    create = paths["/api/v1/orders"]["post"]
    assert {"201", "400", "409", "422", "429", "503"} <= set(create["responses"])
    assert [each["name"] for each in create["parameters"] if each["in"] == "header"] == ["Idempotency-Key"]
    assert {each["name"] for each in paths["/api/v1/orders"]["get"]["parameters"]} >= {"state", "from", "to"}
    assert set(paths["/api/v1/orders/{order_id}/cancel"]) == {"post"}
    assert set(paths["/api/v1/webhooks/payments/{provider}"]["post"]["responses"]) == {"204", "403", "404", "503"}
