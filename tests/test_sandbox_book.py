"""What the sandbox keeps: refunds by their key, answers, and webhooks until they were taken."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from threading import Barrier
from typing import Any

import pytest
import requests
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from orders import lifecycle, payment_follow_up
from orders.models import Order, Refund, SandboxPayment, SandboxRefund, SandboxWebhook
from orders.providers import get_provider, sandbox
from orders.providers.sandbox import Switch
from tests.support import invariants
from tests.support.factories import make_product
from tests.support.paying import answer, deliver, opened, pass_time, race

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
    payment_follow_up.close_stale()

    pass_time(6)
    deliver()
    payment_follow_up.send_refunds()

    assert state(order) == ("cancelled", "by_buyer")
    assert Refund.objects.get().state == "done"
    assert SandboxPayment.objects.get().refunded_minor == 8600
    invariants.check()


def twenty_webhooks() -> None:
    _, payment = opened()
    SandboxWebhook.objects.bulk_create(
        SandboxWebhook(event_id=f"evt_{n}", kind="payment.opened", payment_id=payment.ref, due_at=Now())
        for n in range(20)
    )


def send_at_once() -> Counter[bytes]:
    """Have four send what is due; return how often each webhook was sent."""
    sent: list[bytes] = []

    def send(headers: object, body: bytes) -> int:
        sent.append(body)
        return 204

    race(*[partial(sandbox.deliver_due, send=send)] * 4)
    return Counter(sent)


@pytest.mark.django_db(transaction=True)
def test_control_without_its_claim_a_webhook_is_sent_by_everyone(monkeypatch: pytest.MonkeyPatch) -> None:
    twenty_webhooks()
    update, barrier = QuerySet.update, Barrier(4, timeout=30)

    def claim(rows: QuerySet[Any], **changes: Any) -> int:
        if "attempts" not in changes:
            return update(rows, **changes)
        barrier.wait()
        return update(rows, **changes) or 1  # whoever looked has it

    monkeypatch.setattr(QuerySet, "update", claim)

    sent = send_at_once()

    assert (len(sent), set(sent.values())) == (20, {4})


@pytest.mark.django_db(transaction=True)
def test_four_senders_send_a_webhook_once() -> None:
    twenty_webhooks()

    sent = send_at_once()

    assert (len(sent), set(sent.values())) == (20, {1})
    assert not SandboxWebhook.objects.filter(done_at=None).exists()


KEYS = ["a", "a", "b", "b", "c", "c", "d", "e"]  # no more at once than may wait for one provider


def refund_at_once() -> None:
    """Have eight send back half of a payment, with five keys; refused or not, nobody fails."""
    _, payment = opened(2)
    answer(payment)
    refund = partial(get_provider("sandbox").refund, payment.ref, amount_minor=8600, currency="USD")
    race(*[partial(refund, key=key) for key in KEYS])


@pytest.fixture
def no_refunds_check(transactional_db: None) -> Iterator[None]:
    """Take the database's own guard away, for a control that must go wrong."""
    [check] = [each for each in SandboxPayment._meta.constraints if each.name == "sandbox_refunds_fit"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(SandboxPayment, check)
    yield
    SandboxPayment.objects.update(refunded_minor=0)
    with connection.schema_editor() as editor:
        editor.add_constraint(SandboxPayment, check)


@pytest.mark.usefixtures("no_refunds_check")
@pytest.mark.django_db(transaction=True)
def test_control_looking_before_writing_refunds_exceed_what_was_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    update, barrier = QuerySet.update, Barrier(len(set(KEYS)), timeout=30)

    def pay_back(rows: QuerySet[Any], **changes: Any) -> int:
        if "refunded_minor" not in changes:
            return update(rows, **changes)
        fits = rows.exists()
        barrier.wait()
        return update(SandboxPayment.objects.all(), **changes) if fits else 0

    with monkeypatch.context() as patch:
        patch.setattr(QuerySet, "update", pay_back)
        refund_at_once()

    entry = SandboxPayment.objects.get()
    assert (entry.charged_minor, entry.refunded_minor) == (17200, 5 * 8600)


@pytest.mark.django_db(transaction=True)
def test_eight_refunds_at_once_never_exceed_what_was_paid() -> None:
    refund_at_once()

    assert SandboxPayment.objects.get().refunded_minor == 17200
    assert SandboxRefund.objects.count() == 2
