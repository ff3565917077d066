"""What happened to an order, step by step, and what comes next: from its audit entries and refunds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from orders.lifecycle import Event
from orders.models import Order, Refund
from shop.models import AuditEntry
from shop.money import format_minor

State = Order.State


@dataclass(frozen=True)
class Moment:
    """One line of the timeline. `at` None: it has not happened yet; `on` is the day it is expected."""

    text: str
    at: datetime | None = None
    on: date | None = None


def read(order: Order, refunds: Sequence[Refund]) -> list[Moment]:
    """Return the moments of an order, in their order; one query. `refunds` with their payments."""
    entries = AuditEntry.objects.filter(subject=order.holder).order_by("id")
    happened = [Moment(_("Ordered"), order.created_at), *_happened(order, entries), *_refunded(refunds)]
    happened.sort(key=lambda moment: moment.at or order.created_at)
    return [*happened, *_expected(order, refunds)]


def _happened(order: Order, entries: Iterable[AuditEntry]) -> Iterator[Moment]:
    texts = {
        Event.PAID: _("Paid %(amount)s") % {"amount": format_minor(order.total_minor, order.currency)},
        Event.PAYMENT_FAILED: _("Payment declined"),
        Event.EXPIRED: _("The time ran out"),
        Event.BUYER_CANCELS: _("Cancelled by you"),
        Event.STAFF_CANCELS: _("Cancelled by the shop"),
        Event.SHIPPED: _("Sent"),
        Event.DELIVERED: _("Delivered"),
    }
    for entry in entries:
        # A second payment changes nothing but is in the log: its refund is what the buyer sees.
        if entry.action in texts and entry.data.get("before") != entry.data.get("after"):
            yield Moment(texts[Event(entry.action)], entry.at)


def _refunded(refunds: Iterable[Refund]) -> Iterator[Moment]:
    for refund in refunds:
        if refund.state == Refund.State.DONE:
            amount = format_minor(refund.amount_minor, refund.currency)
            yield Moment(_("%(amount)s sent back to you") % {"amount": amount}, refund.done_at or refund.created_at)


def _expected(order: Order, refunds: Iterable[Refund]) -> Iterator[Moment]:
    if order.state == State.CREATED:
        yield Moment(_("Paid"))
    if order.state in {State.CREATED, State.PLACED}:
        yield Moment(_("Sent"))
    if order.state in {State.CREATED, State.PLACED, State.IN_TRANSIT}:
        yield Moment(_("Delivered"), on=order.delivery_on)
    for refund in refunds:
        if refund.state == Refund.State.PENDING:
            amount = format_minor(refund.amount_minor, refund.currency)
            yield Moment(_("%(amount)s back to you") % {"amount": amount})
