"""The pages of buying, without script: checkout, the way to the provider, an order's states, the list, cancelling."""

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from inventory.exceptions import StockBusy
from inventory.models import StockItem, Zone
from orders import access, checkout, expiry, lifecycle, payments
from orders.exceptions import IdempotencyInProgress, ProviderAway
from orders.models import Order, Payment, ProviderEvent, SandboxPayment
from orders.providers.sandbox import Sandbox
from shop import addresses, cart
from shop.models import Cart, CartLine, Product, User, Variant
from tests import invariants
from tests.factories import make_product, make_request, make_user

pytestmark = pytest.mark.django_db

ADDRESS = {
    "email": "guest@example.com",
    "name": "A Guest",
    "line1": "4 Example Lane",
    "postal_code": "110001",
    "city": "New Delhi",
    "country": "IN",
}


def hidden(page: str) -> dict[str, str]:
    """Return what the page's forms carry without showing it."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def text(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def open_checkout(client: Client, **query: Any) -> dict[str, str]:
    answer = client.get("/checkout/", query)
    assert answer.status_code == 200
    return hidden(answer.content.decode())


def put_into_cart(client: Client, sku: str, quantity: int) -> None:
    session = client.session
    basket = cart.find_guest(session.get(cart.SESSION_KEY, "")) or Cart.objects.create()
    session[cart.SESSION_KEY] = str(basket.key)
    session.save()
    cart.set_line(basket, sku=sku, quantity=quantity)


def order_by_page(client: Client, *, sku: str = "VASE", quantity: int = 1, **changed: str) -> Order:
    answer = client.post("/checkout/", open_checkout(client, sku=sku, quantity=quantity) | ADDRESS | changed)
    assert answer.status_code == 302
    return Order.objects.get(pk=answer["Location"].split("/")[2])


def pay(client: Client, order: Order, choice: str) -> str:
    """Walk to the sandbox provider, choose, come back; return the order's page."""
    provider = client.get(f"/orders/{order.id}/pay/")["Location"]
    back = client.post(urlsplit(provider).path, {"choice": choice})["Location"]
    answer = client.get(back.removeprefix(configured.SITE_URL), follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


# --- Checkout --------------------------------------------------------------------------------------------


def test_a_guest_orders_one_thing_and_is_sent_to_pay(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), price_minor=8600, stock=5)

    form = open_checkout(client, sku="VASE", quantity=2, session="demo-live")
    answer = client.post("/checkout/", form | ADDRESS)

    order = Order.objects.get()
    assert answer["Location"] == f"/orders/{order.id}/pay/"
    assert (order.state, order.total_minor, order.session, order.buyer) == ("created", 17200, "demo-live", None)
    assert (order.email, order.postal_code) == ("guest@example.com", "110001")
    assert StockItem.objects.get().held == 2


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

    page = answer.content.decode()
    assert answer.status_code == 400
    assert re.search(rf'data-field="{field}">.*?{re.escape(words)}', page)
    for name, kept in (ADDRESS | {field: value}).items():
        assert name == "country" or not kept or f'value="{html.escape(kept)}"' in page
    assert hidden(page)["lines"] == '{"VASE":2}'
    assert not Order.objects.exists()


