"""Jobs that follow payments up, several at once: each payment is asked about once, and each refund sent once."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models.functions import Now

from orders import lifecycle, payment_follow_up, payments
from orders.models import Order, Payment, Refund, SandboxPayment
from orders.providers import sandbox
from orders.providers.sandbox import Switch
from tests.support import invariants
from tests.support.factories import make_product
from tests.support.paying import answer, opened, race, webhooks_at_once

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def vases() -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=5)


def jobs_at_once(monkeypatch: pytest.MonkeyPatch, job: Callable[[], int], method: str) -> Counter[str]:
    """Run a job four times at once; return how often the provider was asked about each payment."""
    asked: Counter[str] = Counter()
    guard = threading.Lock()
    real = getattr(sandbox.Sandbox, method)

    def count(self: sandbox.Sandbox, ref: str, **more: object) -> object:
        with guard:
            asked[ref] += 1
        return real(self, ref, **more)

    monkeypatch.setattr(sandbox.Sandbox, method, count)
    race(*[job] * 4)
    return asked


def five_paid() -> list[Payment]:
    paid = [opened()[1] for _ in range(5)]
    for payment in paid:
        answer(payment, Switch.NEVER)
    Payment.objects.update(next_look_at=Now())
    return paid


def take_picks_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every job take what it has read, once all four have read it."""
    barrier = threading.Barrier(4, timeout=30)
    first = threading.local()

    def pick(row: object) -> bool:
        if not getattr(first, "has_waited", False):
            first.has_waited = True
            barrier.wait()
        return True

    for name in ("_pick_look", "_pick_refund"):
        monkeypatch.setattr(payment_follow_up, name, pick)


def test_control_pollers_without_picks_all_ask_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    five_paid()
    take_picks_away(monkeypatch)

    asked = jobs_at_once(monkeypatch, payment_follow_up.poll, "fetch")

    assert max(asked.values()) > 1


def test_pollers_at_once_ask_about_each_payment_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paid = five_paid()

    asked = jobs_at_once(monkeypatch, payment_follow_up.poll, "fetch")

    assert asked == {payment.ref: 1 for payment in paid}
    assert set(Order.objects.values_list("state", flat=True)) == {"placed"}
    invariants.check()


def five_owed() -> list[Payment]:
    paid = five_paid()
    payment_follow_up.poll()
    for order in Order.objects.all():
        lifecycle.cancel(order.pk, actor="user:1")
    return paid


def test_control_refunders_without_picks_all_send_the_same_and_the_provider_saves_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    five_owed()
    take_picks_away(monkeypatch)

    asked = jobs_at_once(monkeypatch, payment_follow_up.send_refunds, "refund")

    assert max(asked.values()) > 1
    assert set(SandboxPayment.objects.values_list("refunded_minor", flat=True)) == {8600}


def test_refunders_at_once_send_each_refund_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paid = five_owed()

    asked = jobs_at_once(monkeypatch, payment_follow_up.send_refunds, "refund")

    assert asked == {payment.ref: 1 for payment in paid}
    assert set(Refund.objects.values_list("state", flat=True)) == {"done"}
    invariants.check()


def test_no_provider_is_called_inside_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, bool]] = []

    def watch(method: str) -> None:
        real = getattr(sandbox.Sandbox, method)

        def call(self: sandbox.Sandbox, *given: object, **named: object) -> object:
            called.append((method, connection.in_atomic_block))
            return real(self, *given, **named)

        monkeypatch.setattr(sandbox.Sandbox, method, call)

    for method in ("open", "close", "fetch", "refund"):
        watch(method)

    order, payment = opened()
    answer(payment, Switch.NEVER)
    webhooks_at_once(payment, events=["evt_1"])
    payments.refresh(payment)
    late, late_payment = opened()
    answer(late_payment, Switch.AFTER_EXPIRY, Switch.NEVER)
    lifecycle.cancel(late.pk, actor="user:1")
    lifecycle.cancel(order.pk, actor="user:1")
    payment_follow_up.close_stale()
    payment_follow_up.send_refunds()
    Payment.objects.update(next_look_at=Now())
    payment_follow_up.poll()

    assert {method for method, _ in called} == {"open", "close", "fetch", "refund"}
    assert [method for method, was_inside in called if was_inside] == []
