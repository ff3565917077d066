"""Archived orders that come back: for a provider that speaks late, for staff, and for two at once."""

import threading
import uuid
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from inventory.models import Reservation, StockItem
from orders import access, aftersales, lifecycle, locks, payments, reading
from orders.archive import as_order, thawing
from orders.archiving import copies, mover
from orders.exceptions import TransitionRefused
from orders.models import ArchivedOrder, Order, Payment, Refund
from orders.providers import Fetched
from shop.models import AuditEntry, Variant
from tests.support import invariants
from tests.support.archivable_orders import make_archived, make_over
from tests.support.concurrency import together
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def rows_of(order_id: uuid.UUID) -> tuple[object, ...]:
    """Everything that moves with an order, as the database has it."""
    return tuple(copies.read([order_id]).values())


def test_an_order_comes_back_as_it_was_and_leaves_no_copy() -> None:
    order = make_over(("VASE", 2), ("CUP", 1), buyer=make_user())
    before = rows_of(order.pk)
    mover.move()

    with transaction.atomic():
        assert locks.lock_order(order.pk) == order

    assert rows_of(order.pk) == before
    assert not ArchivedOrder.objects.exists()
    assert AuditEntry.objects.filter(action="thawed", subject=order.holder).count() == 1
    invariants.check()


def test_what_was_refused_brings_nothing_back() -> None:
    order = make_archived()

    with pytest.raises(TransitionRefused):
        lifecycle.cancel(order.pk, actor="user:1")

    assert not Order.objects.exists()
    assert ArchivedOrder.objects.get().pk == order.pk
    assert not AuditEntry.objects.filter(action="thawed").exists()


def test_an_order_that_never_was_is_in_neither() -> None:
    with pytest.raises(Order.DoesNotExist), transaction.atomic():
        locks.lock_order(uuid.uuid4())


def test_money_that_comes_late_for_an_archived_order_gets_it_its_things() -> None:
    order = make_over(is_paid=False)
    payment = Payment.objects.create(
        order=order, provider="sandbox", ref="late", state="closed", amount_minor=order.total_minor, currency="USD"
    )
    mover.move()

    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, order.total_minor, "USD"))

    back = Order.objects.get()
    assert (back.pk, back.state, back.cancel_reason) == (order.pk, "placed", "")
    assert (StockItem.objects.get().committed, Refund.objects.count()) == (1, 0)
    assert not ArchivedOrder.objects.exists()
    invariants.check()


def test_money_that_comes_late_for_an_archived_order_goes_back_when_nothing_is_left() -> None:
    order = make_over(is_paid=False)
    payment = Payment.objects.create(
        order=order, provider="sandbox", ref="late", state="closed", amount_minor=order.total_minor, currency="USD"
    )
    mover.move()
    StockItem.objects.update(on_hand=0)

    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, order.total_minor, "USD"))

    assert Refund.objects.get().amount_minor == order.total_minor
    assert Order.objects.get().state == "cancelled"


def test_staff_pay_back_and_take_back_an_archived_order() -> None:
    order = make_archived(("VASE", 2))

    aftersales.refund(order.pk, lines={"VASE": 1}, actor="user:1", restock=True)

    line = Order.objects.get().lines.get()
    assert (line.refunded_units, line.returned_units) == (1, 1)
    assert Refund.objects.get().amount_minor == 8600
    assert StockItem.objects.get().on_hand == 99


def test_an_order_that_came_back_is_archived_again_once_it_is_over() -> None:
    order = make_archived()
    aftersales.refund(order.pk, actor="user:1")
    assert mover.move().moved == 0  # its refund is on its way
    Refund.objects.update(state="done")

    assert mover.move().moved == 1

    assert ArchivedOrder.objects.get().lines[0]["refunded_units"] == 1
    assert not Order.objects.exists()


def test_a_variant_that_was_removed_meanwhile_holds_nothing_up() -> None:
    order = make_archived()
    Variant.objects.all().delete()

    with transaction.atomic():
        locks.lock_order(order.pk)

    assert Order.objects.get().lines.get().variant is None


def test_a_crash_before_the_copy_is_gone_leaves_one_order(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    order = make_archived()
    monkeypatch.setattr(locks, "_drop_copy", lambda order_id: None)
    aftersales.refund(order.pk, actor="user:1")
    Refund.objects.update(state="done")
    assert (Order.objects.count(), ArchivedOrder.objects.count()) == (1, 1)

    assert reading.get_order(order.pk).lines.get().refunded_units == 1
    page = client.get(f"/orders/{order.pk}/?access={access.token(order)}", follow=True)
    assert page.status_code == 200
    assert client.get("/orders/").content.decode().count(order.number) == 1

    mover.move()
    assert ArchivedOrder.objects.get().lines[0]["refunded_units"] == 1
    assert not Order.objects.exists()


def test_the_copy_of_an_order_that_was_archived_again_is_never_dropped() -> None:
    order = make_archived()

    locks._drop_copy(order.pk)  # a hook that comes late

    assert ArchivedOrder.objects.get().pk == order.pk


def test_two_that_want_an_order_back_at_once_get_one() -> None:
    orders = [make_over() for _ in range(4)]
    mover.move()

    def want(order_id: uuid.UUID) -> str:
        with transaction.atomic():
            return str(locks.lock_order(order_id).pk)

    found = together([partial(want, order.pk) for order in orders for _ in range(4)])

    assert sorted(map(str, found)) == sorted(str(order.pk) for order in orders for _ in range(4))
    assert Order.objects.count() == 4
    assert Reservation.objects.count() == 4
    assert not ArchivedOrder.objects.exists()
    invariants.check()


def test_without_its_lock_two_would_write_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    order = make_archived()
    both_look = threading.Barrier(2, timeout=10)
    make = as_order.make

    def look(archived: ArchivedOrder) -> Order:
        both_look.wait()
        return make(archived)

    def want() -> str:
        with transaction.atomic():
            return str(locks.lock_order(order.pk).pk)

    with monkeypatch.context() as patch:
        patch.setattr(thawing, "_lock", lambda order_id: None)
        patch.setattr(as_order, "make", look)
        outcomes = together([want, want])

    assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == 1


def test_movers_side_by_side_and_people_who_want_orders_back_lose_none() -> None:
    orders = [make_over() for _ in range(12)]

    def want(order_id: uuid.UUID) -> int:
        for _ in range(3):
            with transaction.atomic():
                locks.lock_order(order_id)
        return 0

    movers = [lambda: mover.move(batch=2).moved for _ in range(3)]
    outcomes = together([*movers, *[partial(want, order.pk) for order in orders[:6]]])

    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    for order in orders:
        assert reading.get_order(order.pk).total_minor == 8600
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders_orderline")
        assert cursor.fetchone() == (Order.objects.count(),)
    invariants.check()
