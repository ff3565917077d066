"""What happens to an order: the table, row by row, with its stock and its money."""

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from inventory.exceptions import StockBusy
from inventory.models import StockItem
from orders import access, expiry, lifecycle, locks, payment_follow_up, payments
from orders.checkout import place_order
from orders.exceptions import TransitionRefused
from orders.lifecycle import Event
from orders.models import Order, Payment, Refund, SandboxPayment
from orders.providers import Fetched, sandbox
from shop.models import AuditEntry
from tests.support import invariants
from tests.support.factories import make_product, make_request, make_user

pytestmark = pytest.mark.django_db

PAID, FAILED = Payment.State.SUCCEEDED, Payment.State.FAILED


@pytest.fixture(autouse=True)
def vases() -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=5)


def ordered(quantity: int = 2) -> Order:
    return place_order(make_request(("VASE", quantity)))


def tell(payment: Payment, state: Payment.State, amount_minor: int | None = None) -> None:
    payments.settle(payment, Fetched(state, amount_minor or payment.amount_minor, payment.currency))


def paid(quantity: int = 2) -> tuple[Order, Payment]:
    order = ordered(quantity)
    payment = payments.open_payment(order)
    sandbox.answer(payment.ref, approve=True)
    payments.refresh(payment)
    order.refresh_from_db()
    return order, payment


def make_overdue(order: Order, by_s: int = settings.PAYMENT_SWEEP_GRACE_S + 1) -> None:
    Order.objects.filter(pk=order.pk).update(expires_at=F("created_at") - timedelta(seconds=by_s))


def counters() -> tuple[int, int, int, int]:
    item = StockItem.objects.get(sku="VASE")
    return item.on_hand, item.held, item.committed, item.available


def test_success_places_the_order_and_commits_its_units() -> None:
    order, _ = paid()

    assert (order.state, order.cancel_reason) == ("placed", "")
    assert order.placed_at is not None
    assert counters() == (5, 0, 2, 3)
    entry = AuditEntry.objects.get(subject=order.holder)
    assert (entry.actor, entry.action, entry.data) == (
        "provider:sandbox",
        "paid",
        {"before": "created", "after": "placed"},
    )
    invariants.check()


def test_failure_cancels_and_gives_the_units_back() -> None:
    order = ordered()
    tell(payments.open_payment(order), FAILED)

    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "payment_failed")
    assert counters() == (5, 0, 0, 5)
    invariants.check()


def test_the_sweep_expires_only_what_is_overdue_and_past_the_grace() -> None:
    overdue, in_grace, fresh = ordered(1), ordered(1), ordered(1)
    make_overdue(overdue)
    make_overdue(in_grace, by_s=settings.PAYMENT_SWEEP_GRACE_S - 5)

    assert expiry.sweep() == 1
    assert expiry.sweep() == 0

    states = dict(Order.objects.values_list("pk", "state"))
    assert states == {overdue.pk: "cancelled", in_grace.pk: "created", fresh.pk: "created"}
    assert Order.objects.get(pk=overdue.pk).cancel_reason == "expired"
    assert counters() == (5, 2, 0, 3)
    invariants.check()


def test_the_sweep_takes_the_longest_overdue_first() -> None:
    first, second = ordered(1), ordered(1)
    make_overdue(first, by_s=100)
    make_overdue(second, by_s=200)

    expiry.sweep(limit=1)

    assert Order.objects.get(state="cancelled") == second


def test_the_same_success_twice_has_one_effect() -> None:
    order, payment = paid()
    tell(payment, PAID)

    assert counters() == (5, 0, 2, 3)
    assert not Refund.objects.exists()
    assert AuditEntry.objects.filter(subject=order.holder).count() == 1


def test_expiry_and_failure_leave_a_paid_order_alone() -> None:
    order, payment = paid()
    make_overdue(order)

    expiry.sweep()
    tell(payment, FAILED)

    order.refresh_from_db()
    assert order.state == "placed"
    assert counters() == (5, 0, 2, 3)


def test_late_success_is_held_again_when_it_can_be() -> None:
    order = ordered()
    payment = payments.open_payment(order)
    make_overdue(order)
    expiry.sweep()

    tell(payment, PAID)

    order.refresh_from_db()
    assert (order.state, order.cancel_reason, order.terminal_at) == ("placed", "", None)
    assert counters() == (5, 0, 2, 3)
    assert not Refund.objects.exists()
    invariants.check()


def test_late_success_goes_back_when_the_units_are_gone() -> None:
    order = ordered(2)
    payment = payments.open_payment(order)
    make_overdue(order)
    expiry.sweep()
    ordered(4)

    tell(payment, PAID)

    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "expired")
    assert Refund.objects.get().amount_minor == 17200
    assert counters() == (5, 4, 0, 1)
    invariants.check()


def test_success_after_the_buyer_cancelled_goes_back() -> None:
    order = ordered()
    payment = payments.open_payment(order)
    lifecycle.cancel(order.pk, actor="user:1")

    tell(payment, PAID)

    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "by_buyer")
    assert Refund.objects.get().payment == payment
    assert counters() == (5, 0, 0, 5)
    invariants.check()


def test_a_second_payment_goes_back() -> None:
    order, _ = paid()
    second = Payment.objects.create(
        order=order, provider="sandbox", ref="sbx_second", url="http://x/", amount_minor=17200, currency="USD"
    )

    tell(second, PAID)

    assert Refund.objects.get().payment == second
    invariants.check()


def test_a_wrong_amount_changes_no_order_and_goes_back(caplog: pytest.LogCaptureFixture) -> None:
    order = ordered()
    payment = payments.open_payment(order)

    tell(payment, PAID, amount_minor=1)

    order.refresh_from_db()
    assert order.state == "created"
    assert Refund.objects.get().amount_minor == 1
    assert "is not what was asked" in caplog.text
    assert counters() == (5, 2, 0, 3)


