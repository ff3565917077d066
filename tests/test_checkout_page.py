"""Checkout, without script: what is ordered, what is refused, and that nothing entered is lost."""

import html
import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from inventory.exceptions import StockBusy
from inventory.models import StockItem, Zone
from orders import checkout
from orders.exceptions import IdempotencyInProgress
from orders.models import Order
from shop.models import CartLine, Product
from shop.people import addresses
from tests.support import invariants
from tests.support.buying import ADDRESS, hidden, open_checkout, order_by_page, put_into_cart, text
from tests.support.factories import make_product, make_request, make_user
from tests.support.markup import flat

pytestmark = pytest.mark.django_db


def test_a_guest_orders_one_thing_and_is_sent_to_pay(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), price_minor=8600, stock=5)

    form = open_checkout(client, sku="VASE", quantity=2, session="demo-live")
    answer = client.post("/checkout/", form | ADDRESS)

    order = Order.objects.get()
    assert answer["Location"] == f"/orders/{order.id}/pay/"
    assert (order.state, order.total_minor, order.session, order.buyer) == ("created", 17200, "demo-live", None)
    assert (order.email, order.postal_code) == ("guest@example.com", "110001")
    assert StockItem.objects.get().held == 2


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/checkout/?sku=%00", 404),
        ("/checkout/delivery/?sku=%00&country=IN&postal_code=110001", 200),
        ("/checkout/delivery/?sku=VASE&country=%00%00&postal_code=AB12", 200),
    ],
)
def test_text_that_no_database_takes_is_nothing_for_sale(client: Client, address: str, status: int) -> None:
    make_product(skus=("VASE",), stock=5)

    assert client.get(address).status_code == status


def test_lines_that_no_database_takes_are_out_of_date(client: Client) -> None:
    form = {"lines": json.dumps({"\0": 1}), "total_minor": "1"}

    assert client.post("/checkout/", form | ADDRESS).status_code < 500


def test_a_quantity_of_any_length_is_a_quantity(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)

    assert client.get("/checkout/", {"sku": "VASE", "quantity": "9" * 5000}).status_code == 200


def test_the_cart_is_ordered_and_only_then_emptied(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), stock=5)
    make_product("Mug", skus=("MUG",), stock=5)
    put_into_cart(client, "VASE", 2)
    put_into_cart(client, "MUG", 1)

    form = open_checkout(client)
    client.post("/checkout/", form | ADDRESS | {"postal_code": "1"})
    assert CartLine.objects.count() == 2
    client.post("/checkout/", form | ADDRESS)

    assert {line.sku: line.quantity for line in Order.objects.get().lines.all()} == {"VASE": 2, "MUG": 1}
    assert not CartLine.objects.exists()


def test_what_was_put_into_the_cart_meanwhile_is_not_ordered_and_stays(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    make_product(skus=("MUG",), stock=5)
    put_into_cart(client, "VASE", 1)
    form = open_checkout(client)
    put_into_cart(client, "MUG", 3)

    client.post("/checkout/", form | ADDRESS)

    assert [line.sku for line in Order.objects.get().lines.all()] == ["VASE"]
    assert [line.variant.sku for line in CartLine.objects.all()] == ["MUG"]


def test_buying_one_thing_directly_leaves_the_cart_alone(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    put_into_cart(client, "VASE", 1)

    order_by_page(client, sku="VASE")

    assert CartLine.objects.count() == 1


def test_an_empty_cart_says_so_and_shows_the_way(client: Client) -> None:
    page = client.get("/checkout/").content.decode()

    assert "Your cart is empty." in text(page)
    assert 'href="/shop/"' in page


def test_what_is_not_sold_is_404_and_what_is_sold_out_says_so(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), stock=0)

    assert client.get("/checkout/?sku=NOTHING").status_code == 404
    assert "Sold out Rust vase was taken" in text(client.get("/checkout/?sku=VASE").content.decode())


def test_what_is_left_is_offered_before_anything_is_entered(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), price_minor=1000, stock=2)
    make_product("Mug", skus=("MUG",), price_minor=500, stock=1)
    put_into_cart(client, "VASE", 4)
    put_into_cart(client, "MUG", 1)
    checkout.place_order(make_request(("MUG", 1)))

    page = client.get("/checkout/").content.decode()

    assert "Rust vase: only 2 left. Mug is sold out." in text(page)
    assert hidden(page)["lines"] == '{"VASE":2}'
    assert "Pay $20.00" in text(page)


