"""What must hold for stock, orders and money after anything at all, said twice: by hand, and by reconciliation.

By hand means row by row in Python, so slow and plain that one can read that it is right; what the shop's own checks
say in SQL over sets must be the same.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet, Sum

from inventory import reconciliation
from inventory.models import Reservation, StockItem, StockMovement
from orders.models import Order, Payment, Refund

State = Reservation.State

ACCOUNTS = ("stock.", "orders.", "money.")  # of all checks those that don't depend on the hour


def check() -> None:
    """Assert every invariant over the whole database, in both ways."""
    assert (list(faults()), reconciliation.run_checks(*ACCOUNTS).drifts) == ([], [])


def faults() -> Iterator[str]:
    """Say what is wrong, by hand."""
    yield from stock_faults()
    for order in Order.objects.all():
        yield from _order_faults(order)
    for holder in Reservation.objects.filter(state__in=[State.HELD, State.COMMITTED]).values_list("holder", flat=True):
        if holder not in {order.holder for order in Order.objects.all()}:
            yield f"{holder} is nobody"
    for payment in Payment.objects.all():
        taken = (payment.paid_minor or 0) if payment.state == Payment.State.SUCCEEDED else 0
        if _sum(Refund.objects.filter(payment=payment), "amount_minor") > taken:
            yield f"more of {payment} was paid back than paid"


def stock_faults() -> Iterator[str]:
    """Say what is wrong with the stock alone, whoever holds it."""
    for item in StockItem.objects.all():
        if item.on_hand != _sum(StockMovement.objects.filter(stock_item=item), "delta"):
            yield f"{item}: on hand is not what the ledger says"
        for state, counter in ((State.HELD, item.held), (State.COMMITTED, item.committed)):
            if counter != _sum(Reservation.objects.filter(stock_item=item, state=state), "quantity"):
                yield f"{item}: {state} is not what the reservations say"
        if item.held + item.committed > item.on_hand:
            yield f"{item} is oversold"


def _order_faults(order: Order) -> Iterator[str]:
    lines = order.lines.all()
    if order.total_minor != sum(line.unit_price_minor * line.quantity for line in lines):
        yield f"{order}: the total is not the sum of the lines"
    wanted = Counter({line.sku: line.quantity - line.dropped_units for line in lines})
    if _units(order) != _expected_units(order, +wanted):
        yield f"{order}: {order.state}, but has {_units(order)}"
    kept = sum(line.unit_price_minor * (line.quantity - line.refunded_units) for line in lines)
    paid = Payment.objects.filter(order=order, state=Payment.State.SUCCEEDED)
    money = _sum(paid, "paid_minor") - _sum(Refund.objects.filter(payment__in=paid), "amount_minor")
    if money != (kept if order.is_paid else 0):
        yield f"{order}: {order.state}, and {money} of its money is here"
    if order.is_paid and not paid.filter(paid_currency=order.currency).exists():
        yield f"{order}: nothing was paid in {order.currency}"


def _expected_units(order: Order, wanted: Counter[str]) -> dict[str, Counter[str]]:
    state = {
        Order.State.CREATED: State.HELD,
        Order.State.PLACED: State.COMMITTED,
        Order.State.IN_TRANSIT: State.FULFILLED,
        Order.State.DELIVERED: State.FULFILLED,
    }.get(Order.State(order.state))
    return {state: wanted} if state else {}


def _units(order: Order) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    rows = Reservation.objects.filter(holder=order.holder).exclude(state=State.RELEASED)
    for state, sku, units in rows.values_list("state", "stock_item__sku", "quantity"):
        found.setdefault(state, Counter())[sku] += units
    return found


def _sum(rows: QuerySet[Any], field: str) -> int:
    total: int = rows.aggregate(total=Sum(field, default=0))["total"]
    return total
