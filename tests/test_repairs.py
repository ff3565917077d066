"""What is out of joint is put right by a person, under locks, once, and with an entry in the audit log."""

from copy import copy
from typing import Any

import pytest
from django.utils import timezone

from inventory import reconciliation
from inventory.models import Reservation, StockItem, StockMovement
from orders.models import Order, Payment, Refund
from shop import outbox
from shop.exceptions import CantRepair, NothingToRepair
from shop.models import AuditEntry, Notice, OutboxEvent
from shop.repair import registry
from tests.support import backdating, invariants

pytestmark = pytest.mark.django_db

Orders = dict[str, Order]


@pytest.fixture
def orders(lasting_past: Orders) -> Orders:
    return {name: copy(order) for name, order in lasting_past.items()}


def repair(name: str, subject: str) -> dict[str, Any]:
    """Put one thing right; return what the audit entry says of it, once it was shown to be put right for good."""
    assert subject in drifts(registry.get_repair(name).check)
    registry.repair(name, subject, actor="user:staff", reason="seen by Eve")
    entry = AuditEntry.objects.get(action="mended")
    assert (entry.actor, entry.subject, entry.reason) == ("user:staff", subject, "seen by Eve")
    assert entry.data.pop("mend") == name
    assert subject not in drifts(entry.data.pop("check"))
    with pytest.raises(NothingToRepair):
        registry.repair(name, subject, actor="user:staff", reason="again")
    assert AuditEntry.objects.filter(action="mended").count() == 1
    return entry.data


def drifts(check: str) -> set[str]:
    return {drift.subject for drift in reconciliation.run_checks(check).drifts}


def subject_of(item: StockItem) -> str:
    return f"stock:{item.pk}"


@pytest.mark.parametrize(("counter", "wrong", "right"), [("on_hand", 90, 55), ("held", 0, 4), ("committed", 9, 7)])
def test_a_counter_is_set_to_what_its_rows_say(orders: Orders, counter: str, wrong: int, right: int) -> None:
    item = StockItem.objects.get(sku="VASE")
    movements = StockMovement.objects.count()
    StockItem.objects.filter(pk=item.pk).update(**{counter: wrong})

    facts = repair(f"set-{counter.replace('_', '-')}", subject_of(item))

    assert facts == {"before": wrong, "after": right}
    version = item.version
    item.refresh_from_db()
    assert getattr(item, counter) == right
    assert item.version == version + 1
    assert StockMovement.objects.count() == movements
    invariants.check()


def test_a_counter_is_not_set_below_what_is_promised(orders: Orders) -> None:
    item = StockItem.objects.get(sku="CUP")
    Reservation.objects.create(stock_item=item, quantity=5, holder=orders["created"].holder)

    with pytest.raises(CantRepair, match="6 units of CUP would be promised and only 1 on hand"):
        registry.repair("set-held", subject_of(item), actor="user:staff", reason="why not")

    item.refresh_from_db()
    assert item.held == 1
    assert not AuditEntry.objects.filter(action="mended").exists()


def test_units_of_an_order_that_is_over_are_given_back(orders: Orders) -> None:
    order = orders["cancelled"]
    Reservation.objects.filter(holder=order.holder).update(state="held")
    StockItem.objects.filter(sku="VASE").update(held=6)
    StockItem.objects.filter(sku="BOWL").update(held=3)

    facts = repair("reserve-anew", order.holder)

    assert facts == {"before": {"BOWL held": 1, "VASE held": 2}, "after": {}}
    invariants.check()


@pytest.mark.parametrize(("name", "state"), [("created", "held"), ("placed", "committed"), ("dropped", "committed")])
def test_units_that_an_order_has_lost_are_reserved_anew(orders: Orders, name: str, state: str) -> None:
    order = orders[name]
    lost = Reservation.objects.filter(holder=order.holder, state=state, stock_item__sku="VASE")
    units = lost.get().quantity
    lost.delete()
    item = StockItem.objects.get(sku="VASE")
    setattr(item, state, getattr(item, state) - units)
    item.save(update_fields=[state])

    facts = repair("reserve-anew", order.holder)

    assert facts["after"] == facts["before"] | {f"VASE {state}": units}
    invariants.check()


