"""Refunds by line and returns: what they do to money, stock and the lines, and what they refuse."""

import uuid

import pytest

from inventory.models import StockItem, StockMovement
from orders import aftersales, lifecycle, payments
from orders.checkout import place_order
from orders.exceptions import TooManyUnits, TransitionRefused
from orders.models import Order, Payment, Refund
from orders.providers import Fetched
from shop.models import AuditEntry, OutboxEvent
from tests.support import invariants
from tests.support.factories import make_product, make_request, make_stock

pytestmark = pytest.mark.django_db

STAFF = "user:staff"


@pytest.fixture(autouse=True)
def shelves() -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=5)
    make_product(skus=("BOWL",), price_minor=1500, stock=5)


def paid() -> Order:
    order = place_order(make_request(("VASE", 2), ("BOWL", 3)))
    payment = payments.open_payment(order)
    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, payment.amount_minor, payment.currency))
    return order


def sent() -> Order:
    return lifecycle.ship(paid().pk, actor=STAFF)


def state_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def stock(sku: str) -> tuple[int, int, int]:
    item = StockItem.objects.get(sku=sku)
    return item.on_hand, item.committed, item.available


def owed() -> list[int]:
    return list(Refund.objects.order_by("created_at").values_list("amount_minor", flat=True))


def test_a_line_refunded_before_sending_goes_back_on_sale_and_the_rest_is_sent() -> None:
    order = paid()

    aftersales.refund(order.pk, lines={"BOWL": 2}, actor=STAFF, reason="chipped")

    assert state_of(order) == "placed"
    assert owed() == [3000]
    assert stock("BOWL") == (5, 1, 4)
    assert stock("VASE") == (5, 2, 3)
    invariants.check()
    lifecycle.ship(order.pk, actor=STAFF)
    assert stock("BOWL") == (4, 0, 4)
    invariants.check()


def test_what_was_done_is_in_the_audit_log_and_the_outbox() -> None:
    order = paid()

    aftersales.refund(order.pk, lines={"BOWL": 2}, actor=STAFF, reason="chipped")

    entry = AuditEntry.objects.filter(subject=order.holder).latest("id")
    assert (entry.actor, entry.action, entry.reason) == (STAFF, "refunded", "chipped")
    assert entry.data == {"lines": {"BOWL": 2}, "amount_minor": 3000}
    event = OutboxEvent.objects.filter(subject=order.holder).latest("id")
    assert event.topic == "order.refunded"
    assert event.data == {"event": "refunded", "lines": {"BOWL": 2}, "amount_minor": 3000}


def test_refunding_all_of_an_unsent_order_cancels_it() -> None:
    order = paid()
    aftersales.refund(order.pk, lines={"BOWL": 3}, actor=STAFF)

    aftersales.refund(order.pk, actor=STAFF)

    assert state_of(order) == "cancelled"
    assert owed() == [4500, 17200]
    assert stock("VASE") == (5, 0, 5)
    invariants.check()


def test_cancelling_after_a_refund_pays_back_only_the_rest() -> None:
    order = paid()
    aftersales.refund(order.pk, lines={"VASE": 1}, actor=STAFF)

    lifecycle.cancel(order.pk, actor=STAFF, by_staff=True)

    assert owed() == [8600, 13100]
    invariants.check()


def test_a_refund_after_sending_moves_no_stock() -> None:
    order = sent()

    aftersales.refund(order.pk, lines={"VASE": 1}, actor=STAFF)

    assert state_of(order) == "in_transit"
    assert owed() == [8600]
    assert stock("VASE") == (3, 0, 3)
    invariants.check()


def test_a_refund_with_return_puts_the_units_back_and_the_ledger_says_so() -> None:
    order = lifecycle.deliver(sent().pk, actor=STAFF)

    aftersales.refund(order.pk, lines={"VASE": 2}, actor=STAFF, restock=True)

    assert state_of(order) == "delivered"
    assert stock("VASE") == (5, 0, 5)
    movement = StockMovement.objects.latest("id")
    assert (movement.delta, movement.reason, movement.actor, movement.note) == (2, "returned", STAFF, order.holder)
    invariants.check()


