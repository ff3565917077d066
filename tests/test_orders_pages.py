"""The way to the provider, an order's states, the list and the bar of unpaid orders, cancelling: without script."""

import html
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import StockItem
from orders import access, checkout, expiry, lifecycle, payment_follow_up, payments
from orders.exceptions import ProviderAway
from orders.models import Order, Payment, ProviderEvent, SandboxPayment
from orders.providers.sandbox import Sandbox
from shop.models import User, Variant
from tests.support import invariants
from tests.support.buying import hidden, order_by_page, pay, text
from tests.support.factories import make_product, make_request, make_user

pytestmark = pytest.mark.django_db


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
    assert set(re.findall(r'<input[^>]*name="(\w+)"', page)) == {"csrfmiddlewaretoken", "switches", "late_s"}
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
    payment_follow_up.send_refunds()
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
