"""What must hold for stock, orders and money after anything at all, said twice: by hand, and by reconciliation.

By hand means row by row in Python, so slow and plain that one can read that it is right; what the shop's own checks
say in SQL over sets must be the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from inventory import reconciliation
from inventory.models import Reservation, StockItem
from orders.models import Order, Payment

State = Reservation.State

ACCOUNTS = ("stock.", "orders.", "money.")  # of all checks those that don't depend on the hour


def check() -> None:
    """Assert every invariant over the whole database, in both ways."""
    assert (list(faults()), reconciliation.run_checks(*ACCOUNTS).drifts) == ([], [])


def faults() -> Iterator[str]:
    """Say what is wrong, by hand."""
    yield from stock_faults()
    units = _units()
    orders = Order.objects.prefetch_related("lines", "payments__refunds")
    for order in orders:
        yield from _order_faults(order, units[order.holder])
    promised = {holder for holder, states in units.items() if {State.HELD, State.COMMITTED} & states.keys()}
    for holder in promised - {order.holder for order in orders}:
        yield f"{holder} is nobody"
    for payment in Payment.objects.prefetch_related("refunds"):
        taken = (payment.paid_minor or 0) if payment.state == Payment.State.SUCCEEDED else 0
        if sum(refund.amount_minor for refund in payment.refunds.all()) > taken:
            yield f"more of {payment} was paid back than paid"


def stock_faults() -> Iterator[str]:
    """Say what is wrong with the stock alone, whoever holds it."""
    for item in StockItem.objects.prefetch_related("movements", "reservations"):
        if item.on_hand != sum(movement.delta for movement in item.movements.all()):
            yield f"{item}: on hand is not what the ledger says"
        for state, counter in ((State.HELD, item.held), (State.COMMITTED, item.committed)):
            if counter != sum(each.quantity for each in item.reservations.all() if each.state == state):
                yield f"{item}: {state} is not what the reservations say"
        if item.held + item.committed > item.on_hand:
            yield f"{item} is oversold"


def _order_faults(order: Order, units: dict[str, Counter[str]]) -> Iterator[str]:
    lines = order.lines.all()
    if order.total_minor != sum(line.unit_price_minor * line.quantity for line in lines):
        yield f"{order}: the total is not the sum of the lines"
    wanted = Counter({line.sku: line.quantity - line.dropped_units for line in lines})
    if units != _expected_units(order, +wanted):
        yield f"{order}: {order.state}, but has {units}"
    kept = sum(line.unit_price_minor * (line.quantity - line.refunded_units) for line in lines)
    paid = [payment for payment in order.payments.all() if payment.state == Payment.State.SUCCEEDED]
    money = sum(payment.paid_minor or 0 for payment in paid)
    money -= sum(refund.amount_minor for payment in paid for refund in payment.refunds.all())
    if money != (kept if order.is_paid else 0):
        yield f"{order}: {order.state}, and {money} of its money is here"
    if order.is_paid and order.currency not in {payment.paid_currency for payment in paid}:
        yield f"{order}: nothing was paid in {order.currency}"


def _expected_units(order: Order, wanted: Counter[str]) -> dict[str, Counter[str]]:
    state = {
        Order.State.CREATED: State.HELD,
        Order.State.PLACED: State.COMMITTED,
        Order.State.IN_TRANSIT: State.FULFILLED,
        Order.State.DELIVERED: State.FULFILLED,
    }.get(Order.State(order.state))
    return {state: wanted} if state else {}


def _units() -> dict[str, dict[str, Counter[str]]]:
    """Add up who has which units, and how: by holder, state and SKU."""
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    rows = Reservation.objects.exclude(state=State.RELEASED)
    for holder, state, sku, units in rows.values_list("holder", "state", "stock_item__sku", "quantity"):
        found[holder][state][sku] += units
    return found