def test_units_can_come_back_without_money() -> None:
    order = sent()

    aftersales.take_back(order.pk, lines={"BOWL": 1}, actor=STAFF, reason="exchange")

    assert owed() == []
    assert stock("BOWL") == (3, 0, 3)
    assert order.lines.get(sku="BOWL").returned_units == 1
    invariants.check()


def test_units_of_a_line_from_two_warehouses_return_to_both() -> None:
    make_stock("VASE", 4, warehouse="north")
    order = place_order(make_request(("VASE", 8)))
    payment = payments.open_payment(order)
    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, payment.amount_minor, payment.currency))
    lifecycle.ship(order.pk, actor=STAFF)

    aftersales.take_back(order.pk, actor=STAFF)

    assert dict(StockItem.objects.filter(sku="VASE").values_list("warehouse__code", "on_hand")) == {
        "main": 5,
        "north": 4,
    }
    invariants.check()


@pytest.mark.parametrize("lines", [{"VASE": 3}, {"VASE": -1}, {"PLATE": 1}, {"VASE": 0}, {}])
def test_more_than_there_is_or_nothing_is_refused(lines: dict[str, int]) -> None:
    order = sent()

    with pytest.raises(TooManyUnits):
        aftersales.refund(order.pk, lines=lines, actor=STAFF)

    assert owed() == []
    invariants.check()


def test_nothing_is_paid_or_taken_back_twice() -> None:
    order = sent()
    aftersales.refund(order.pk, actor=STAFF, restock=True)

    with pytest.raises(TooManyUnits):
        aftersales.refund(order.pk, lines={"VASE": 1}, actor=STAFF)
    with pytest.raises(TooManyUnits):
        aftersales.take_back(order.pk, lines={"VASE": 1}, actor=STAFF)

    assert owed() == [21700]
    invariants.check()


def test_a_return_that_fits_no_more_undoes_its_refund() -> None:
    order = sent()
    aftersales.take_back(order.pk, lines={"VASE": 2}, actor=STAFF)

    with pytest.raises(TooManyUnits):
        aftersales.refund(order.pk, lines={"VASE": 1}, actor=STAFF, restock=True)

    assert owed() == []
    invariants.check()


@pytest.mark.parametrize("call", [aftersales.refund, aftersales.take_back])
def test_an_unpaid_or_cancelled_order_has_nothing_to_give_back(call) -> None:  # type: ignore[no-untyped-def]
    order = place_order(make_request(("VASE", 1)))
    with pytest.raises(TransitionRefused):
        call(order.pk, actor=STAFF)
    lifecycle.cancel(order.pk, actor="user:buyer")
    with pytest.raises(TransitionRefused):
        call(order.pk, actor=STAFF)


def test_an_unsent_order_has_nothing_to_take_back() -> None:
    with pytest.raises(TransitionRefused):
        aftersales.take_back(paid().pk, actor=STAFF)


def test_an_unsent_order_with_nothing_left_to_come_back_is_refused_for_its_state() -> None:
    order = paid()
    aftersales.refund(order.pk, lines={"VASE": 2}, actor=STAFF)

    with pytest.raises(TransitionRefused):
        aftersales.take_back(order.pk, lines={"VASE": 1}, actor=STAFF)


def test_an_unknown_order_is_said_to_be_none() -> None:
    with pytest.raises(Order.DoesNotExist):
        aftersales.refund(uuid.uuid4(), actor=STAFF)


def test_units_that_return_one_by_one_go_back_to_where_each_came_from() -> None:
    make_stock("VASE", 4, warehouse="north")
    order = place_order(make_request(("VASE", 8)))
    payment = payments.open_payment(order)
    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, payment.amount_minor, payment.currency))
    lifecycle.ship(order.pk, actor=STAFF)

    for _ in range(8):
        aftersales.take_back(order.pk, lines={"VASE": 1}, actor=STAFF)

    assert dict(StockItem.objects.filter(sku="VASE").values_list("warehouse__code", "on_hand")) == {
        "main": 5,
        "north": 4,
    }
    invariants.check()