def test_units_in_the_wrong_state_are_reserved_anew(orders: Orders) -> None:
    order = orders["split"]
    Reservation.objects.filter(holder=order.holder, quantity=2).update(state="held")
    StockItem.objects.filter(sku="PLATE", warehouse__code="north").update(held=2, committed=0)

    facts = repair("reserve-anew", order.holder)

    assert facts == {"before": {"PLATE held": 2, "PLATE committed": 3}, "after": {"PLATE committed": 5}} or facts == {
        "before": {"PLATE committed": 3, "PLATE held": 2},
        "after": {"PLATE committed": 5},
    }
    invariants.check()


def test_units_that_are_gone_can_t_be_reserved_anew(orders: Orders) -> None:
    order = orders["split"]
    Reservation.objects.filter(holder=order.holder).delete()
    StockItem.objects.filter(sku="PLATE").update(committed=0)
    backdating.ordered(("PLATE", 4))

    with pytest.raises(CantRepair, match="too few units: PLATE 2 of 5"):
        registry.repair("reserve-anew", order.holder, actor="user:staff", reason="try")

    assert not Reservation.objects.filter(holder=order.holder).exists()


def test_counters_that_are_wrong_as_well_come_first(orders: Orders) -> None:
    StockItem.objects.filter(sku="VASE").update(held=0)
    Reservation.objects.filter(holder=orders["cancelled"].holder).update(state="held")

    with pytest.raises(CantRepair, match="Set those right first"):
        registry.repair("reserve-anew", orders["cancelled"].holder, actor="user:staff", reason="try")


@pytest.mark.parametrize("holder", ["order:5bb1ef52-bd5c-4b5e-8ac2-3d5bbe6f1f1c", "friend:7"])
def test_units_for_nobody_are_released(orders: Orders, holder: str) -> None:
    item = StockItem.objects.get(sku="VASE")
    Reservation.objects.create(stock_item=item, quantity=3, holder=holder, state="committed")
    StockItem.objects.filter(pk=item.pk).update(committed=item.committed + 3)

    assert repair("release-for-nobody", holder) == {"before": {"VASE committed": 3}}
    invariants.check()


def test_a_surplus_is_paid_back_from_the_newest_payment(orders: Orders) -> None:
    order = orders["paid_twice"]
    Refund.objects.filter(payment__order=order).delete()
    newest = order.payments.latest("created_at")

    assert repair("pay-back-surplus", order.holder) == {"refunds": {newest.ref: 4500}}
    assert Refund.objects.get(payment=newest).state == "pending"
    invariants.check()


def test_money_that_is_missing_is_a_matter_for_a_person(orders: Orders) -> None:
    order = orders["placed"]
    order.payments.update(paid_minor=1)

    with pytest.raises(CantRepair, match="Ask the provider"):
        registry.repair("pay-back-surplus", order.holder, actor="user:staff", reason="try")


def test_money_kept_of_a_cancelled_order_goes_back(orders: Orders) -> None:
    order = orders["cancelled"]
    Refund.objects.filter(payment__order=order).delete()

    assert repair("settle-or-pay-back", order.holder) == {"refunds": {order.payments.get().ref: 4500}}
    invariants.check()


def test_money_kept_of_an_order_that_waits_for_it_pays_for_it(orders: Orders) -> None:
    order = orders["created"]
    payment = backdating.open_payment(order)
    Payment.objects.filter(pk=payment.pk).update(state="succeeded", paid_minor=4500, paid_currency="USD")

    assert repair("settle-or-pay-back", order.holder) == {"refunds": {}}
    order.refresh_from_db()
    assert order.state == "placed"
    invariants.check()


