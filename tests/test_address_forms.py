"""Forms that ask for an address follow its country, without a script too; and the API asks for no more."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.models import Courier, Warehouse, Zone
from orders.models import Order
from shop.models import Address
from shop.people import addresses
from tests.support.buying import ADDRESS, hidden, open_checkout, text
from tests.support.factories import make_product, make_user
from tests.support.order_requests import ADDRESS as CALLED
from tests.support.order_requests import KEY, body, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shop_that_sends_abroad() -> None:
    make_product("Rust vase", skus=("VASE",), stock=50)
    warehouse, courier = Warehouse.objects.get(), Courier.objects.get()
    for country in ("GB", "HK", "AE", "US", "IE"):
        Zone.objects.create(warehouse=warehouse, courier=courier, country=country, transit_days=5)


def shown(page: str) -> list[str]:
    """Return the names of the fields that can be seen, in their order."""
    found = re.findall(r'<div class="field" data-field="(\w+)"( hidden)?>', page)
    return [name for name, is_hidden in found if not is_hidden]


def test_the_country_comes_first_and_its_fields_follow_in_its_order(client: Client) -> None:
    page = client.get("/checkout/?sku=VASE").content.decode()

    assert shown(page) == ["email", "country", "name", "line1", "line2", "city", "postal_code", "region"]
    assert "Change the country" in text(page)


@pytest.mark.parametrize(
    ("country", "names", "labels"),
    [
        ("GB", ["line1", "line2", "city", "postal_code"], ["Town", "Postal code"]),
        ("HK", ["region", "city", "line1", "line2"], ["Area", "District", "Kowloon"]),
        ("AE", ["line1", "line2", "region"], ["Emirate", "Dubai"]),
        ("US", ["line1", "line2", "city", "region", "postal_code"], ["State", "ZIP code", "California"]),
        ("IE", ["line1", "line2", "city", "region", "postal_code"], ["Eircode", "County"]),
    ],
)
def test_without_a_script_a_press_changes_the_fields_and_keeps_what_was_typed(
    client: Client, country: str, names: list[str], labels: list[str]
) -> None:
    form = open_checkout(client, sku="VASE") | ADDRESS | {"country": country, "change_country": "1"}

    answer = client.post("/checkout/", form)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert shown(page) == ["email", "country", "name", *names]
    assert 'value="4 Example Lane"' in page
    assert 'value="New Delhi"' in page  # unseen or not: it is there when the country changes back
    assert hidden(page)["key"] == form["key"]
    assert all(label in text(page) for label in labels)
    assert not Order.objects.exists()


def test_a_place_without_codes_and_cities_is_sent_to(client: Client) -> None:
    form = open_checkout(client, sku="VASE") | ADDRESS | {"country": "AE", "region": "dubai"}

    assert client.post("/checkout/", form).status_code == 302

    order = Order.objects.get()
    assert (order.country, order.region, order.city, order.postal_code) == ("AE", "إمارة دبيّ", "", "")
    said = text(client.get(f"/orders/{order.id}/").content.decode())
    assert "A Guest 4 Example Lane Dubai United Arab Emirates" in said


def test_what_a_country_needs_is_asked_for_beside_its_field(client: Client) -> None:
    form = open_checkout(client, sku="VASE") | ADDRESS | {"country": "HK", "region": ""}

    page = client.post("/checkout/", form).content.decode()

    assert re.search(r'data-field="region">.*?Please fill this in', page, re.S)
    assert not re.search(r'data-field="postal_code".{0,900}Please fill this in', page, re.S)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"postal_code": "１１０ ００１"}, {"postal_code": "110001"}),
        ({"postal_code": "११०-००१", "country": "ｉｎ"}, {"postal_code": "110001", "country": "IN"}),
        ({"email": " ｇｕｅｓｔ＠Example。COM "}, {"email": "guest@example.com"}),
        ({"country": "gb", "postal_code": "sw1a1aa", "city": "London"}, {"country": "GB", "postal_code": "SW1A 1AA"}),
    ],
)
def test_page_and_api_fold_what_is_typed(client: Client, typed: dict[str, str], kept: dict[str, str]) -> None:
    assert client.post("/checkout/", open_checkout(client, sku="VASE") | ADDRESS | typed).status_code == 302
    called = body(address=CALLED | {name: part for name, part in typed.items() if name != "email"})
    called["email"] = typed.get("email", "guest@example.com")
    assert post(client, called).status_code == 201

    for order in Order.objects.all():
        assert {name: getattr(order, name) for name in kept} == kept


@pytest.mark.parametrize(
    ("changed", "status", "fields"),
    [
        ({}, 201, set()),
        ({"country": "HK", "region": "Kowloon", "postal_code": ""}, 201, set()),
        ({"country": "HK", "city": "Kowloon"}, 201, set()),
        ({"country": "HK", "city": "Kowloon", "postal_code": "999077"}, 201, set()),
        ({"country": "HK", "city": "Nowhere"}, 400, {"address.region"}),
        ({"country": "IE", "postal_code": ""}, 201, set()),
        ({"postal_code": ""}, 400, {"address.postal_code"}),
        ({"city": " \u200b "}, 400, {"address.city"}),
        ({"country": "US", "postal_code": "95014", "region": "Kerala"}, 400, {"address.region"}),
        ({"country": "US", "postal_code": "95014"}, 201, set()),
        ({"country": "India"}, 400, {"address.country"}),
        ({"line2": "Flat 2", "region": "delhi"}, 201, set()),
    ],
)
def test_the_api_asks_for_what_the_country_has(
    client: Client, changed: dict[str, str], status: int, fields: set[str]
) -> None:
    answer = post(client, body(address=CALLED | changed))

    assert answer.status_code == status
    assert set(answer.json().get("errors", {})) == fields


def test_the_api_answers_with_a_second_line_and_region_where_there_are_any(client: Client) -> None:
    plain = post(client, body()).json()
    full = post(client, body(address=CALLED | {"line2": "Flat 2", "region": "delhi"}), key=f"{KEY}2").json()

    seen = [
        client.get(f"/api/v1/orders/{order['id']}", headers={"Order-Access": order["access"]}).json()["address"]
        for order in (plain, full)
    ]
    assert seen == [CALLED, CALLED | {"line2": "Flat 2", "region": "Delhi"}]


def test_an_account_keeps_addresses_of_every_country(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    entered: dict[str, Any] = {"name": "Moss", "line1": "1 Way", "country": "GB", "city": "London"}

    changed = client.post("/accounts/addresses/new/", entered | {"country": "US", "change_country": "1"})
    refused = client.post("/accounts/addresses/new/", entered | {"postal_code": "12345"})
    kept = client.post("/accounts/addresses/new/", entered | {"postal_code": "sw1a1aa"})

    assert shown(changed.content.decode())[-2:] == ["region", "postal_code"]
    assert "This is not a postal code. One looks like" in text(refused.content.decode())
    assert kept.status_code == 302
    assert "Moss 1 Way London SW1A 1AA United Kingdom" in text(client.get("/accounts/").content.decode())
    assert 'value="London"' in client.get(f"/accounts/addresses/{Address.objects.get().pk}/").content.decode()
    assert 'value="London"' in client.get("/checkout/?sku=VASE").content.decode()


def test_scripts_are_told_what_a_country_has(client: Client) -> None:
    answer = client.get("/accounts/addresses/fields/?country=hk").json()

    assert answer["country"] == "HK"
    assert ["IN", "India"] in answer["countries"]
    assert [(part["name"], part["label"], part["required"]) for part in answer["fields"]] == [
        ("region", "Area", True),
        ("city", "District", False),
        ("line1", "Street and house", True),
        ("line2", "Flat, floor, building", False),
    ]
    assert ["Kowloon", "Kowloon"] in answer["fields"][0]["choices"]
    assert client.get("/accounts/addresses/fields/?country=XX").json()["country"] == "IN"


def test_the_day_is_said_for_a_country_without_codes(client: Client) -> None:
    answer = client.get("/checkout/delivery/?country=HK&postal_code=&sku=VASE").json()

    assert answer["error"] == ""
    assert "To Hong Kong" in text(answer["html"])


def test_ten_addresses_cost_no_more_queries_than_one(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    costs = []
    for number in range(10):
        addresses.remember(user, name="A", country="GB", line1=f"{number} Way", city="London", postal_code="SW1A 1AA")
        if number in {0, 9}:
            client.get("/accounts/")
            with CaptureQueriesContext(connection) as queries:
                client.get("/accounts/")
            costs.append(len(queries))

    assert costs[0] == costs[1]


TYPED = " ｍｏｓｓ＠Example。COM "


def test_an_account_is_found_by_its_address_however_it_is_typed(client: Client) -> None:
    make_user("moss@example.com")

    token = client.post("/api/v1/tokens", {"email": TYPED, "password": "showfloor"}, "application/json")
    page = client.post("/accounts/login/", {"login": TYPED, "password": "showfloor"})

    assert (token.status_code, page.status_code) == (201, 302)


def test_a_search_is_read_in_any_width(client: Client) -> None:
    assert "Rust vase" in text(client.get("/shop/", {"q": "ｒｕｓｔ ＶＡＳＥ"}).content.decode())


def test_there_is_no_address_zero(client: Client) -> None:
    client.force_login(make_user())

    assert client.get("/accounts/addresses/0/").status_code == 404
    assert client.post("/accounts/addresses/0/", {"country": "IN"}).status_code == 404
