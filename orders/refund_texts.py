"""Money that goes back to a buyer, in words: how much, why, and how far it has come."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from orders.lifecycle import Event
from orders.models import Order, Refund
from shop.money import format_minor

State = Refund.State


@dataclass(frozen=True)
class MoneyBack:
    """One refund: its sum and reason, the name of its state with the tone of a badge, and when it was sent."""

    amount: str
    why: str
    name: str
    tone: str
    at: datetime | None


def read(order: Order, refunds: Iterable[Refund]) -> list[MoneyBack]:
    """Return the refunds of an order in words. `refunds` with their payments."""
    names = {
        State.PENDING: (_("On its way"), "held"),
        State.DONE: (_("Sent"), "won"),
        State.FAILED: (_("Owed to you"), "held"),
    }
    return [
        MoneyBack(
            amount=format_minor(refund.amount_minor, refund.currency),
            why=_why(order, refund),
            name=names[State(refund.state)][0],
            tone=names[State(refund.state)][1],
            at=refund.done_at,
        )
        for refund in refunds
    ]


def sentence(order: Order, refunds: Sequence[Refund]) -> str:
    """Return one sentence about money that goes back, or about an order that cost nothing; else nothing."""
    if not refunds:
        return _("You paid nothing.") if order.state == Order.State.CANCELLED else ""
    states = {refund.state for refund in refunds}
    amount = {"amount": total(refunds)}
    if State.FAILED in states:
        return _("%(amount)s is owed to you. It could not be sent yet, and we are seeing to it.") % amount
    if State.PENDING in states:
        return _("%(amount)s is on its way back to you.") % amount
    return _("%(amount)s was sent back to you.") % amount


def total(refunds: Iterable[Refund]) -> str:
    """Return the sum of refunds; of each currency, should there be several."""
    sums: dict[str, int] = defaultdict(int)
    for refund in refunds:
        sums[refund.currency] += refund.amount_minor
    return ", ".join(format_minor(minor, currency) for currency, minor in sums.items())


def _why(order: Order, refund: Refund) -> str:
    match refund.reason:
        case Event.PAID if order.placed_at:
            return _("Paid a second time")
        case Event.PAID:
            return _("Paid too late")
        case Event.BUYER_CANCELS:
            return _("Cancelled by you")
        case Event.STAFF_CANCELS:
            return _("Cancelled by the shop")
        case Event.REFUNDED:
            return _("Paid back by the shop")
        case "wrong_money":
            return _("Not the amount of the order")
        case _:
            return _("Paid back")
