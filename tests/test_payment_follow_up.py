"""What the jobs do with payments and refunds that nobody spoke of: how often, how long, and after what."""

import uuid
from datetime import timedelta

import orjson
import pytest
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from orders import lifecycle, payment_follow_up, payments, refunds
from orders.exceptions import ProviderAway, ProviderSilent
from orders.models import Order, Payment, Refund, SandboxPayment
from orders.providers import Fetched, Refunded, sandbox
from orders.providers.sandbox import Switch
from shop.models import AuditEntry, OutboxEvent
from shop.repair import registry
from tests.support import invariants
from tests.support.archivable_orders import make_archived
from tests.support.factories import make_product
from tests.support.paying import answer, expire, opened, pass_time

pytestmark = pytest.mark.django_db

DAY_S = 24 * 3600


@pytest.fixture(autouse=True)
def vases() -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=50)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the payments that the provider is asked about, as they are."""
    refs: list[str] = []
    fetch = sandbox.Sandbox.fetch

    def listen(self: sandbox.Sandbox, ref: str) -> Fetched:
        refs.append(ref)
        return fetch(self, ref)

    monkeypatch.setattr(sandbox.Sandbox, "fetch", listen)
    return refs


def next_look_s(payment: Payment) -> float:
    payment.refresh_from_db()
    assert payment.next_look_at is not None
    return (payment.next_look_at - timezone.now()).total_seconds()


def test_a_payment_is_looked_at_after_half_a_minute_and_then_ever_more_seldom() -> None:
    _, payment = opened()
    assert next_look_s(payment) == pytest.approx(30, abs=5)

    pauses = []
    for _ in range(12):
        pass_time(next_look_s(payment))
        assert payment_follow_up.poll() == 1
        pauses.append(round(next_look_s(payment)))

    assert pauses[0] == pytest.approx(30, abs=5)
    assert pauses[1] == pytest.approx(60, abs=5)
    assert pauses[2] == pytest.approx(120, abs=10)
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(6 * 3600, abs=5)


def test_what_is_paid_is_not_looked_at_any_more(asked: list[str]) -> None:
    _, payment = opened()
    answer(payment)
    payments.refresh(payment)
    asked.clear()

    pass_time(30 * DAY_S)
    payment_follow_up.poll()

    assert asked == []


@pytest.mark.parametrize("end", ["failed", "closed"])
def test_what_ended_without_money_is_looked_at_for_a_week(asked: list[str], end: str) -> None:
    order, payment = opened()
    if end == "failed":
        answer(payment, Switch.NEVER, approve=False)
        payments.refresh(payment)
    else:
        lifecycle.cancel(order.pk, actor="user:1")
        payment_follow_up.close_stale()
    payment.refresh_from_db()
    assert payment.state == end

    pass_time(6 * DAY_S)
    payment_follow_up.poll()
    assert next_look_s(payment) == pytest.approx(6 * 3600, abs=5)
    pass_time(1.5 * DAY_S)
    payment_follow_up.poll()
    asked.clear()
    pass_time(DAY_S)
    payment_follow_up.poll()

    assert asked == []
    payment.refresh_from_db()
    assert payment.next_look_at is None


@pytest.mark.parametrize("day", [0.01, 1, 6.9])
def test_money_that_came_after_a_failure_without_a_word_is_found(day: float) -> None:
    order, payment = opened()
    answer(payment, Switch.NEVER, approve=False)
    payments.refresh(payment)
    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "payment_failed")

    SandboxPayment.objects.update(state="succeeded", charged_minor=8600, charged_currency="USD")
    pass_time(day * DAY_S)
    payment_follow_up.poll()

    order.refresh_from_db()
    assert order.state == "placed"
    invariants.check()


def test_one_that_can_not_be_closed_is_looked_at_until_it_is_over(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    order, payment = opened()
    expire(order)
    closing = sandbox.Sandbox.close

    def away(self: object, ref: str) -> None:
        raise ProviderAway("not now")

    monkeypatch.setattr(sandbox.Sandbox, "close", away)
    assert payment_follow_up.close_stale() == 1
    assert payment_follow_up.close_stale() == 0
    pass_time(20 * DAY_S)
    assert payment_follow_up.poll() == 1
    payment.refresh_from_db()
    assert payment.state == "open"

    monkeypatch.setattr(sandbox.Sandbox, "close", closing)
    pass_time(DAY_S)
    payment_follow_up.poll()

    payment.refresh_from_db()
    assert payment.state == "closed"


def test_one_that_the_provider_does_not_know_does_not_hold_up_the_others() -> None:
    lost, paid = opened()[1], opened()[1]
    SandboxPayment.objects.filter(ref=lost.ref).delete()
    answer(paid, Switch.NEVER)
    Payment.objects.filter(pk=lost.pk).update(next_look_at=Now() - timedelta(seconds=9))
    Payment.objects.filter(pk=paid.pk).update(next_look_at=Now())

    assert payment_follow_up.poll() == 2

    paid.refresh_from_db()
    assert paid.state == "succeeded"


def test_one_that_breaks_does_not_hold_up_the_others(caplog: pytest.LogCaptureFixture) -> None:
    lost, paid = opened()[1], opened()[1]
    answer(lost, Switch.NEVER)
    answer(paid, Switch.NEVER)
    Payment.objects.filter(pk=lost.pk).update(order_id=uuid.uuid4(), next_look_at=Now() - timedelta(seconds=9))
    Payment.objects.filter(pk=paid.pk).update(next_look_at=Now())

    assert payment_follow_up.poll() == 2

    assert "could not be followed up" in caplog.text
    paid.refresh_from_db()
    assert paid.state == "succeeded"


def test_a_slow_provider_gets_a_share_of_the_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        opened()
    Payment.objects.update(next_look_at=Now())
    monkeypatch.setattr(payment_follow_up, "RUN_S", -1.0)

    assert payment_follow_up.poll() == 0
    monkeypatch.undo()
    assert payment_follow_up.poll() == 3


def test_a_run_goes_on_beyond_its_first_batch_while_there_is_time() -> None:
    for _ in range(5):
        lifecycle.cancel(opened()[0].pk, actor="user:1")

    assert payment_follow_up.close_stale(limit=2) == 5
    Payment.objects.update(next_look_at=Now())
    assert payment_follow_up.poll(limit=2) == 5

    for _ in range(4):
        owed()
    assert payment_follow_up.send_refunds(limit=2) == 4
    assert not Refund.objects.exclude(state="done").exists()


def test_a_payment_left_open_for_an_archived_order_is_closed() -> None:
    archived = make_archived()
    payment = Payment.objects.create(
        order_id=archived.pk, provider="sandbox", ref="sbx_left", amount_minor=8600, currency="USD"
    )
    SandboxPayment.objects.create(
        ref="sbx_left", amount_minor=8600, currency="USD", description="x", return_url="http://x/"
    )

    assert payment_follow_up.close_stale() == 1

    payment.refresh_from_db()
    assert payment.state == "closed"


def test_a_word_that_is_no_news_leaves_an_archived_order_where_it_is() -> None:
    archived = make_archived()
    payment = Payment.objects.get(order_id=archived.pk)

    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, payment.amount_minor, payment.currency))

    assert not Order.objects.filter(pk=archived.pk).exists()


def test_a_failure_while_another_payment_is_open_leaves_the_order_to_it() -> None:
    order, first = opened()
    Payment.objects.create(order=order, provider="sandbox", ref="sbx_2", amount_minor=8600, currency="USD")

    payments.settle(first, Fetched(Payment.State.FAILED, 8600, "USD"))

    order.refresh_from_db()
    assert order.state == "created"


def test_a_payment_closed_by_the_provider_is_followed_by_another() -> None:
    order, first = opened()
    SandboxPayment.objects.update(state="closed")
    payments.refresh(first)
    order.refresh_from_db()
    assert order.state == "created"

    second = payments.open_payment(order)
    answer(second)
    payments.refresh(second)

    order.refresh_from_db()
    assert (order.state, second.ref != first.ref) == ("placed", True)
    invariants.check()


def test_an_opening_whose_answer_was_lost_is_found_again_by_the_next_click(monkeypatch: pytest.MonkeyPatch) -> None:
    order, _ = opened()
    Payment.objects.all().delete()  # the provider has opened it, and we never heard of it
    kept = SandboxPayment.objects.get().ref

    assert payments.open_payment(order).ref == kept
    assert SandboxPayment.objects.count() == 1


def owed() -> Refund:
    order, payment = opened()
    answer(payment)
    payments.refresh(payment)
    lifecycle.cancel(order.pk, actor="user:1")
    return Refund.objects.get(payment=payment)


def test_a_refund_that_could_not_be_sent_is_sent_later_in_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    refund = owed()
    sending = sandbox.Sandbox.refund

    def silent(*arguments: object, **named: object) -> Refunded:
        raise ProviderSilent("no answer")

    monkeypatch.setattr(sandbox.Sandbox, "refund", silent)
    assert payment_follow_up.send_refunds() == 1
    assert payment_follow_up.send_refunds() == 0
    Refund.objects.update(created_at=Now() - timedelta(hours=2), tried_at=Now() - timedelta(hours=1))
    assert payment_follow_up.send_refunds() == 1
    Refund.objects.update(tried_at=Now() - timedelta(minutes=50))
    assert payment_follow_up.send_refunds() == 0

    monkeypatch.setattr(sandbox.Sandbox, "refund", sending)
    Refund.objects.update(tried_at=Now() - timedelta(hours=3))
    assert payment_follow_up.send_refunds() == 1

    refund.refresh_from_db()
    assert refund.state == "done"
    news = OutboxEvent.objects.get(topic="refund.sent")
    assert news.data == {"refund": str(refund.id), "amount_minor": 8600, "currency": "USD"}


def test_a_silent_provider_is_asked_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        owed()
    asked: list[str] = []

    def silent(self: object, ref: str, **named: object) -> Refunded:
        asked.append(ref)
        raise ProviderSilent("no answer")

    monkeypatch.setattr(sandbox.Sandbox, "refund", silent)

    assert payment_follow_up.send_refunds() == 1
    assert len(asked) == 1


def test_a_refused_refund_can_be_tried_again_under_another_key() -> None:
    refund = owed()
    SandboxPayment.objects.update(state="failed")
    payment_follow_up.send_refunds()
    refund.refresh_from_db()
    assert (refund.state, refund.failure) == ("failed", "not paid, or not that much")
    assert AuditEntry.objects.filter(action="refund_refused").count() == 1
    assert payment_follow_up.send_refunds() == 0

    SandboxPayment.objects.update(state="succeeded")
    Refund.objects.update(state="pending", attempt=1, failure="", tried_at=None)
    payment_follow_up.send_refunds()

    refund.refresh_from_db()
    assert (refund.state, refund.key) == ("done", f"{refund.id}-1")
    assert SandboxPayment.objects.get().refunded_minor == 8600


def test_a_refund_that_staff_paid_another_way_is_never_sent() -> None:
    refund = owed()
    SandboxPayment.objects.update(state="failed")
    payment_follow_up.send_refunds()
    registry.repair("note-refund-done", f"refund:{refund.pk}", actor="user:staff", reason="by bank")
    SandboxPayment.objects.update(state="succeeded")  # the provider would take it now

    body = orjson.dumps({"id": "evt_1", "type": "refund.updated", "payment": refund.payment.ref})
    headers = {sandbox.SIGNATURE_HEADER: sandbox.sign(body)}
    assert payments.receive("sandbox", headers, body) == "applied"
    refunds.record(refund, Refunded(Refund.State.FAILED, "too late"))
    payment_follow_up.send_refunds()

    refund.refresh_from_db()
    assert refund.state == "done"
    assert SandboxPayment.objects.get().refunded_minor == 0, "the buyer would have been paid twice"


def test_a_late_answer_about_an_earlier_try_changes_nothing() -> None:
    refund = owed()
    Refund.objects.update(state="pending", attempt=1)

    refunds.record(refund, Refunded(Refund.State.FAILED, "too late"))

    refund.refresh_from_db()
    assert refund.state == "pending"
    assert not OutboxEvent.objects.filter(topic="refund.refused").exists()


@pytest.mark.parametrize("count", [1, 10])
def test_looking_at_nothing_costs_the_same_for_one_payment_and_for_ten(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        opened()

    with django_assert_num_queries(3):
        payment_follow_up.close_stale()
        payment_follow_up.send_refunds()
        payment_follow_up.poll()
