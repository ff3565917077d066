"""What the bundled provider does when it is told to misbehave, and that the shop comes through it."""

import pytest
from django.db.models.functions import Now

from inventory.models import StockItem
from orders import payment_follow_up, payments
from orders.exceptions import ProviderSilent
from orders.models import Order, Payment, ProviderEvent, Refund, SandboxPayment, SandboxWebhook
from orders.providers import get_provider
from orders.providers.sandbox import Switch, book
from shop.models import AuditEntry, OutboxEvent
from tests.support import invariants
from tests.support.factories import make_product
from tests.support.paying import answer, deliver, expire, opened, pass_time

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def vases() -> None:
    make_product(skus=("VASE",), price_minor=8600, stock=5)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a hanging provider for a moment only."""
    monkeypatch.setattr(book, "ANSWER_TIMEOUT_S", 0.05)


def state(order: Order) -> tuple[str, str]:
    order.refresh_from_db()
    return order.state, order.cancel_reason


def counters() -> tuple[int, int, int]:
    item = StockItem.objects.get(sku="VASE")
    return item.held, item.committed, item.available


def test_all_goes_well_unless_told_otherwise() -> None:
    order, payment = opened()
    answer(payment)

    assert state(order) == ("created", "")
    assert deliver() == [204]
    assert state(order) == ("placed", "")
    assert deliver() == []
    invariants.check()


def test_a_declined_payment_gives_the_units_back() -> None:
    order, payment = opened(2)
    answer(payment, approve=False)

    assert deliver() == [204]

    assert state(order) == ("cancelled", "payment_failed")
    assert counters() == (0, 0, 5)


def test_late_a_webhook_comes_after_so_many_seconds() -> None:
    order, payment = opened()
    answer(payment, Switch.LATE, late_s=3600)

    pass_time(3500)
    assert deliver() == []
    pass_time(200)
    assert deliver() == [204]

    assert state(order) == ("placed", "")


def test_late_by_days_it_still_counts() -> None:
    order, payment = opened()
    answer(payment, Switch.LATE, late_s=6 * 24 * 3600)
    expire(order)

    pass_time(6 * 24 * 3600)
    deliver()

    assert state(order) == ("placed", "")
    assert counters() == (0, 1, 4)
    invariants.check()


def test_twice_a_webhook_has_one_effect() -> None:
    order, payment = opened()
    answer(payment, Switch.TWICE)

    assert deliver() == [204, 204]

    assert state(order) == ("placed", "")
    assert ProviderEvent.objects.count() == 1
    assert SandboxWebhook.objects.values("event_id").distinct().count() == 1


@pytest.mark.parametrize(("approve", "becomes"), [(True, ("placed", "")), (False, ("cancelled", "payment_failed"))])
def test_out_of_order_an_older_word_changes_nothing(approve: bool, becomes: tuple[str, str]) -> None:
    order, payment = opened()
    answer(payment, Switch.OUT_OF_ORDER, approve=approve)

    assert deliver() == [204, 204]

    assert ProviderEvent.objects.count() == 2
    assert state(order) == becomes
    invariants.check()


def test_never_told_the_shop_asks() -> None:
    order, payment = opened()
    answer(payment, Switch.NEVER)

    assert deliver() == []
    assert payment_follow_up.poll() == 0
    pass_time(31)
    assert payment_follow_up.poll() == 1

    assert state(order) == ("placed", "")


@pytest.mark.parametrize("approve", [True, False])
def test_forged_a_webhook_is_refused_and_the_truth_is_learnt_by_asking(approve: bool) -> None:
    order, payment = opened()
    answer(payment, Switch.FORGED, approve=approve)

    assert deliver() == [403]
    assert state(order) == ("created", "")
    assert not ProviderEvent.objects.exists()
    assert deliver() == []
    pass_time(31)
    payment_follow_up.poll()

    assert state(order) == (("placed", "") if approve else ("cancelled", "payment_failed"))


@pytest.mark.parametrize(
    ("switch", "paid"), [(Switch.WRONG_AMOUNT, (8500, "USD")), (Switch.WRONG_CURRENCY, (8600, "EUR"))]
)
def test_wrong_money_goes_back_and_the_order_still_waits(
    switch: Switch, paid: tuple[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    order, payment = opened()
    answer(payment, switch)

    deliver()

    assert state(order) == ("created", "")
    assert counters() == (1, 0, 4)
    payment.refresh_from_db()
    assert (payment.state, payment.paid_minor, payment.paid_currency) == ("succeeded", *paid)
    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.currency, refund.reason) == (*paid, "wrong_money")
    assert "is not what was asked" in caplog.text
    assert AuditEntry.objects.filter(subject=order.holder, action="wrong_money").count() == 1
    news = OutboxEvent.objects.get(topic="payment.returned")
    assert (news.data["refund_minor"], news.data["refund_currency"]) == paid
    payment_follow_up.send_refunds()
    assert Refund.objects.get().state == "done"
    second = payments.open_payment(order)
    assert second != payment
    answer(second)
    deliver()
    assert state(order) == ("placed", "")
    invariants.check()


def test_succeeding_after_expiry_it_is_held_again() -> None:
    order, payment = opened()
    answer(payment, Switch.AFTER_EXPIRY)
    assert deliver() == []
    expire(order)
    assert payment_follow_up.close_stale() == 1
    payment.refresh_from_db()
    assert (payment.state, *state(order)) == ("closed", "cancelled", "expired")

    pass_time(6)
    assert deliver() == [204]

    assert state(order) == ("placed", "")
    assert counters() == (0, 1, 4)
    invariants.check()


def test_succeeding_after_expiry_without_a_webhook_it_is_found_by_asking() -> None:
    order, payment = opened()
    answer(payment, Switch.AFTER_EXPIRY, Switch.NEVER)
    expire(order)
    payment_follow_up.close_stale()

    pass_time(60)
    assert deliver() == []
    assert payment_follow_up.poll() == 1

    assert state(order) == ("placed", "")
    payment.refresh_from_db()
    assert (payment.state, payment.next_look_at) == ("succeeded", None)


def test_failing_after_it_succeeded_leaves_the_order_and_calls_people(caplog: pytest.LogCaptureFixture) -> None:
    order, payment = opened()
    answer(payment, Switch.FAILS_AFTER)
    deliver()
    assert state(order) == ("placed", "")

    pass_time(6)
    assert deliver() == [204]

    assert state(order) == ("placed", "")
    payment.refresh_from_db()
    assert payment.state == "succeeded"
    assert "the order stays" in caplog.text
    assert AuditEntry.objects.get(action="success_denied").subject == order.holder
    assert OutboxEvent.objects.get(topic="payment.denied").data == {"payment": payment.ref, "now": "failed"}
    invariants.check()


@pytest.mark.usefixtures("impatient")
def test_hanging_it_is_not_waited_for_and_asked_again() -> None:
    order, payment = opened()
    answer(payment, Switch.HANGS)

    with pytest.raises(ProviderSilent, match="no answer within"):
        payments.refresh(payment)
    assert deliver() == [503]
    assert not ProviderEvent.objects.exists()

    pass_time(31)
    assert deliver() == [204]
    assert state(order) == ("placed", "")


def test_too_busy_it_is_asked_again() -> None:
    order, payment = opened()
    answer(payment, Switch.TOO_MANY)

    with pytest.raises(ProviderSilent, match="429"):
        payments.refresh(payment)
    pass_time(31)
    payment_follow_up.poll()

    assert state(order) == ("placed", "")


@pytest.mark.usefixtures("impatient")
def test_back_again_it_is_asked_by_everybody() -> None:
    _, payment = opened()
    answer(payment, Switch.HANGS)
    provider = get_provider("sandbox")
    with pytest.raises(ProviderSilent):
        provider.fetch(payment.ref)

    SandboxPayment.objects.update(away_until=None)
    provider.fetch(payment.ref)

    assert [provider.fetch(payment.ref).state for _ in range(5)] == ["succeeded"] * 5


@pytest.mark.usefixtures("impatient")
def test_of_many_callers_one_waits_for_a_provider_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    _, payment = opened()
    answer(payment, Switch.HANGS)
    asked: list[str] = []
    be_away = book.be_away
    monkeypatch.setattr(book, "be_away", lambda ref: (asked.append(ref), be_away(ref)))
    provider = get_provider("sandbox")

    for _ in range(5):
        with pytest.raises(ProviderSilent):
            provider.fetch(payment.ref)

    assert len(asked) == 2  # the one that found out, and one that looks whether it is back


@pytest.mark.usefixtures("impatient")
def test_one_that_hangs_does_not_hold_up_the_payments_behind_it() -> None:
    first, hanging = opened()
    second, payment = opened()
    answer(hanging, Switch.HANGS, Switch.NEVER)
    answer(payment, Switch.NEVER)
    Payment.objects.update(next_look_at=Now())

    assert payment_follow_up.poll() == 1
    assert payment_follow_up.poll() == 1

    assert (state(first)[0], state(second)[0]) == ("created", "placed")
