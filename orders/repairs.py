"""How to put right orders, their units and their money. Each repair looks again under the order's lock."""

import uuid
from collections import Counter

from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import delivery
from inventory.models import Reservation
from inventory.reservations import LIVE, Shelf
from orders import clock, lifecycle, locks
from orders.lifecycle import Event
from orders.models import ArchivedOrder, Order, Payment, Refund
from shop.exceptions import CantRepair, NothingToRepair
from shop.repair.registry import Facts, changed, key_of, repair_for, shown_as

State = Order.State
shown_as(order="orders_order", payment="orders_payment", refund="orders_refund")

# What the units of an order in this state are; in any other it keeps none.
UNITS_OF = {State.CREATED: Reservation.State.HELD, State.PLACED: Reservation.State.COMMITTED}


@repair_for(
    "reserve-anew",
    check="orders.units",
    label=gettext_lazy("Reserve its units anew"),
    permission="orders.change_order",
)
def reserve_anew(subject: str, *, actor: str, reason: str) -> Facts:
    """Give back whatever the order keeps and take what it should have, in one go."""
    order = _lock(subject)
    wanted = _wanted(order)
    before = _kept_units(order.holder)
    if before == wanted:
        raise NothingToRepair
    units = {sku: quantity for (sku, _state), quantity in wanted.items()}
    with Shelf.open(skus=units, holders=[order.holder]) as shelf:
        shelf.release([order.holder])
        if units:
            take = shelf.hold if order.state == State.CREATED else shelf.hold_paid
            routes = delivery.routes(postal_code=order.postal_code, country=order.country, now=clock.now())
            short = take(order.holder, units, warehouses=[route.warehouse_id for route in routes])
            if short:
                raise CantRepair(
                    _("There are too few units: %(short)s. Cancel the order, or receive more first.")
                    % {"short": ", ".join(f"{line.sku} {line.available} of {line.requested}" for line in short)}
                )
    return {"before": _spelt(before), "after": _spelt(wanted)}


@repair_for(
    "release-for-nobody",
    check="orders.nobody",
    label=gettext_lazy("Release the units"),
    permission="orders.change_order",
)
def release_for_nobody(subject: str, *, actor: str, reason: str) -> Facts:
    if _find(subject):
        raise NothingToRepair
    with Shelf.open(holders=[subject]) as shelf:
        before = _kept_units(subject)
        if not before:
            raise NothingToRepair
        shelf.release([subject])
    return {"before": _spelt(before)}


@repair_for(
    "pay-back-surplus",
    check="money.paid",
    label=gettext_lazy("Pay the surplus back"),
    permission="orders.add_refund",
)
def pay_back_surplus(subject: str, *, actor: str, reason: str) -> Facts:
    """Pay back from the newest payments what is more than the order's worth."""
    order = _lock(subject)
    left = lifecycle.money_left([order])
    lines = order.lines.all()
    worth = (
        sum((line.quantity - line.refunded_units) * line.unit_price_minor for line in lines) if order.is_paid else 0
    )
    surplus = sum(left.values()) - worth
    if surplus == 0:
        raise NothingToRepair
    if surplus < 0:
        raise CantRepair(_("Money is missing, not left over. Ask the provider; if nothing came, cancel the order."))
    owed = {}
    for payment, amount_minor in reversed(left.items()):
        if part := min(amount_minor, surplus):
            owed[payment] = part
            surplus -= part
    return _owe(owed, reason=Event.REFUNDED)


@repair_for("settle-or-pay-back", check="money.owed", label=gettext_lazy("Settle it"), permission="orders.add_refund")
def settle_or_pay_back(subject: str, *, actor: str, reason: str) -> Facts:
    """An order that still waits takes its money; of any other it goes back."""
    order = _lock(subject)
    left = lifecycle.money_left([order])
    if not left and Refund.objects.filter(payment__order=order, amount_minor__gt=F("payment__paid_minor")).exists():
        raise CantRepair(_("More was paid back than paid. Only the buyer can be asked for it."))
    if order.is_paid or not left:
        raise NothingToRepair
    for payment in left:
        right = (payment.paid_minor, payment.paid_currency) == (order.total_minor, order.currency)
        if order.state == State.CREATED and right:
            lifecycle.advance([order], Event.PAID, actor=actor, reason=reason, payment=payment)
            del left[payment]
            break
    return _owe(left, reason=Event.REFUNDED)