def test_money_given_away_can_t_be_had_back(orders: Orders) -> None:
    Refund.objects.filter(payment__order=orders["sold_out"]).update(amount_minor=9000)

    with pytest.raises(CantRepair, match="Only the buyer can be asked"):
        registry.repair("settle-or-pay-back", orders["sold_out"].holder, actor="user:staff", reason="try")


def test_an_order_past_its_deadline_is_expired(orders: Orders) -> None:
    order = backdating.make_overdue(orders["created"], by_s=600)

    assert repair("expire-now", order.holder) == {}
    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "expired")
    assert AuditEntry.objects.get(subject=order.holder, action="expired").reason == "seen by Eve"
    invariants.check()


def test_an_order_that_may_still_be_paid_is_not_expired(orders: Orders) -> None:
    with pytest.raises(NothingToRepair):
        registry.repair("expire-now", orders["created"].holder, actor="user:staff", reason="too early")


def test_a_refund_that_waits_is_sent_before_all_others(orders: Orders) -> None:
    refund = Refund.objects.get(payment__order=orders["cancelled"])
    Refund.objects.filter(pk=refund.pk).update(created_at="2026-01-02T00:00Z", tried_at=timezone.now())
    registry.repair("send-refund-again", f"refund:{refund.pk}", actor="user:staff", reason="seen by Eve")

    refund.refresh_from_db()
    assert (refund.state, refund.tried_at) == ("pending", None)


def test_a_refused_refund_is_tried_under_another_key(orders: Orders) -> None:
    refund = Refund.objects.get(payment__order=orders["cancelled"])
    key = refund.key
    Refund.objects.filter(pk=refund.pk).update(state="failed", failure="card closed", tried_at=timezone.now())

    repair("try-refused-refund", f"refund:{refund.pk}")

    refund.refresh_from_db()
    assert (refund.state, refund.tried_at, refund.failure) == ("pending", None, "")
    assert refund.key != key


def test_a_refused_refund_that_was_paid_otherwise_is_done(orders: Orders) -> None:
    refund = Refund.objects.get(payment__order=orders["cancelled"])
    Refund.objects.filter(pk=refund.pk).update(state="failed", failure="card closed")

    repair("note-refund-done", f"refund:{refund.pk}")

    refund.refresh_from_db()
    assert refund.state == "done"
    assert refund.done_at is not None
    invariants.check()


def test_a_payment_left_open_is_looked_at_before_all_others(orders: Orders) -> None:
    payment = backdating.open_payment(orders["expired"])
    Payment.objects.filter(pk=payment.pk).update(close_asked_at=timezone.now())

    registry.repair("close-payment", f"payment:{payment.pk}", actor="user:staff", reason="seen by Eve")

    payment.refresh_from_db()
    assert payment.close_asked_at is None
    assert payment.next_look_at is not None


def test_news_that_is_stuck_is_handled(orders: Orders) -> None:
    OutboxEvent.objects.all().delete()
    outbox.publish("nobody.listens", "order:1")
    OutboxEvent.objects.update(created_at="2026-01-02T00:00Z", next_try_at="2999-01-02T00:00Z", attempts=9)
    event = OutboxEvent.objects.get()
    assert outbox.drain() == 0

    registry.repair("handle-again", f"outbox:{event.pk}", actor="user:staff", reason="seen by Eve")

    assert outbox.drain() == 1
    assert drifts("stuck.outbox") == set()


@pytest.mark.parametrize(("name", "state"), [("send-mail-again", "due"), ("note-mail-sent", "sent")])
def test_a_mail_that_may_have_gone_is_for_a_person_to_decide(db: None, name: str, state: str) -> None:
    notice = Notice.objects.create(
        occasion="outbox:7",
        recipient="guest",
        kind="order.placed",
        title="Thank you",
        email="guest@example.com",
        mail_state="sending",
        mail_claimed_at="2026-01-02T00:00Z",
    )

    registry.repair(name, f"notice:{notice.pk}", actor="user:staff", reason="the server's log has it")

    notice.refresh_from_db()
    assert notice.mail_state == state
    assert drifts("stuck.mail") == set()