def test_a_double_click_makes_one_order(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    form = open_checkout(client, sku="VASE") | ADDRESS

    answers = [client.post("/checkout/", form) for _ in range(2)]

    assert [answer["Location"] for answer in answers] == [f"/orders/{Order.objects.get().id}/pay/"] * 2
    assert StockItem.objects.get().held == 1


def test_the_same_page_sent_again_with_another_address_asks_first(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    form = open_checkout(client, sku="VASE") | ADDRESS
    client.post("/checkout/", form)

    answer = client.post("/checkout/", form | {"line1": "5 Example Lane"})
    again = hidden(answer.content.decode())
    assert answer.status_code == 409
    assert "You already ordered from this page." in text(answer.content.decode())
    assert Order.objects.count() == 1

    client.post("/checkout/", again | ADDRESS | {"line1": "5 Example Lane"})
    assert Order.objects.count() == 2


def test_while_the_first_click_still_runs_the_page_tries_again_by_itself(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_product(skus=("VASE",), stock=5)
    form = open_checkout(client, sku="VASE") | ADDRESS

    def still_running(*args: object, **kwargs: object) -> Order:
        raise IdempotencyInProgress

    monkeypatch.setattr(checkout, "place_order", still_running)
    answer = client.post("/checkout/", form)

    assert answer.status_code == 409
    assert " data-retry" in answer.content.decode()
    assert hidden(answer.content.decode())["key"] == form["key"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "not an address", "Enter a valid email address."),
        ("name", "", "Please fill this in."),
        ("postal_code", "11000", "5 digits; codes in India have six."),
        ("postal_code", "11000A", "Codes in India have six digits."),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_entered_is_lost(
    client: Client, field: str, value: str, words: str
) -> None:
    make_product(skus=("VASE",), stock=5)
    form = open_checkout(client, sku="VASE", quantity=2)

    answer = client.post("/checkout/", form | ADDRESS | {field: value})

    page = flat(answer.content.decode())
    assert answer.status_code == 400
    assert re.search(rf'data-field="{field}">((?!data-field).)*{re.escape(words)}', page)
    for name, kept in (ADDRESS | {field: value}).items():
        assert name == "country" or not kept or f'value="{html.escape(kept)}"' in page
    assert hidden(page)["lines"] == '{"VASE":2}'
    assert not Order.objects.exists()


def test_a_postal_code_that_nobody_serves_is_an_error_beside_the_field(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    form = open_checkout(client, sku="VASE")
    Zone.objects.update(postal_prefix="11")
    answer = client.post("/checkout/", form | ADDRESS | {"postal_code": "560001"})

    page = flat(answer.content.decode())
    assert answer.status_code == 400
    assert re.search(r'data-field="postal_code">((?!data-field).)*send anything to this postal code yet', page)
    assert not Order.objects.exists()


def test_every_short_line_is_named_and_what_is_left_can_be_taken(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), price_minor=1000, stock=5)
    make_product("Mug", skus=("MUG",), price_minor=500, stock=5)
    for sku in ("VASE", "MUG"):
        put_into_cart(client, sku, 4)
    form = open_checkout(client) | ADDRESS
    checkout.place_order(make_request(("VASE", 3), ("MUG", 5)))

    answer = client.post("/checkout/", form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Rust vase 2 left, you asked for 4" in text(page)
    assert "Mug sold out" in text(page)
    assert "Take what is left, $20.00" in text(page)
    assert 'value="4 Example Lane"' in page
    assert Order.objects.count() == 1

    client.post("/checkout/", hidden(page) | ADDRESS | {"take_left": "1"})
    order = Order.objects.exclude(total_minor=5500).get()
    assert {line.sku: line.quantity for line in order.lines.all()} == {"VASE": 2}
    invariants.check()


def test_a_price_that_changed_is_shown_before_it_is_paid(client: Client) -> None:
    product = make_product(skus=("VASE",), price_minor=1000, stock=5)
    form = open_checkout(client, sku="VASE") | ADDRESS
    product.variants.update(price_minor=1200)

    answer = client.post("/checkout/", form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Pay $12.00" in text(page)
    assert not Order.objects.exists()

    client.post("/checkout/", hidden(page) | ADDRESS)
    assert Order.objects.get().total_minor == 1200


def test_what_is_no_longer_sold_is_left_out_before_it_is_paid(client: Client) -> None:
    make_product(skus=("VASE",), price_minor=1000, stock=5)
    make_product(skus=("MUG",), price_minor=500, stock=5)
    for sku in ("VASE", "MUG"):
        put_into_cart(client, sku, 1)
    form = open_checkout(client) | ADDRESS
    Product.objects.filter(variants__sku="MUG").update(is_active=False)

    answer = client.post("/checkout/", form)

    assert answer.status_code == 409
    assert "Pay $10.00" in text(answer.content.decode())


def test_a_cap_is_explained(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), stock=9, cap_per_buyer=2)
    order_by_page(client, quantity=2)

    answer = client.post("/checkout/", open_checkout(client, sku="VASE") | ADDRESS)

    assert answer.status_code == 409
    said = text(answer.content.decode())
    assert "One person can have 2 of Rust vase. Sign in with an address that you have confirmed" in said


def test_a_rush_too_busy_keeps_everything_entered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_product(skus=("VASE",), stock=5)
    form = open_checkout(client, sku="VASE") | ADDRESS

    def busy(*args: object, **kwargs: object) -> Order:
        raise StockBusy

    monkeypatch.setattr(checkout, "place_order", busy)
    answer = client.post("/checkout/", form)

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert 'value="4 Example Lane"' in answer.content.decode()


def test_too_many_orders_of_one_buyer_are_told_to_wait(client: Client, settings: Settings) -> None:
    settings.ORDERS_PER_MINUTE_BUYER = 2
    make_product(skus=("VASE",), stock=9)
    for _ in range(2):
        order_by_page(client)

    answer = client.post("/checkout/", open_checkout(client, sku="VASE") | ADDRESS)

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 30
    assert Order.objects.count() == 2


def test_the_button_pressed_twice_leads_to_the_same_order_over_any_limit(client: Client, settings: Settings) -> None:
    settings.ORDERS_PER_MINUTE_BUYER = 1
    make_product(skus=("VASE",), stock=9)
    form = open_checkout(client, sku="VASE") | ADDRESS

    first, again = client.post("/checkout/", form), client.post("/checkout/", form)

    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert client.post("/checkout/", open_checkout(client, sku="VASE") | ADDRESS).status_code == 429


def test_lines_that_make_no_sense_lead_back_to_the_cart(client: Client) -> None:
    for lines in ("nonsense", "[]", '{"VASE":-1}', '{"VASE":"2"}', '{"VASE":true}', ""):
        answer = client.post("/checkout/", ADDRESS | {"lines": lines, "total_minor": "1"})
        assert answer["Location"] == "/checkout/"


def test_a_signed_in_person_need_not_type_the_address_again(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    user = make_user("buyer@example.com")
    addresses.remember(user, name="Old", line1="1 Old Lane", city="Delhi", postal_code="110002", country="IN")
    client.force_login(user)

    page = client.get("/checkout/?sku=VASE").content.decode()
    assert 'value="buyer@example.com"' in page
    assert 'value="1 Old Lane"' in page
    order = order_by_page(client)

    assert order.buyer == user
    newest = addresses.find_newest(user)
    assert newest is not None
    assert newest.line1 == "4 Example Lane"
    order_by_page(client)
    assert user.addresses.count() == 2


def test_the_delivery_day_follows_the_postal_code(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)

    good = client.get("/checkout/delivery/?sku=VASE&postal_code=110001&country=IN").json()
    bad = client.get("/checkout/delivery/?sku=VASE&postal_code=11&country=IN").json()

    assert good["error"] == ""
    assert re.search(r"\w+day \d+ \w+", good["html"])
    assert bad["error"] == "2 digits; codes in India have six."


def test_checkout_asks_no_more_of_the_database_for_ten_things_than_for_one(client: Client) -> None:
    counts = []
    for number in range(10):
        make_product(skus=(f"THING-{number}",), stock=5)
        put_into_cart(client, f"THING-{number}", 1)
        if number in {0, 9}:
            with CaptureQueriesContext(connection) as queries:
                client.get("/checkout/")
            counts.append(len(queries))

    assert counts[0] == counts[1]
