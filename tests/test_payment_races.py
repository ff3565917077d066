"""Payments that meet: on real connections, at one barrier. Each opens with its control, which goes wrong unguarded."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.conf import settings
from django.db.models import F

from inventory import reservations
from inventory.models import StockItem
from orders import expiry, lifecycle, locks, payment_follow_up, payments
from orders.checkout import place_order
from orders.exceptions import TransitionRefused
from orders.models import Order, Payment, ProviderEvent, Refund, SandboxPayment
from orders.providers import Fetched, sandbox
from orders.providers.sandbox import Switch
from shop.models import AuditEntry
from tests.support import invariants
from tests.support.concurrency import without_oversell_check
from tests.support.factories import make_product, make_request
from tests.support.paying import answer, expire, opened, race, webhooks_at_once

pytestmark = pytest.mark.django_db(transaction=True)

SUCCEEDED, FAILED = Payment.State.SUCCEEDED, Payment.State.FAILED


@pytest.fixture(autouse=True)
def vases() -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=5)


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the orders' locks away from those who race, at their worst: both have read before either writes."""
    barrier = threading.Barrier(2, timeout=30)
    lock_order = locks.lock_order

    def read(order_id: uuid.UUID) -> Order:
        if threading.current_thread() is threading.main_thread():
            return lock_order(order_id)
        order = Order.objects.get(pk=order_id)
        barrier.wait()
        return order

    def read_overdue(*, before: datetime, limit: int) -> list[Order]:
        orders = list(Order.objects.filter(state="created", expires_at__lt=before)[:limit])
        barrier.wait()
        return orders

    monkeypatch.setattr(locks, "lock_order", read)
    monkeypatch.setattr(locks, "lock_overdue_orders", read_overdue)


def tell(payment: Payment, state: Payment.State) -> Payment:
    """Settle as a process would that has just loaded the payment."""
    fresh = Payment.objects.get(pk=payment.pk)
    return payments.settle(fresh, Fetched(state, payment.amount_minor, payment.currency))


def overdue(order: Order) -> None:
    by = timedelta(seconds=settings.PAYMENT_SWEEP_GRACE_S + 1)
    Order.objects.filter(pk=order.pk).update(expires_at=F("created_at") - by)


def is_sound() -> bool:
    try:
        invariants.check()
    except AssertionError:
        return False
    return True


def success_against_expiry() -> Order:
    order, payment = opened(2)
    overdue(order)
    race(partial(tell, payment, SUCCEEDED), expiry.sweep)
    order.refresh_from_db()
    return order


@pytest.mark.usefixtures("unlocked")
def test_control_success_against_expiry_loses_the_units() -> None:
    success_against_expiry()
    assert not is_sound()


def test_success_against_expiry_ends_placed_whoever_is_first() -> None:
    for _ in range(8):
        order = success_against_expiry()
        assert order.state == "placed"
        lifecycle.cancel(order.pk, actor="user:1")  # its units are for the next round
    invariants.check()


def success_against_cancel() -> Order:
    order, payment = opened(2)
    race(partial(tell, payment, SUCCEEDED), partial(lifecycle.cancel, order.pk, actor="user:1"))
    order.refresh_from_db()
    return order


@pytest.mark.usefixtures("unlocked")
def test_control_success_against_cancel_keeps_the_money() -> None:
    success_against_cancel()
    assert not is_sound()


def test_success_against_cancel_ends_cancelled_with_the_money_sent_back() -> None:
    for _ in range(8):
        order = success_against_cancel()
        assert (order.state, order.cancel_reason) == ("cancelled", "by_buyer")
        assert Refund.objects.get(payment__order=order).amount_minor == 17200
    assert StockItem.objects.get().available == 5
    invariants.check()


def success_against_failure() -> Order:
    order, payment = opened(2)
    race(partial(tell, payment, SUCCEEDED), partial(tell, payment, FAILED))
    order.refresh_from_db()
    return order


@pytest.mark.usefixtures("unlocked")
def test_control_success_against_failure_forgets_money_or_units() -> None:
    order = success_against_failure()
    assert order.state != "placed" or not is_sound()


def test_success_against_failure_ends_placed_whoever_is_first() -> None:
    for _ in range(8):
        order = success_against_failure()
        assert order.state == "placed"
        lifecycle.cancel(order.pk, actor="user:1")
    invariants.check()


def two_payments_at_once() -> Order:
    order, first = opened(2)
    second = Payment.objects.create(
        order=order, provider="sandbox", ref=f"sbx_{uuid.uuid4().hex}", amount_minor=17200, currency="USD"
    )
    race(partial(tell, first, SUCCEEDED), partial(tell, second, SUCCEEDED))
    return order


@pytest.mark.usefixtures("unlocked")
def test_control_two_payments_at_once_charge_twice() -> None:
    two_payments_at_once()
    assert not Refund.objects.exists()
    assert not is_sound()


def test_of_two_payments_at_once_one_goes_back() -> None:
    for _ in range(2):
        order = two_payments_at_once()
        order.refresh_from_db()
        assert order.state == "placed"
        assert Refund.objects.filter(payment__order=order).count() == 1
    invariants.check()


