"""Refunds of one click, or of two colleagues: one of each."""

import threading

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from inventory import attempts
from orders import lifecycle, payments
from orders.checkout import place_order
from orders.models import Order, Payment, Refund
from orders.providers import Fetched
from shop.models import AuditEntry
from tests.support import invariants
from tests.support.concurrency import together
from tests.support.factories import make_product, make_request
from tests.support.sent_forms import hidden, said, staff


def sent(units: int = 2) -> Order:
    """Return an order of vases at 86 that was paid and sent."""
    make_product("Vase", skus=("VASE",), price_minor=8600, stock=50)
    order = place_order(make_request(("VASE", units)))
    payment = payments.open_payment(order)
    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, payment.amount_minor, payment.currency))
    return lifecycle.ship(order.pk, actor="user:staff")


def refund_page(order: Order) -> str:
    return reverse("admin:orders_order_refund", args=[order.pk])


def refund(client: Client, order: Order, units: int = 1) -> dict[str, object]:
    """Open the page of refunds; return what pressing its button sends."""
    page = client.get(refund_page(order))
    return {
        **hidden(page, 'name="seen"'),
        f"units_{order.lines.get().pk}": units,
        "what": "money",
        "reason": "cracked glaze",
    }


def without_keys(patch: pytest.MonkeyPatch, barrier: threading.Barrier | None = None) -> None:
    """The guard taken away: nobody knows what was sent before."""

    def claim(key: str) -> bool:
        if barrier:
            barrier.wait()
        return True

    patch.setattr(attempts, "_claim", claim)


@pytest.fixture
def order(transactional_db: None) -> Order:
    return sent()


def test_a_double_click_pays_back_once_and_shows_the_same(order: Order) -> None:
    client = staff()
    form = refund(client, order)

    first = client.post(refund_page(order), form)
    assert said(client, first["Location"]) == ["Done. What is owed is sent within seconds."]
    second = client.post(refund_page(order), form)

    assert second["Location"] == first["Location"]
    assert said(client, second["Location"]) == ["Done. What is owed is sent within seconds."]
    assert Refund.objects.get().amount_minor == 8600
    assert AuditEntry.objects.filter(action="refunded").count() == 1
    invariants.check()


def double_click(order: Order) -> list[HttpResponse]:
    client = staff()
    form = refund(client, order)
    cookies = client.cookies

    def press() -> HttpResponse:
        again = Client()
        again.cookies = cookies
        return again.post(refund_page(order), form)

    return together([press, press, press])


def test_control_three_clicks_at_once_pay_thrice_without_key_and_look(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orders import aftersales

    Order.objects.get().lines.update(quantity=5)
    Payment.objects.update(amount_minor=43000, paid_minor=43000)
    without_keys(monkeypatch, threading.Barrier(3, timeout=30))
    monkeypatch.setattr(aftersales, "_lock", lambda order_id, seen: aftersales.locks.lock_order(order_id))

    double_click(order)

    assert Refund.objects.count() == 3


def test_three_clicks_at_once_pay_back_once(order: Order) -> None:
    answers = double_click(order)

    assert {answer.status_code for answer in answers} == {302}
    assert Refund.objects.get().amount_minor == 8600
    invariants.check()


def test_the_second_of_two_colleagues_hears_what_changed_and_loses_nothing(order: Order) -> None:
    first, second = staff(), staff("colleague@example.com")
    forms = refund(first, order), refund(second, order)
    first.post(refund_page(order), forms[0])

    answer = second.post(refund_page(order), forms[1])

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "VASE: 1 paid back, 0 when you looked." in page
    assert "cracked glaze" in page
    assert 'value="1"' in page
    assert Refund.objects.count() == 1
    # and once more, if it is still right
    again = {**forms[1], **hidden(answer, 'name="seen"')}
    assert second.post(refund_page(order), again).status_code == 302
    assert Refund.objects.count() == 2
    invariants.check()


def test_two_colleagues_at_once_pay_back_once(order: Order) -> None:
    presses = []
    for email in ("one@example.com", "two@example.com"):
        client = staff(email)
        form = refund(client, order)
        presses.append(lambda client=client, form=form: client.post(refund_page(order), form))

    answers = together(presses)

    assert sorted(answer.status_code for answer in answers) == [302, 422]
    assert Refund.objects.count() == 1


def test_control_two_colleagues_at_once_pay_twice_when_nobody_looks(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orders import aftersales

    monkeypatch.setattr(aftersales, "_lock", lambda order_id, seen: aftersales.locks.lock_order(order_id))

    colleagues = [staff("one@example.com"), staff("two@example.com")]
    forms = [refund(client, order) for client in colleagues]
    for client, form in zip(colleagues, forms, strict=True):
        assert client.post(refund_page(order), form).status_code == 302

    assert Refund.objects.count() == 2


def test_a_page_of_an_order_that_went_on_says_its_state(order: Order) -> None:
    client = staff()
    form = refund(client, order)
    lifecycle.deliver(order.pk, actor="user:colleague")

    answer = client.post(refund_page(order), form)

    assert "It is: Delivered." in answer.content.decode()
    assert not Refund.objects.exists()


def test_a_refund_that_does_not_say_what_it_saw_is_refused(order: Order) -> None:
    client = staff()
    form = refund(client, order)
    for seen in ("", "[]", '{"state": "in_transit"}', '{"state": 1, "paid_back": [], "taken_back": 0}'):
        assert client.post(refund_page(order), {**form, "seen": seen}).status_code == 422
    assert not Refund.objects.exists()
