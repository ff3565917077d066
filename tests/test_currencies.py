"""A cart with two currencies is two orders: never a sum of both."""

import pytest
from django.test import Client

from orders.models import Order
from shop.models import CartLine, Product, Variant
from tests.support.buying import ADDRESS, hidden, open_checkout, put_into_cart, text
from tests.support.factories import make_product
from tests.support.order_requests import body, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mixed(client: Client) -> Client:
    make_product("Rust vase", skus=("VASE",), stock=9, price_minor=1000)
    make_product("Mug", skus=("MUG",), stock=9, price_minor=700, currency="EUR")
    put_into_cart(client, "VASE", 2)
    put_into_cart(client, "MUG", 1)
    return client


def test_the_cart_says_so_and_offers_each(mixed: Client) -> None:
    page = mixed.get("/cart/").content.decode()

    said = text(page)
    assert "These things are sold in different currencies. Each currency is an order of its own." in said
    assert "Total in USD $20.00" in said
    assert "Total in EUR €7.00" in said
    assert "/checkout/?currency=USD" in page
    assert "/checkout/?currency=EUR" in page
    assert "27.00" not in said


def test_the_api_says_both_totals(mixed: Client) -> None:
    answer = mixed.get("/api/v1/cart").json()

    assert answer["totals"] == [
        {"currency": "USD", "total_minor": 2000},
        {"currency": "EUR", "total_minor": 700},
    ]
    assert (answer["total_minor"], answer["currency"]) == (2000, "USD")


def test_checkout_offers_one_order_for_each(mixed: Client) -> None:
    said = text(mixed.get("/checkout/").content.decode())

    assert "One order for each currency" in said
    assert "Check out $20.00" in said
    assert "Check out €7.00" in said
    assert "27.00" not in said


@pytest.mark.parametrize(("currency", "total_minor", "left"), [("USD", 2000, "MUG"), ("EUR", 700, "VASE")])
def test_one_is_ordered_and_the_other_stays(mixed: Client, currency: str, total_minor: int, left: str) -> None:
    form = open_checkout(mixed, currency=currency)

    assert mixed.post("/checkout/", form | ADDRESS).status_code == 302

    order = Order.objects.get()
    assert (order.currency, order.total_minor) == (currency, total_minor)
    assert [line.variant.sku for line in CartLine.objects.all()] == [left]


def test_a_price_that_changes_its_currency_meanwhile_is_not_added_up(client: Client) -> None:
    make_product(skus=("VASE", "BOWL"), stock=9, price_minor=1000)
    put_into_cart(client, "VASE", 1)
    put_into_cart(client, "BOWL", 1)
    form = open_checkout(client) | ADDRESS
    Variant.objects.filter(sku="BOWL").update(currency="EUR")

    answer = client.post("/checkout/", form)

    assert answer.status_code == 409
    assert "One order for each currency" in text(answer.content.decode())
    assert not Order.objects.exists()


def test_the_api_refuses_both_in_one_order(mixed: Client) -> None:
    asked = {name: value for name, value in body().items() if name != "lines"}

    assert post(mixed, asked).json()["errors"] == {"lines": ["One order has one currency, not EUR, USD."]}
    assert CartLine.objects.count() == 2


@pytest.mark.parametrize("is_alone", [True, False])
def test_what_is_withdrawn_at_checkout_is_named(client: Client, is_alone: bool) -> None:
    make_product("Rust vase", skus=("VASE",), stock=9, price_minor=1000)
    make_product("Mug", skus=("MUG",), stock=9, price_minor=700)
    put_into_cart(client, "VASE", 1)
    if not is_alone:
        put_into_cart(client, "MUG", 1)
    form = open_checkout(client) | ADDRESS
    Product.objects.filter(name="Rust vase").update(is_active=False)

    pressed = client.post("/checkout/", form)
    opened = client.get("/checkout/")

    for answer in (pressed, opened):
        said = text(answer.content.decode())
        assert "Rust vase is no longer for sale." in said
        assert "Your cart is empty" not in said
    assert pressed.status_code == 409
    if not is_alone:
        assert hidden(pressed.content.decode())["lines"] == '{"MUG":1}'
    assert not Order.objects.exists()


def test_what_was_never_seen_is_not_named(client: Client) -> None:
    make_product("A secret", skus=("SECRET",), stock=9, is_active=False)

    answer = client.get("/checkout/?sku=SECRET")

    assert answer.status_code == 404
    assert "A secret" not in answer.content.decode()


@pytest.mark.parametrize("typed", ["vase-s", "ＶＡＳＥ-S", " VASE\u2011S "])
def test_a_sku_typed_in_another_way_is_found(client: Client, typed: str) -> None:
    make_product("Rust vase", skus=("VASE-S",), stock=9)

    assert '"VASE-S":1' in hidden(client.get("/checkout/", {"sku": typed}).content.decode())["lines"]
    assert client.post("/cart/lines/", {"sku": typed}).status_code == 302
    assert CartLine.objects.get().variant.sku == "VASE-S"