def test_shipping_takes_the_units_out_of_the_building() -> None:
    order, _ = paid()

    lifecycle.ship(order.pk, actor="user:1")
    assert counters() == (3, 0, 0, 3)
    order = lifecycle.deliver(order.pk, actor="user:1")

    assert order.state == "delivered"
    assert order.terminal_at is not None
    invariants.check()


def test_cancelling_a_paid_order_gives_back_units_and_money() -> None:
    order, _ = paid()

    lifecycle.cancel(order.pk, actor="user:1", by_staff=True, reason="broken in the kiln")
    payment_follow_up.send_refunds()

    assert counters() == (5, 0, 0, 5)
    refund = Refund.objects.get()
    assert (refund.state, refund.amount_minor) == ("done", 17200)
    assert AuditEntry.objects.filter(reason="broken in the kiln").count() == 1
    invariants.check()


@pytest.mark.parametrize("act", [lifecycle.ship, lifecycle.deliver])
def test_what_the_table_does_not_know_is_refused(act) -> None:  # type: ignore[no-untyped-def]
    order = ordered()

    with pytest.raises(TransitionRefused):
        act(order.pk, actor="user:1")

    assert Order.objects.get().state == "created"
    assert counters() == (5, 2, 0, 3)


def test_a_shipped_order_is_not_cancelled() -> None:
    order, _ = paid()
    lifecycle.ship(order.pk, actor="user:1")
    with pytest.raises(TransitionRefused):
        lifecycle.cancel(order.pk, actor="user:1")


def test_every_state_knows_every_word_of_a_provider() -> None:
    for state in Order.State:
        for event in (Event.PAID, Event.PAYMENT_FAILED, Event.EXPIRED):
            assert (state, event) in lifecycle.RULES


def test_a_payment_is_opened_once() -> None:
    order = ordered()

    first, second = payments.open_payment(order), payments.open_payment(order)

    assert first.pk == second.pk
    assert SandboxPayment.objects.count() == 1
    assert access.token(order) in SandboxPayment.objects.get().return_url


def test_a_cancelled_order_can_not_be_paid_any_more() -> None:
    order = ordered()
    payment = payments.open_payment(order)
    order = lifecycle.cancel(order.pk, actor="user:1")

    payment_follow_up.close_stale()

    payment.refresh_from_db()
    assert payment.state == "closed"
    assert sandbox.answer(payment.ref, approve=True).state == "closed"
    with pytest.raises(TransitionRefused):
        payments.open_payment(order)


def test_closing_finds_out_that_it_was_paid_in_the_last_moment() -> None:
    order = ordered()
    payment = payments.open_payment(order)
    make_overdue(order)
    expiry.sweep()
    sandbox.answer(payment.ref, approve=True)

    payment_follow_up.close_stale()

    order.refresh_from_db()
    assert order.state == "placed"
    invariants.check()


def test_the_poller_hears_of_a_payment_whose_webhook_never_came() -> None:
    order = ordered()
    payment = payments.open_payment(order)
    sandbox.answer(payment.ref, approve=True)

    assert payment_follow_up.poll() == 0
    Payment.objects.update(next_look_at=Now())
    assert payment_follow_up.poll() == 1

    order.refresh_from_db()
    assert order.state == "placed"


def test_only_its_buyer_and_who_has_the_word_see_an_order() -> None:
    buyer, stranger = make_user(), make_user()
    order = place_order(make_request(("VASE", 1), buyer=buyer))

    assert access.find_order(order.pk, user=buyer) == order
    assert access.find_order(order.pk, access_token=access.token(order)) == order
    for user, word in ((stranger, ""), (None, ""), (None, "0" * 64), (stranger, "ä")):
        with pytest.raises(Order.DoesNotExist):
            access.find_order(order.pk, user=user, access_token=word)
    with pytest.raises(Order.DoesNotExist):
        access.find_order(uuid.uuid4(), user=buyer)


def test_the_sweep_costs_the_same_statements_for_one_order_and_for_ten(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_product(skus=("BOWL",), stock=50)
    make_overdue(place_order(make_request(("BOWL", 1))))
    with CaptureQueriesContext(connection) as one:
        expiry.sweep()
    for _ in range(10):
        make_overdue(place_order(make_request(("BOWL", 1))))
    with django_assert_num_queries(len(one)):
        assert expiry.sweep() == 10
    invariants.check()


def test_a_slow_fetch_does_not_undo_what_was_settled() -> None:
    order = ordered()
    payment = payments.open_payment(order)
    tell(payment, FAILED)

    tell(payment, Payment.State.OPEN)

    payment.refresh_from_db()
    assert payment.state == "failed"


def test_a_payments_name_can_not_be_computed_from_the_order() -> None:
    order = ordered()
    ref = payments.open_payment(order).ref
    assert ref != f"sbx_{uuid.uuid5(order.id, 'attempt 0').hex}"
    assert order.id.hex not in ref


def test_one_busy_order_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ordered(1), ordered(1)
    for order in (first, second):
        sandbox.answer(payments.open_payment(order).ref, approve=True)
    Payment.objects.update(next_look_at=Now())
    lock = locks.lock_order

    def busy_once(order_id: uuid.UUID) -> Order:
        if order_id == first.pk:
            raise StockBusy
        return lock(order_id)

    monkeypatch.setattr("orders.payments.locks.lock_order", busy_once)
    payment_follow_up.poll()

    assert dict(Order.objects.values_list("pk", "state")) == {first.pk: "created", second.pk: "placed"}