def lapsed(*, of: int) -> list[Payment]:
    """Have so many orders expire, one after the other, for the single unit that there is."""
    make_product(skus=("LAMP",), price_minor=8600, stock=1)
    found = []
    for _ in range(of):
        order, payment = opened(sku="LAMP")
        expire(order)
        found.append(payment)
    return found


def test_control_two_lapsed_orders_paid_at_once_sell_one_unit_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    paid = lapsed(of=2)
    barrier = threading.Barrier(2, timeout=30)

    def read_without_lock(*, skus: Iterable[str] = (), ids: Iterable[int] = ()) -> list[StockItem]:
        items = list(StockItem.objects.filter(sku="LAMP"))
        barrier.wait()
        return items

    monkeypatch.setattr(reservations, "lock_stock", read_without_lock)
    with without_oversell_check():
        race(*[partial(tell, payment, SUCCEEDED) for payment in paid])
        assert Order.objects.filter(state="placed").count() == 2


@pytest.mark.parametrize("of", [2, 6])
def test_of_lapsed_orders_paid_at_once_for_one_unit_one_has_it_and_the_others_their_money(of: int) -> None:
    paid = lapsed(of=of)

    race(*[partial(tell, payment, SUCCEEDED) for payment in paid])

    assert Counter(Order.objects.values_list("state", flat=True)) == {"placed": 1, "cancelled": of - 1}
    assert Refund.objects.count() == of - 1
    item = StockItem.objects.get(sku="LAMP")
    assert (item.committed, item.available) == (1, 0)
    invariants.check()


def test_control_two_webhooks_at_once_without_the_lock_pay_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    order, payment = opened()
    answer(payment, Switch.NEVER)
    barrier = threading.Barrier(2, timeout=30)
    refresh = Payment.refresh_from_db

    def read_and_wait(self: Payment) -> None:
        refresh(self)
        barrier.wait()

    monkeypatch.setattr(locks, "lock_order", lambda order_id: Order.objects.get(pk=order_id))
    monkeypatch.setattr(Payment, "refresh_from_db", read_and_wait)

    assert webhooks_at_once(payment, events=["evt_1", "evt_2"]) == ["applied", "applied"]

    assert AuditEntry.objects.filter(subject=order.holder, action="paid").count() == 2


def test_many_webhooks_at_once_pay_once() -> None:
    order, payment = opened()
    answer(payment, Switch.NEVER)

    outcomes = webhooks_at_once(payment, events=[f"evt_{n % 4}" for n in range(8)])

    assert Counter(outcomes) == {"applied": 4, "duplicate": 4}
    assert ProviderEvent.objects.count() == 4
    assert AuditEntry.objects.filter(subject=order.holder, action="paid").count() == 1
    order.refresh_from_db()
    assert order.state == "placed"
    invariants.check()


def test_control_clicks_with_keys_of_their_own_open_many_payments(monkeypatch: pytest.MonkeyPatch) -> None:
    order = place_order(make_request(("VASE", 1)))
    barrier = threading.Barrier(4, timeout=30)

    def key_of_its_own(*arguments: str, **options: str) -> object:
        barrier.wait()
        return type("Digest", (), {"digest": lambda self: uuid.uuid4().bytes})()

    monkeypatch.setattr(payments, "salted_hmac", key_of_its_own)

    race(*[partial(payments.open_payment, order)] * 4)

    assert Payment.objects.count() == SandboxPayment.objects.count() == 4


def test_clicks_at_once_open_one_payment() -> None:
    order = place_order(make_request(("VASE", 1)))

    race(*[partial(payments.open_payment, order)] * 8)

    assert Payment.objects.count() == SandboxPayment.objects.count() == 1


def cancel_while_opening(monkeypatch: pytest.MonkeyPatch) -> Order:
    """Have the buyer cancel in another window while the provider is being asked to open the payment."""
    order = place_order(make_request(("VASE", 1)))
    opening = sandbox.Sandbox.open

    def open_slowly(self: sandbox.Sandbox, **wanted: str) -> object:
        race(partial(lifecycle.cancel, order.pk, actor="user:1"))
        return opening(self, **wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(sandbox.Sandbox, "open", open_slowly)
    return order


def test_control_cancelled_while_opening_without_a_second_look_sends_people_to_pay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = cancel_while_opening(monkeypatch)
    monkeypatch.setattr("orders.lifecycle.locks", locks)
    real_lock = locks.lock_order
    seen: list[uuid.UUID] = []

    def lock_first_only(order_id: uuid.UUID) -> Order:
        seen.append(order_id)
        return real_lock(order_id) if len(seen) == 1 else order

    monkeypatch.setattr(locks, "lock_order", lock_first_only)

    assert payments.open_payment(order).state == "open"


def test_cancelled_while_opening_nobody_is_sent_to_pay_and_the_payment_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = cancel_while_opening(monkeypatch)

    with pytest.raises(TransitionRefused):
        payments.open_payment(order)
    payment_follow_up.close_stale()

    assert Payment.objects.get().state == "closed"
    assert SandboxPayment.objects.get().state == "closed"
    invariants.check()
