"""Receipts and the state of refunds, on an order's pages."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from orders import access, aftersales, lifecycle
from orders.checkout import place_order
from orders.lifecycle import Event
from orders.models import ArchivedOrder, Order, Payment, Refund
from tests.support.archivable_orders import make_archived
from tests.support.buying import text
from tests.support.factories import make_product, make_request, make_user
from tests.support.sent_messages import a_payment, an_order, happens, is_paid

pytestmark = pytest.mark.django_db


def receipt(client: Client, order: Order, **query: str) -> str:
    answer = client.get(f"/orders/{order.pk}/receipt/", query, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain == [] or "access" in query
    return text(answer.content.decode())


def page(client: Client, order: Order) -> str:
    return text(client.get(f"/orders/{order.pk}/").content.decode())


def signed_in(client: Client) -> Order:
    buyer = make_user()
    client.force_login(buyer)
    return an_order(buyer=buyer, quantity=3)


def test_a_receipt_names_who_sold_what_to_whom_and_for_how_much(client: Client, settings: Settings) -> None:
    settings.SELLER_NAME, settings.SELLER_ADDRESS = "Clay and Sons", "1 Kiln Road | 110002 New Delhi"
    order = signed_in(client)
    payment = is_paid(order)

    words = receipt(client, order)

    assert f"Receipt {order.number} Clay and Sons 1 Kiln Road 110002 New Delhi" in words
    assert "Sold to A Guest 4 Example Lane New Delhi 110001 India" in words
    assert "Rust vase VASE 3 $86.00 $258.00" in words
    assert "Total $258.00" in words
    assert f"Sandbox {payment.ref} $258.00" in words
    assert "Back to you" not in words


def test_the_order_leads_to_its_receipt_once_it_is_paid(client: Client) -> None:
    order = signed_in(client)
    link = f'href="/orders/{order.pk}/receipt/"'

    assert link not in client.get(f"/orders/{order.pk}/").content.decode()
    assert client.get(f"/orders/{order.pk}/receipt/")["Location"] == f"/orders/{order.pk}/"
    is_paid(order)
    assert link in client.get(f"/orders/{order.pk}/").content.decode()


def test_money_that_went_back_is_on_the_receipt(client: Client) -> None:
    order = signed_in(client)
    is_paid(order)
    aftersales.refund(order.pk, actor="user:staff", lines={"VASE": 1})
    Refund.objects.update(state=Refund.State.DONE, done_at=timezone.now())

    words = receipt(client, order)

    assert "VASE · 1 paid back" in words
    assert "Back to you Paid back by the shop · Sent," in words
    assert "−$86.00 Paid in the end $172.00" in words


def test_a_cancelled_order_that_was_paid_keeps_its_receipt(client: Client) -> None:
    order = signed_in(client)
    is_paid(order)
    happens(order, Event.BUYER_CANCELS)

    assert "Paid in the end $0.00" in receipt(client, order)


def test_a_second_payment_and_its_way_back_are_both_there(client: Client) -> None:
    order = signed_in(client)
    is_paid(order)
    happens(order, Event.PAID, payment=a_payment(order))

    words = receipt(client, order)

    assert "Back to you Paid a second time · On its way −$258.00 Paid in the end $258.00" in words


def test_money_in_another_currency_is_shown_in_its_own_and_not_added_up(client: Client) -> None:
    order = signed_in(client)
    is_paid(order)
    wrong = a_payment(order)
    Payment.objects.filter(pk=wrong.pk).update(paid_minor=5000, paid_currency="EUR")
    Refund.objects.create(payment=wrong, amount_minor=5000, reason="wrong_money")

    words = receipt(client, order)

    assert "Back to you Not the amount of the order · On its way −€50.00 Paid in the end $258.00" in words
    assert "€50.00 is on its way back to you." in page(client, order)


def test_an_archived_order_has_its_receipt(client: Client) -> None:
    buyer = make_user()
    order = make_archived(("VASE", 2), buyer=buyer)
    assert ArchivedOrder.objects.filter(pk=order.pk).exists()
    assert not Order.objects.filter(pk=order.pk).exists()
    client.force_login(buyer)

    words = receipt(client, order)

    assert f"Receipt {order.number}" in words
    assert "VASE 2" in words


def test_a_guests_word_opens_the_receipt(client: Client) -> None:
    order = an_order()
    is_paid(order)

    assert f"Receipt {order.number}" in receipt(client, order, access=access.token(order))
    assert f"Receipt {order.number}" in receipt(client, order)


def test_somebody_elses_receipt_is_404(client: Client) -> None:
    order = an_order(buyer=make_user())
    is_paid(order)

    assert client.get(f"/orders/{order.pk}/receipt/").status_code == 404
    assert client.get(f"/orders/{order.pk}/receipt/?access=wrong").status_code == 404
    client.force_login(make_user())
    assert client.get(f"/orders/{order.pk}/receipt/").status_code == 404


def test_receipts_are_kept_out_of_caches(client: Client) -> None:
    order = signed_in(client)
    is_paid(order)

    assert "no-store" in client.get(f"/orders/{order.pk}/receipt/")["Cache-Control"]


def test_names_are_text(client: Client) -> None:
    order = signed_in(client)
    is_paid(order)
    Order.objects.update(name="<script>alert(1)</script>")

    assert "<script>alert(1)" not in client.get(f"/orders/{order.pk}/receipt/").content.decode()


def test_ten_lines_cost_no_more_queries_than_one(client: Client) -> None:
    buyer = make_user()
    client.force_login(buyer)
    skus = tuple(f"SKU-{number}" for number in range(10))
    make_product("Ten things", skus=skus, stock=50)
    counts = []
    for wanted in (skus[:1], skus):
        order = place_order(make_request(*[(sku, 1) for sku in wanted], buyer=buyer))
        is_paid(order)
        client.get(f"/orders/{order.pk}/receipt/")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/orders/{order.pk}/receipt/")
        counts.append(len(queries))

    assert counts[0] == counts[1]


# --- refunds on the order's page ---


@pytest.mark.parametrize(
    ("state", "name", "sentence"),
    [
        ("pending", "On its way", "$86.00 is on its way back to you."),
        ("done", "Sent", "$86.00 was sent back to you."),
        ("failed", "Owed to you", "$86.00 is owed to you. It could not be sent yet, and we are seeing to it."),
    ],
)
def test_the_order_says_how_far_a_refund_has_come(client: Client, state: str, name: str, sentence: str) -> None:
    order = signed_in(client)
    is_paid(order)
    aftersales.refund(order.pk, actor="user:staff", lines={"VASE": 1})
    Refund.objects.update(state=state, done_at=timezone.now() if state == "done" else None)

    words = page(client, order)

    assert f"Money back $86.00 Paid back by the shop {name}" in words
    assert sentence in words
    assert "3 at $86.00 · 1 paid back" in words


def test_units_that_came_back_stand_on_their_line(client: Client) -> None:
    order = signed_in(client)
    is_paid(order)
    lifecycle.ship(order.pk, actor="user:staff")
    aftersales.refund(order.pk, actor="user:staff", lines={"VASE": 2}, restock=True)

    assert "2 paid back · 2 came back to us" in page(client, order)


def test_money_that_came_too_late_says_why_it_goes_back(client: Client) -> None:
    order = signed_in(client)
    happens(order, Event.BUYER_CANCELS)
    is_paid(order)

    assert "Money back $258.00 Paid too late On its way" in page(client, order)


def test_an_order_without_refunds_speaks_of_none(client: Client) -> None:
    order = signed_in(client)
    is_paid(order)

    assert "Money back" not in page(client, order)


def test_cancelling_after_a_refund_promises_only_what_is_left(client: Client) -> None:
    order = signed_in(client)
    is_paid(order)
    aftersales.refund(order.pk, actor="user:staff", lines={"VASE": 1})

    assert "and $172.00 goes back to you." in page(client, order)
