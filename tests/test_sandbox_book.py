"""What the sandbox keeps: refunds by their key, answers, and webhooks until they were taken."""

import threading

import pytest
import requests
from django.db.models.functions import Now

from orders import lifecycle, payments
from orders.models import Order, Refund, SandboxPayment, SandboxRefund, SandboxWebhook
from orders.providers import get_provider, sandbox
from orders.providers.sandbox import Switch
from tests import invariants
from tests.factories import make_product
from tests.paying import answer, deliver, opened, pass_time
from tests.rush import together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def vases() -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=5)


def state(order: Order) -> tuple[str, str]:
    order.refresh_from_db()
    return order.state, order.cancel_reason


def test_a_refund_with_the_same_key_is_made_once() -> None:
    _, payment = opened(2)
    answer(payment)
    provider = get_provider("sandbox")

    results = [provider.refund(payment.ref, key="one", amount_minor=8600, currency="USD") for _ in range(3)]

    assert {result.state for result in results} == {"done"}
    assert SandboxPayment.objects.get().refunded_minor == 8600
    assert SandboxRefund.objects.count() == 1


def test_parts_can_be_refunded_up_to_what_was_paid_and_no_more() -> None:
    _, payment = opened(2)
    answer(payment)
    provider = get_provider("sandbox")

    results = [
        provider.refund(payment.ref, key=key, amount_minor=8600, currency="USD").state
        for key in ("one", "two", "three")
    ]

    assert results == ["done", "done", "failed"]
    assert SandboxPayment.objects.get().refunded_minor == 17200
    assert set(SandboxRefund.objects.values_list("key", flat=True)) == {"one", "two"}


def test_what_was_not_paid_is_not_refunded() -> None:
    _, payment = opened()
    assert get_provider("sandbox").refund(payment.ref, key="one", amount_minor=1, currency="USD").state == "failed"
    assert not SandboxRefund.objects.exists()


def test_a_shop_that_can_not_be_reached_is_not_tried_for_every_webhook() -> None:
    answer(opened()[1])
    answer(opened()[1])
    tried: list[bytes] = []

    def send(headers: object, body: bytes) -> int:
        tried.append(body)
        raise requests.ConnectionError

    assert sandbox.deliver_due(send=send) == 1
    assert len(tried) == 1


def test_an_answer_counts_once() -> None:
    _, payment = opened()
    answer(payment, Switch.AFTER_EXPIRY)
    answer(payment, approve=False)

    assert SandboxPayment.objects.get().state == "open"
    assert not SandboxWebhook.objects.exists()


def test_a_webhook_that_was_not_taken_is_sent_again_with_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    order, payment = opened()
    answer(payment)
    away = [True]

    def send(headers: object, body: bytes) -> int:
        if away[0]:
            raise requests.ConnectionError
        return 503

    assert sandbox.deliver_due(send=send) == 1
    assert sandbox.deliver_due(send=send) == 0
    pass_time(2.1)
    away[0] = False
    assert sandbox.deliver_due(send=send) == 1
    assert SandboxWebhook.objects.get().answer == 503
    pass_time(4.1)
    assert deliver() == [204]

    assert state(order) == ("placed", "")
    assert SandboxWebhook.objects.get().done_at is not None


def test_it_gives_up_in_the_end() -> None:
    _, payment = opened()
    answer(payment)

    for _ in range(40):
        pass_time(3600)
        sandbox.deliver_due(send=lambda headers, body: 500)

    webhook = SandboxWebhook.objects.get()
    assert (webhook.attempts, webhook.done_at is not None) == (16, True)


def test_the_buyers_cancel_and_a_late_success_end_in_a_refund() -> None:
    order, payment = opened()
    answer(payment, Switch.AFTER_EXPIRY)
    lifecycle.cancel(order.pk, actor="user:1")
    payments.close_stale()

    pass_time(6)
    deliver()
    payments.send_refunds()

    assert state(order) == ("cancelled", "by_buyer")
    assert Refund.objects.get().state == "done"
    assert SandboxPayment.objects.get().refunded_minor == 8600
    invariants.check()


@pytest.mark.django_db(transaction=True)
def test_two_senders_send_a_webhook_once() -> None:
    _, payment = opened()
    SandboxWebhook.objects.bulk_create(
        SandboxWebhook(event_id=f"evt_{n}", kind="payment.opened", payment_id=payment.ref, due_at=Now())
        for n in range(20)
    )
    sent: list[bytes] = []
    lock = threading.Lock()

    def send(headers: object, body: bytes) -> int:
        with lock:
            sent.append(body)
        return 204

    together([lambda: sandbox.deliver_due(send=send)] * 4)

    assert len(sent) == len(set(sent)) == 20


@pytest.mark.django_db(transaction=True)
def test_ten_refunds_at_once_never_exceed_what_was_paid() -> None:
    _, payment = opened(2)
    answer(payment)
    provider = get_provider("sandbox")

    def refund(key: str) -> str:
        return str(provider.refund(payment.ref, key=key, amount_minor=8600, currency="USD").state)

    outcomes = together([lambda key=key: refund(key) for key in ["a", "a", "a", "b", "b", "c", "c", "d", "d", "e"]])  # type: ignore[misc]

    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert SandboxPayment.objects.get().refunded_minor == 17200
    assert SandboxRefund.objects.count() == 2
