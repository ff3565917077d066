"""Receipts: what was bought and paid, for printing. An archived order has one like any other."""

from dataclasses import dataclass

from babel import Locale
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import get_language

from orders import refund_texts
from orders.models import Order, OrderLine, Payment, Refund
from orders.refund_texts import MoneyBack


@dataclass(frozen=True)
class Receipt:
    """The figures of an order that was paid. Sums are in the order's currency, in minor units."""

    order: Order
    lines: list[OrderLine]
    payments: list[Payment]
    refunds: list[MoneyBack]
    paid_minor: int
    back_minor: int
    seller_name: str
    seller_lines: list[str]

    @property
    def country(self) -> str:
        """The country it was sold to, by its name."""
        names = Locale.parse(get_language() or "en", sep="-").territories
        return str(names.get(self.order.country, self.order.country))

    @property
    def kept_minor(self) -> int:
        """What the buyer has paid in the end."""
        return self.paid_minor - self.back_minor


def read(order: Order) -> Receipt | None:
    """Return the receipt of an order; None for one that was never paid. Three queries."""
    if order.placed_at is None:
        return None
    payments = list(Payment.objects.filter(order=order.pk, state=Payment.State.SUCCEEDED).order_by("created_at"))
    refunds = list(list_refunds(order))
    paid = [payment for payment in payments if payment.paid_currency == order.currency]
    back = [refund for refund in refunds if refund.currency == order.currency]
    return Receipt(
        order=order,
        lines=list(order.lines.all()),
        payments=payments,
        refunds=refund_texts.read(order, refunds),
        paid_minor=sum(payment.paid_minor or 0 for payment in paid),
        back_minor=sum(refund.amount_minor for refund in back),
        seller_name=settings.SELLER_NAME,
        seller_lines=[line.strip() for line in settings.SELLER_ADDRESS.split("|") if line.strip()],
    )


def list_refunds(order: Order) -> QuerySet[Refund]:
    """Return what went or goes back for an order, with its payments, the oldest first."""
    return Refund.objects.filter(payment__order=order.pk).select_related("payment").order_by("created_at", "pk")