@repair_for(
    "expire-now",
    check="stuck.unpaid",
    label=gettext_lazy("Expire it now"),
    permission="orders.change_order",
)
def expire_now(subject: str, *, actor: str, reason: str) -> Facts:
    order = _lock(subject)
    if order.state != State.CREATED or order.expires_at > clock.now():
        raise NothingToRepair
    lifecycle.advance([order], Event.EXPIRED, actor=actor, reason=reason)
    return {}


@repair_for(
    "send-refund-again",
    check="stuck.refund",
    label=gettext_lazy("Send it again"),
    permission="orders.change_refund",
)
def send_refund_again(subject: str, *, actor: str, reason: str) -> Facts:
    """Put it before all others; the job sends it within seconds."""
    return changed(Refund.objects.filter(pk=key_of(subject), state=Refund.State.PENDING).update(tried_at=None))


@repair_for(
    "try-refused-refund",
    check="stuck.refused",
    label=gettext_lazy("Send it again"),
    permission="orders.change_refund",
)
def try_refused_refund(subject: str, *, actor: str, reason: str) -> Facts:
    """Try under another key: under the old one the provider would only repeat itself."""
    refused = Refund.objects.filter(pk=key_of(subject), state=Refund.State.FAILED)
    return changed(refused.update(state=Refund.State.PENDING, attempt=F("attempt") + 1, failure="", tried_at=None))


@repair_for(
    "note-refund-done",
    check="stuck.refused",
    label=gettext_lazy("The buyer was paid another way"),
    permission="orders.change_refund",
)
def note_refund_done(subject: str, *, actor: str, reason: str) -> Facts:
    """It keeps its `failure`, which tells it from what the provider did: nothing may send it any more."""
    refused = Refund.objects.filter(pk=key_of(subject), state=Refund.State.FAILED)
    return changed(refused.update(state=Refund.State.DONE, done_at=Now()))


@repair_for(
    "close-payment",
    check="stuck.payment",
    label=gettext_lazy("Close it now"),
    permission="orders.change_payment",
)
def close_payment(subject: str, *, actor: str, reason: str) -> Facts:
    """Have it asked after and closed before all others; the job does so within seconds."""
    still_open = Payment.objects.filter(pk=key_of(subject), state=Payment.State.OPEN)
    return changed(still_open.update(next_look_at=Now(), close_asked_at=None))


@repair_for(
    "remove-copy",
    check="archive.double",
    label=gettext_lazy("Remove the copy"),
    permission="orders.change_order",
)
def remove_copy(subject: str, *, actor: str, reason: str) -> Facts:
    """Remove the archive's copy of an order that the main database has, under its lock: nobody archives it now."""
    if not locks.lock_orders([uuid.UUID(key_of(subject))]):
        raise NothingToRepair
    return changed(ArchivedOrder.objects.filter(pk=key_of(subject)).delete()[0])


def _find(subject: str) -> Order | None:
    try:
        return Order.objects.filter(pk=uuid.UUID(key_of(subject))).first()
    except ValueError:
        return None


def _lock(subject: str) -> Order:
    try:
        return locks.lock_order(uuid.UUID(key_of(subject)))
    except (ValueError, Order.DoesNotExist) as error:
        raise NothingToRepair from error


def _wanted(order: Order) -> Counter[tuple[str, str]]:
    """Return the units the order should keep, by SKU and state of their reservation."""
    state = UNITS_OF.get(State(order.state))
    if state is None:
        return Counter()
    return +Counter({(line.sku, str(state)): line.quantity - line.dropped_units for line in order.lines.all()})


def _kept_units(holder: str) -> Counter[tuple[str, str]]:
    kept: Counter[tuple[str, str]] = Counter()
    found = Reservation.objects.filter(holder=holder, state__in=LIVE)
    for sku, state, quantity in found.values_list("stock_item__sku", "state", "quantity"):
        kept[sku, state] += quantity
    return kept


def _spelt(units: Counter[tuple[str, str]]) -> dict[str, int]:
    return {f"{sku} {state}": quantity for (sku, state), quantity in sorted(units.items())}


def _owe(owed: dict[Payment, int], *, reason: str) -> Facts:
    """Write down what goes back; `payment_follow_up.send_refunds` sends it."""
    Refund.objects.bulk_create(
        Refund(payment=payment, amount_minor=amount_minor, reason=reason) for payment, amount_minor in owed.items()
    )
    return {"refunds": {payment.ref: amount_minor for payment, amount_minor in owed.items()}}
