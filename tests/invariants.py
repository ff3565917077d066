"""What must hold for stock, orders and money after anything at all."""

from django.db.models import Sum

from inventory.models import Reservation, StockItem, StockMovement
from orders.models import Order, Payment, Refund

State = Reservation.State


def check() -> None:
    """Assert every invariant over the whole database."""
    for item in StockItem.objects.all():
        assert item.on_hand == _sum(StockMovement.objects.filter(stock_item=item), "delta")
        for state, counter in ((State.HELD, item.held), (State.COMMITTED, item.committed)):
            assert counter == _sum(Reservation.objects.filter(stock_item=item, state=state), "quantity")
        assert item.held + item.committed <= item.on_hand
    for order in Order.objects.all():
        lines = order.lines.all()
        wanted = {line.sku: line.quantity - line.dropped_units for line in lines if line.quantity > line.dropped_units}
        kept = sum(line.unit_price_minor * (line.quantity - line.refunded_units) for line in lines)
        assert _live_units(order) == (_expected_units(order, wanted))
        paid = _sum(Payment.objects.filter(order=order, state=Payment.State.SUCCEEDED), "paid_minor")
        owed = _sum(Refund.objects.filter(payment__order=order), "amount_minor")
        assert paid - owed == (kept if order.is_paid else 0)


def _expected_units(order: Order, wanted: dict[str, int]) -> dict[str, dict[str, int]]:
    state = {
        Order.State.CREATED: State.HELD,
        Order.State.PLACED: State.COMMITTED,
        Order.State.IN_TRANSIT: State.FULFILLED,
        Order.State.DELIVERED: State.FULFILLED,
    }.get(Order.State(order.state))
    return {state: wanted} if state else {}


def _live_units(order: Order) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    rows = Reservation.objects.filter(holder=order.holder).exclude(state=State.RELEASED)
    for state, sku, units in rows.values_list("state", "stock_item__sku", "quantity"):
        of_state = found.setdefault(state, {})
        of_state[sku] = of_state.get(sku, 0) + units
    return found


def _sum(rows, field: str) -> int:  # type: ignore[no-untyped-def]
    return rows.aggregate(total=Sum(field, default=0))["total"]
