"""The admin's page for refunds and returns."""

import json
from dataclasses import asdict

import pytest
from django.test import Client
from django.urls import reverse

from inventory.models import StockItem
from orders import aftersales, lifecycle, payments
from orders.checkout import place_order
from orders.models import Order, Payment, Refund
from orders.providers import Fetched
from shop.models import AuditEntry
from tests.support import invariants
from tests.support.factories import make_product, make_request, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_user("admin@example.com", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def sent() -> Order:
    make_product("Vase", skus=("VASE",), price_minor=8600, stock=5)
    order = place_order(make_request(("VASE", 2)))
    payment = payments.open_payment(order)
    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, payment.amount_minor, payment.currency))
    return lifecycle.ship(order.pk, actor="user:staff")


def page(order: Order) -> str:
    return f"{reverse('admin:orders_order_changelist')}{order.pk}/refund/"


def form(order: Order, units: int, what: str, reason: str = "cracked") -> dict[str, object]:
    seen = json.dumps(asdict(aftersales.look(order)))
    return {f"units_{order.lines.get().pk}": units, "what": what, "reason": reason, "seen": seen}


def test_money_and_units_go_back_together(staff: Client, sent: Order) -> None:
    answer = staff.post(page(sent), form(sent, 1, "both"), follow=True)

    assert b"What is owed is sent within seconds" in answer.content
    assert Refund.objects.get().amount_minor == 8600
    assert StockItem.objects.get().on_hand == 4
    entry = AuditEntry.objects.filter(subject=sent.holder, action="refunded").get()
    assert entry.reason == "cracked"
    assert entry.actor.startswith("user:")
    invariants.check()


def test_units_alone_can_come_back(staff: Client, sent: Order) -> None:
    staff.post(page(sent), form(sent, 2, "units"))

    assert not Refund.objects.exists()
    assert StockItem.objects.get().on_hand == 5
    invariants.check()


@pytest.mark.parametrize(
    ("units", "what", "reason"), [(0, "money", "why"), (3, "money", "why"), (1, "gift", "why"), (1, "money", "")]
)
def test_nonsense_is_said_and_changes_nothing(staff: Client, sent: Order, units: int, what: str, reason: str) -> None:
    answer = staff.post(page(sent), form(sent, units, what, reason))

    assert answer.status_code == 422
    assert not Refund.objects.exists()


def test_more_than_is_left_is_said_at_the_form(staff: Client, sent: Order) -> None:
    staff.post(page(sent), form(sent, 2, "money"))

    answer = staff.post(page(sent), form(sent, 1, "money"))

    assert answer.status_code == 422
    assert b"VASE: only 0 left." in answer.content
    assert Refund.objects.count() == 1


def test_an_unpaid_order_has_no_such_page(staff: Client) -> None:
    make_product(skus=("BOWL",), stock=1)
    order = place_order(make_request(("BOWL", 1)))

    assert staff.get(page(order)).status_code == 403


def test_the_page_is_for_staff(client: Client, sent: Order) -> None:
    assert client.get(page(sent)).status_code == 302
    client.force_login(make_user(is_staff=True))
    assert client.get(page(sent)).status_code == 403