def test_a_postal_code_that_nobody_serves_is_an_error_beside_the_field(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    form = open_checkout(client, sku="VASE")
    Zone.objects.update(postal_prefix="11")
    answer = client.post("/checkout/", form | ADDRESS | {"postal_code": "560001"})

    page = answer.content.decode()
    assert answer.status_code == 400
    assert re.search(r'data-field="postal_code">.*?send anything to this postal code yet', page)
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
    assert "One person can have 2 of Rust vase. You have 2 already." in text(answer.content.decode())


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


# --- Paying ----------------------------------------------------------------------------------------------


def test_going_to_pay_opens_one_payment_and_leads_to_the_provider(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    order = order_by_page(client)

    there = [client.get(f"/orders/{order.id}/pay/")["Location"] for _ in range(2)]

    payment = Payment.objects.get()
    assert there == [f"{configured.SITE_URL}/sandbox-pay/{payment.ref}/"] * 2
    assert SandboxPayment.objects.count() == 1


def test_a_provider_that_does_not_answer_is_said_and_the_units_stay_held(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_product(skus=("VASE",), stock=5)
    order = order_by_page(client)

    def away(*args: object, **kwargs: object) -> None:
        raise ProviderAway("timed out")

    monkeypatch.setattr(Sandbox, "open", away)
    answer = client.get(f"/orders/{order.id}/pay/")

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "You have paid nothing yet, and your things stay held for you." in text(answer.content.decode())
    assert f'href="/orders/{order.id}/pay/"' in answer.content.decode()
    assert StockItem.objects.get().held == 1
    monkeypatch.undo()
    assert client.get(f"/orders/{order.id}/pay/").status_code == 302


def test_an_approved_payment_shows_as_paid_even_before_its_webhook(client: Client) -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=5)
    order = order_by_page(client)

    page = pay(client, order, "approve")

    assert "Thank you, it is yours" in text(page)
    assert "Paid $86.00" in text(page)
    assert not ProviderEvent.objects.exists()
    item = StockItem.objects.get()
    assert (item.held, item.committed) == (0, 1)
    invariants.check()


def test_a_declined_payment_gives_the_units_back_and_offers_the_same_again(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    order = order_by_page(client, quantity=2)

    page = pay(client, order, "decline")

    assert "The payment was declined The things went back to the shelf. You paid nothing." in text(page)
    assert StockItem.objects.get().available == 5
    again = client.get(f"/checkout/?again={order.id}").content.decode()
    assert hidden(again)["lines"] == '{"VASE":2}'
    assert 'value="4 Example Lane"' in again


def test_walking_away_leaves_the_order_held_and_in_sight(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    order = order_by_page(client)
    provider = client.get(f"/orders/{order.id}/pay/")["Location"]
    page = client.get(urlsplit(provider).path).content.decode()

    back = re.search(r'<a class="sbx__back" href="([^"]+)"', page)
    assert back is not None
    page = client.get(html.unescape(back[1]).removeprefix(configured.SITE_URL), follow=True).content.decode()

    assert "Held for you" in text(page)
    assert re.search(r"[45]:\d\d", text(page))
    assert f'href="/orders/{order.id}/pay/"' in page


def test_the_sandbox_page_says_what_it_is_and_takes_no_card(client: Client) -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=5)
    payment = payments.open_payment(order_by_page(client))

    page = client.get(f"/sandbox-pay/{payment.ref}/").content.decode()

    assert "Sandbox provider Test" in text(page)
    assert "$86.00" in text(page)
    assert set(re.findall(r'<input[^>]*name="(\w+)"', page)) == {"csrfmiddlewaretoken"}
    assert client.get("/sandbox-pay/nothing/").status_code == 404


def test_a_payment_is_answered_once(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    order = order_by_page(client)
    pay(client, order, "approve")
    ref = Payment.objects.get().ref

    client.post(f"/sandbox-pay/{ref}/", {"choice": "decline"})

    assert SandboxPayment.objects.get().state == "succeeded"
    assert "This payment was approved." in text(client.get(f"/sandbox-pay/{ref}/").content.decode())


def test_a_paid_order_is_not_paid_again(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    order = order_by_page(client)
    pay(client, order, "approve")

    assert client.get(f"/orders/{order.id}/pay/")["Location"] == f"/orders/{order.id}/"


# --- An order's page -------------------------------------------------------------------------------------


def test_an_expired_order_says_what_became_of_things_and_money(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    order = order_by_page(client)
    Order.objects.update(expires_at=timezone.now() - timedelta(seconds=5))

    page = text(client.get(f"/orders/{order.id}/").content.decode())
    assert "The time is up" in page
    Order.objects.update(expires_at=timezone.now() - timedelta(seconds=60))
    expiry.sweep()

    page = text(client.get(f"/orders/{order.id}/").content.decode())
    assert "The time ran out The things went back to the shelf. You paid nothing." in page
    assert "Order it again" in page


def test_cancelling_gives_units_back_and_says_that_money_follows(client: Client) -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=5)
    order = order_by_page(client)
    pay(client, order, "approve")

    answer = client.post(f"/orders/{order.id}/cancel/", follow=True)

    page = text(answer.content.decode())
    assert "You cancelled this order The things went back to the shelf. $86.00 is on its way back to you." in page
    assert StockItem.objects.get().available == 5
    payments.send_refunds()
    assert "$86.00 was sent back to you." in text(client.get(f"/orders/{order.id}/").content.decode())
    invariants.check()


def test_what_was_sent_can_not_be_cancelled(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    order = order_by_page(client)
    pay(client, order, "approve")
    lifecycle.ship(order.id, actor="user:1")

    page = client.get(f"/orders/{order.id}/").content.decode()
    assert "/cancel/" not in page
    assert "The parcel has left us." in text(page)
    answer = client.post(f"/orders/{order.id}/cancel/", follow=True)

    assert "can't be cancelled any more" in text(answer.content.decode())
    assert Order.objects.get().state == "in_transit"


def test_cancelling_is_never_a_get(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    order = order_by_page(client)

    assert client.get(f"/orders/{order.id}/cancel/").status_code == 405
    assert Order.objects.get().state == "created"


@pytest.mark.parametrize("suffix", ["", "pay/", "cancel/"])
def test_somebody_elses_order_is_404(client: Client, suffix: str) -> None:
    make_product(skus=("VASE",), stock=5)
    owner, stranger = make_user(), make_user()
    order = checkout.place_order(make_request(("VASE", 1), buyer=owner))
    act = client.post if suffix == "cancel/" else client.get

    assert act(f"/orders/{order.id}/{suffix}").status_code == 404
    assert act(f"/orders/{order.id}/{suffix}?access=wrong").status_code == 404
    client.force_login(stranger)
    assert act(f"/orders/{order.id}/{suffix}").status_code == 404
    assert Order.objects.get().state == "created"
    assert not Payment.objects.exists()


def test_a_guests_word_opens_the_order_in_another_browser(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    order = checkout.place_order(make_request(("VASE", 1)))

    answer = client.get(f"/orders/{order.id}/?access={access.token(order)}")

    assert answer["Location"] == f"/orders/{order.id}/"
    assert client.get(answer["Location"]).status_code == 200
    assert order.number in text(client.get("/orders/").content.decode())


def test_pages_of_orders_are_kept_out_of_caches(client: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    order = order_by_page(client)

    for address in ("/checkout/?sku=VASE", "/orders/", f"/orders/{order.id}/"):
        assert "no-store" in client.get(address)["Cache-Control"]


# --- The list, and the bar -------------------------------------------------------------------------------


def place_for(user: User, sku: str) -> Order:
    make_product(f"Thing {sku}", skus=(sku,), stock=5)
    return checkout.place_order(make_request((sku, 1), buyer=user))


def test_the_list_shows_ones_own_orders_with_their_states_in_words(client: Client) -> None:
    user = make_user()
    paid, lost = place_for(user, "PAID"), place_for(user, "LOST")
    theirs = place_for(make_user(), "THEIRS")
    Order.objects.filter(pk=paid.pk).update(state="placed", created_at=timezone.now() - timedelta(days=1))
    lifecycle.cancel(lost.pk, actor="user:1")
    client.force_login(user)

    page = text(client.get("/orders/").content.decode())

    assert re.search(rf"Thing LOST {lost.number} .*? Cancelled Thing PAID {paid.number} .*? Paid", page)
    assert theirs.number not in page


def test_a_list_without_orders_shows_the_way(client: Client) -> None:
    page = client.get("/orders/").content.decode()

    assert "Nothing was ordered in this browser yet." in text(page)
    assert 'href="/shop/"' in page


@pytest.mark.parametrize("address", ["/orders/", "/cart/"])
def test_ten_orders_cost_no_more_queries_than_one(client: Client, address: str) -> None:
    user = make_user()
    client.force_login(user)
    counts = []
    for number in range(10):
        place_for(user, f"THING-{number}")
        if number in {0, 9}:
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            counts.append(len(queries))

    assert counts[0] == counts[1]


def test_an_unpaid_order_stays_in_sight_on_every_page(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), price_minor=8600, stock=5)
    order = order_by_page(client)

    page = client.get("/cart/").content.decode()
    assert f'data-unpaid-order="{order.id}"' in page
    assert f"{order.number} $86.00 Pay" in text(page)
    assert f'data-unpaid-order="{order.id}"' not in client.get(f"/orders/{order.id}/").content.decode()
    assert f'data-unpaid-order="{order.id}"' not in Client().get("/cart/").content.decode()

    pay(client, order, "approve")
    assert "data-unpaid" not in client.get("/cart/").content.decode()


def test_a_passer_by_costs_no_query_for_the_bar(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.get("/cart/")

    assert not [query for query in queries if "orders_order" in query["sql"]]


def test_a_variant_that_was_removed_leaves_the_order_readable(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), stock=5)
    order = order_by_page(client)
    Variant.objects.all().delete()

    assert "Rust vase" in text(client.get(f"/orders/{order.id}/").content.decode())
    assert "Rust vase" in text(client.get("/orders/").content.decode())
