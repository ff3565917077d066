"""Of two people who put the same thing right at once, one does."""

from functools import partial

import pytest

from inventory.exceptions import StockBusy
from orders import repairs
from orders.models import Order, Refund
from shop.exceptions import CantRepair, NothingToRepair
from shop.repair import registry
from tests.support import backdating, invariants
from tests.support.concurrency import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_pay_back_at_once_one_does() -> None:
    orders = backdating.make_past()
    order = orders["cancelled"]
    Refund.objects.filter(payment__order=order).delete()

    pay_back = partial(registry.repair, "settle-or-pay-back", order.holder, actor="user:staff", reason="both")
    answers = together([pay_back] * 4)

    assert answers.count(None) == 1
    assert {type(answer) for answer in answers} <= {type(None), NothingToRepair, CantRepair, StockBusy}
    assert Refund.objects.get(payment__order=order).amount_minor == 4500
    invariants.check()


def test_control_without_the_orders_lock_both_pay_back(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = backdating.make_past()
    order = orders["cancelled"]
    monkeypatch.setattr(repairs.locks, "lock_order", lambda pk: Order.objects.get(pk=pk))
    pay_back = partial(registry.repair, "settle-or-pay-back", order.holder, actor="user:staff", reason="both")

    def go_wrong() -> bool:
        Refund.objects.filter(payment__order=order).delete()
        return together([pay_back] * 4).count(None) > 1

    assert any(go_wrong() for _ in range(10))
