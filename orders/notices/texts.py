"""The words of every notice about an order: what happened, what it means for things and money, what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import date as format_date
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.models import Order, OrderLine
from shop.models import OutboxEvent
from shop.money import format_minor
from shop.notifications.notices import News

State = Order.State
Reason = Order.CancelReason
SUMMARY_MAX = 300
WRONG_MONEY = "wrong_money"


@dataclass(frozen=True)
class Told:
    """An outbox event with the order it is about."""

    event: OutboxEvent
    order: Order

    def __getitem__(self, name: str) -> Any:
        return self.event.data.get(name)

    @property
    def number(self) -> str:
        return self.order.number

    @property
    def was_paid(self) -> bool:
        return self["before"] in Order.PAID

    @property
    def refund_currency(self) -> str:
        """The money that came, which is not always the one that was asked for."""
        return str(self["refund_currency"] or self["currency"] or self.order.currency)

    @property
    def amount(self) -> str:
        """What goes back, in words."""
        return format_minor(self["refund_minor"] or self["amount_minor"] or 0, self.refund_currency)


def for_buyer(told: Told) -> News | None:
    """Return what the buyer is told of an event; None: nothing."""
    match told.event.topic:
        case "order.placed":
            return _placed(told)
        case "order.cancelled":
            return _cancelled(told)
        case "order.in_transit":
            return _buyers(
                told, "in_transit", _("On its way: order %(number)s"), _("The parcel has left us."), _day(told)
            )
        case "order.delivered":
            return _buyers(
                told,
                "delivered",
                _("Arrived: order %(number)s"),
                _("We hope that everything is as you wished. If something is not, tell us and we put it right."),
            )
        case "order.refunded":
            return _refunded(told)
        case "payment.returned" if told["refund_minor"]:
            return _returned(told)
    return None


def for_seller(told: Told) -> News | None:
    """Return what the seller is told of an event; None: nothing."""
    match told.event.topic:
        case "order.placed":
            return _sellers(told, "order_placed", _("New order %(number)s, %(total)s"), _escape(summary(told.order)))
        case "order.cancelled" if told.was_paid and told["cancel_reason"] == Reason.BY_BUYER:
            return _sellers(
                told,
                "order_cancelled",
                _("Order %(number)s was cancelled by its buyer"),
                _("It is not to be sent. %(amount)s goes back."),
            )
        case "payment.returned" if told["event"] == WRONG_MONEY:
            return _sellers(
                told,
                "wrong_amount",
                _("Wrong amount for order %(number)s"),
                _("The provider took %(amount)s, which was not asked for. It goes back; please see how that came."),
            )
        case "payment.returned" if told["refund_minor"]:
            return _sellers(
                told,
                "money_back",
                _("%(amount)s goes back for order %(number)s"),
                _("A payment came too late, or a second time. It goes back by itself; nothing is to be done."),
            )
        case "payment.denied":
            return _sellers(
                told,
                "payment_denied",
                _("A payment of order %(number)s is in doubt"),
                _("The provider said that it was paid, and now says otherwise. Please ask before you send anything."),
            )
        case "payment.refused":
            return _sellers(
                told,
                "payment_refused",
                _("Order %(number)s can't be paid"),
                _("The provider does not take %(total)s: the sum or the currency may not suit it."),
                _("The buyer has paid nothing. Please look at the prices, or reach the buyer."),
            )
        case "refund.refused":
            return _sellers(
                told,
                "refund_refused",
                _("The refund of order %(number)s was refused"),
                _("The provider does not pay %(amount)s back. Please pay the buyer in another way."),
            )
    return None


def summary(order: Order, units: Mapping[str, int] | None = None) -> str:
    """Return what an order holds, or these units of it, in one line: "2 × Rust vase, M, 1 × Mug"."""
    counts = {line: line.quantity if units is None else units.get(line.sku, 0) for line in order.lines.all()}
    text = ", ".join(f"{count} × {name(line)}" for line, count in counts.items() if count)
    return text if len(text) <= SUMMARY_MAX else f"{text[: SUMMARY_MAX - 1]}…"


def name(line: OrderLine) -> str:
    return f"{line.product_name}, {line.variant_label}" if line.variant_label else line.product_name


def _placed(told: Told) -> News:
    if told["before"] == State.CANCELLED:
        return _buyers(
            told,
            "held_again",
            _("Yours after all: order %(number)s"),
            _("Your payment of %(total)s came after the time had run out."),
            _("Your things were still there, so we kept them for you and are packing them."),
            _day(told),
        )
    return _buyers(
        told,
        "placed",
        _("Thank you: order %(number)s is yours"),
        _("The payment of %(total)s went through, and we are packing your things."),
        _day(told),
    )


def _cancelled(told: Told) -> News | None:
    back = _("%(amount)s is on its way back to you.") if told["refund_minor"] else _("You paid nothing.")
    match told["cancel_reason"]:
        case Reason.PAYMENT_FAILED:
            return _buyers(
                told,
                "payment_failed",
                _("Payment declined: order %(number)s"),
                _("The things went back to the shelf, and you paid nothing."),
                _("You can order them again while they last."),
            )
        case Reason.EXPIRED:
            return _buyers(
                told,
                "expired",
                _("The time ran out: order %(number)s"),
                _("It was not paid in time, so the things went back to the shelf."),
                _("Should a payment of yours still arrive, you get the things if they are there, or all of it back."),
            )
        case Reason.BY_STAFF:
            return _buyers(
                told,
                "cancelled",
                _("Cancelled by us: order %(number)s"),
                _("We are sorry: it could not be sent."),
                back,
            )
        case Reason.BY_BUYER if told["refund_minor"]:
            return _buyers(
                told,
                "cancelled",
                _("Cancelled: order %(number)s"),
                _("As you wished, we do not send it."),
                back,
            )
    return None


def _refunded(told: Told) -> News:
    is_sent = told.order.state != State.PLACED
    return _buyers(
        told,
        "refunded",
        _("%(amount)s back to you: order %(number)s"),
        _("For %(things)s.") % {"things": _escape(summary(told.order, told["lines"]))},
        "" if is_sent else _("The rest of the order is sent as planned."),
    )


def _returned(told: Told) -> News:
    """Money that came for an order that could not take it."""
    if told["event"] == WRONG_MONEY:
        why = _("The payment that reached us was not the amount of your order, so we send all of it back.")
    elif told.order.is_paid:
        why = _("This order was paid already. The second payment goes back to you, all of it.")
    elif told["cancel_reason"] in {Reason.EXPIRED, Reason.PAYMENT_FAILED}:
        why = _(
            "Your payment came after the time had run out, and by then the things were gone. "
            "We are sorry; all of it goes back to you."
        )
    else:
        why = _("Your payment came after the order had been cancelled. All of it goes back to you.")
    return _buyers(told, "money_back", _("%(amount)s back to you: order %(number)s"), why)


def _buyers(told: Told, kind: str, title: str, *sentences: str) -> News:
    return _news(told, f"order.{kind}", title, *sentences, url=told.order.get_absolute_url())


def _sellers(told: Told, kind: str, title: str, *sentences: str) -> News:
    return _news(
        told,
        f"seller.{kind}",
        title,
        *sentences,
        url=reverse("admin:orders_order_change", args=[told.order.pk]),
    )


def _news(told: Told, kind: str, title: str, *sentences: str, url: str) -> News:
    order = told.order
    words = {"number": order.number, "total": format_minor(order.total_minor, order.currency), "amount": told.amount}
    text = " ".join(sentence for sentence in sentences if sentence)
    return News(kind=kind, title=title % words, text=text % words, url=url, subject=order.holder)


def _day(told: Told) -> str:
    if told.order.delivery_on is None:
        return ""
    return _("It arrives on %(day)s.") % {"day": _escape(format_date(told.order.delivery_on, "l j F"))}


def _escape(text: str) -> str:
    """Keep a percent sign of ours through the formatting of the whole."""
    return text.replace("%", "%%")
