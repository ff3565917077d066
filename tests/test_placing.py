"""One way to place an order, for page and API: one order of one cart, one bound of units, and what is remembered."""

import threading
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.test import Client

from orders.models import Order
from shop import cart
from shop.models import Cart, CartLine, User
from shop.people import addresses
from tests.support import invariants, unguarded
from tests.support.buying import ADDRESS, hidden, open_checkout, put_into_cart, text
from tests.support.concurrency import together
from tests.support.factories import make_product, make_user
from tests.support.order_requests import KEY, body, post, token

pytestmark = pytest.mark.django_db(transaction=True)


def units_in_cart() -> dict[str, int]:
    return dict(CartLine.objects.values_list("variant__sku", "quantity"))


def sign_in(client: Client) -> User:
    user = make_user()
    client.force_login(user)
    return user


def four_tabs(client: Client) -> Counter[int]:
    """Press Pay in four tabs, each opened on its own, at the same moment."""
    forms = [open_checkout(client) | ADDRESS for _ in range(4)]
    assert len({form["key"] for form in forms}) == 4
    client.get("/orders/")

    def press(form: dict[str, str]) -> int:
        tab = Client()
        tab.cookies.update(client.cookies)
        return tab.post("/checkout/", form).status_code

    return Counter(together([partial(press, form) for form in forms]))


@pytest.mark.parametrize("is_guest", [True, False])
def test_four_orders_at_once_from_one_cart_make_one(client: Client, is_guest: bool) -> None:
    make_product(skus=("VASE",), stock=20)
    if is_guest:
        put_into_cart(client, "VASE", 2)
    else:
        cart.set_line(Cart.objects.create(user=sign_in(client)), sku="VASE", quantity=2)

    assert four_tabs(client) == {302: 1, 409: 3}

    assert [line.quantity for order in Order.objects.all() for line in order.lines.all()] == [2]
    assert units_in_cart() == {}
    invariants.check()


def test_without_the_carts_lock_they_make_four(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_product(skus=("VASE",), stock=20)
    put_into_cart(client, "VASE", 2)
    unguarded.without_cart_lock(monkeypatch, threading.Barrier(4, timeout=30))

    assert four_tabs(client) == {302: 4}


def test_four_calls_at_once_for_the_carts_lines_make_one_order(client: Client) -> None:
    make_product(skus=("VASE",), stock=20)
    user = make_user()
    cart.set_line(Cart.objects.create(user=user), sku="VASE", quantity=2)
    asked = {name: value for name, value in body().items() if name != "lines"}
    headers = token(user)

    answers = together([partial(post, Client(), asked, key=f"{KEY}{n}", **headers) for n in range(4)])

    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: 3}
    assert Order.objects.count() == 1


def test_pressed_again_it_is_an_order_all_the_same(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), stock=20)
    put_into_cart(client, "VASE", 2)
    first, second = (open_checkout(client) | ADDRESS for _ in range(2))
    assert client.post("/checkout/", first).status_code == 302

    told = client.post("/checkout/", second)
    page = told.content.decode()

    assert told.status_code == 409
    assert "These are not in your cart any more: you ordered them already" in text(page)
    assert client.post("/checkout/", hidden(page) | ADDRESS).status_code == 302
    assert Order.objects.count() == 2


def test_what_came_into_the_cart_since_stays_there(client: Client) -> None:
    make_product(skus=("VASE", "BOWL"), stock=20)
    put_into_cart(client, "VASE", 2)
    form = open_checkout(client) | ADDRESS
    put_into_cart(client, "VASE", 5)
    put_into_cart(client, "BOWL", 1)

    assert client.post("/checkout/", form).status_code == 302

    assert units_in_cart() == {"VASE": 3, "BOWL": 1}


def test_a_refused_order_leaves_the_cart(client: Client) -> None:
    make_product(skus=("VASE",), stock=1)
    put_into_cart(client, "VASE", 1)
    form = open_checkout(client) | ADDRESS
    assert post(Client(), body(("VASE", 1))).status_code == 201

    assert client.post("/checkout/", form).status_code == 409

    assert units_in_cart() == {"VASE": 1}


@pytest.mark.parametrize(("quantity", "is_taken"), [(99, True), (100, False)])
def test_one_bound_holds_everywhere(client: Client, settings: Any, quantity: int, is_taken: bool) -> None:
    settings.UNPAID_UNITS_BUYER = 1000
    make_product(skus=("VASE",), stock=500)
    by_page = open_checkout(client, sku="VASE") | ADDRESS
    by_page |= {"lines": f'{{"VASE":{quantity}}}', "total_minor": str(1999 * quantity)}

    assert (
        client.put("/api/v1/cart/lines/VASE", {"quantity": quantity}, "application/json").status_code == 200
    ) is is_taken
    assert (post(client, body(("VASE", quantity))).status_code == 201) is is_taken
    assert (client.post("/checkout/", by_page)["Location"] != "/checkout/") is is_taken


def test_an_address_typed_in_a_show_is_remembered(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    user = sign_in(client)

    assert post(client, body(), **{"Sec-Fetch-Site": "same-origin"}).status_code == 201

    kept = addresses.find_newest(user)
    assert kept
    assert (kept.line1, kept.postal_code) == ("4 Example Lane", "110001")
    assert 'value="4 Example Lane"' in client.get("/checkout/?sku=VASE").content.decode()


def test_a_program_of_a_guests_gets_no_session(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)

    assert post(client, body()).cookies == {}


def test_two_orders_at_once_keep_one_address(client: Client) -> None:
    make_product(skus=("VASE",), stock=20)
    user = make_user()
    headers = token(user)

    together([partial(post, Client(), body(), key=f"{KEY}{n}", **headers) for n in range(4)])

    assert Order.objects.count() == 4
    assert user.addresses.count() == 1


def test_no_more_addresses_are_kept_than_can_be_shown() -> None:
    user = make_user()
    for number in range(addresses.KEPT_MAX + 3):
        addresses.remember(user, name="A", country="IN", line1=f"{number} Lane", city="Delhi", postal_code="110001")

    kept = set(user.addresses.values_list("line1", flat=True))
    assert kept == {f"{number} Lane" for number in range(3, addresses.KEPT_MAX + 3)}


def test_two_first_things_at_once_share_a_guests_cart(client: Client) -> None:
    make_product(skus=("VASE", "BOWL"), stock=5)
    client.post("/place/", {"postal_code": "110002"})  # a session, and no cart yet

    def put(sku: str) -> int:
        tab = Client()
        tab.cookies.update(client.cookies)
        return tab.post("/cart/lines/", {"sku": sku}).status_code

    assert together([partial(put, sku) for sku in ("VASE", "BOWL")]) == [302, 302]
    assert Cart.objects.count() == 1
    assert units_in_cart() == {"VASE": 1, "BOWL": 1}


def test_the_same_request_again_is_the_same_order_though_the_cart_is_empty(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    put_into_cart(client, "VASE", 1)
    form = open_checkout(client) | ADDRESS

    first, again = (client.post("/checkout/", form) for _ in range(2))

    assert first["Location"] == again["Location"]
    assert Order.objects.count() == 1
