"""After the sale: money back for some units, and units that come back.

Both keep to the table of `orders.lifecycle` and leave the order's state; what they did stands on its lines. Each takes
the order's lock, then its stock's (docs/locking.md). Somebody who decides by what a page shows says so (`seen`): the
page may be old, and two who look at the same one would both pay.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import transaction

from inventory.reservations import Shelf
from inventory.transactions import after_commit
from orders import lifecycle, locks
from orders.exceptions import OrderChanged, TooManyUnits
from orders.lifecycle import Event, Stock
from orders.models import Order, OrderLine, Refund
from orders.signals import orders_changed
from shop import audit, outbox

Units = Mapping[str, int]


@dataclass(frozen=True)
class Seen:
    """What a page shows of an order: its state, and of each SKU the units paid back and taken back so far."""

    state: str
    paid_back: Units
    taken_back: Units


def look(order: Order) -> Seen:
    lines = order.lines.all()
    return Seen(
        str(order.state),
        {line.sku: line.refunded_units for line in lines},
        {line.sku: line.returned_units for line in lines},
    )


def refund(
    order_id: uuid.UUID,
    *,
    actor: str,
    lines: Units | None = None,
    reason: str = "",
    restock: bool = False,
    seen: Seen | None = None,
) -> Order:
    """Pay back units of a paid order (`lines`: SKU to units; None: all that were not paid back yet).

    Units that were not sent yet go back on sale, and the rest of the order is still sent; an order with nothing left
    to send is cancelled. Units that were sent return to the shelf only with `restock`. The money is owed from now on:
    `payment_follow_up.send_refunds` sends it.

    Raises OrderChanged if the order is not as it was `seen`, TransitionRefused, TooManyUnits, Order.DoesNotExist,
    StockBusy.
    """
    with transaction.atomic():
        order = _lock(order_id, seen)
        rule = lifecycle.rule_for(order, Event.REFUNDED)
        units = _choose(order, lines, left=refundable)
        if rule.stock is Stock.DROPPED and all(refundable(line) == units.get(line, 0) for line in order.lines.all()):
            lifecycle.advance([order], Event.STAFF_CANCELS, actor=actor, reason=reason)
            return order
        for line, quantity in units.items():
            line.refunded_units += quantity
            if rule.stock is Stock.DROPPED:
                line.dropped_units += quantity
        amount_minor = sum(line.unit_price_minor * quantity for line, quantity in units.items())
        _owe(order, amount_minor)
        _write(order, units, Event.REFUNDED, actor=actor, reason=reason, stock=rule.stock, amount_minor=amount_minor)
        if restock and rule.stock is not Stock.DROPPED:
            _take_back(order, units, actor=actor, reason=reason)
    return order


def take_back(
    order_id: uuid.UUID, *, actor: str, lines: Units | None = None, reason: str = "", seen: Seen | None = None
) -> Order:
    """Put units of an order that was sent (`lines`: SKU to units; None: all) back on their shelf. Raises as `refund`.

    No money moves: an exchange, or a refund made before.
    """
    with transaction.atomic():
        order = _lock(order_id, seen)
        lifecycle.rule_for(order, Event.RETURNED)
        _take_back(order, _choose(order, lines, left=returnable), actor=actor, reason=reason)
    return order


def refundable(line: OrderLine) -> int:
    """Return how many units of a line can still be paid back."""
    return line.quantity - line.refunded_units


def returnable(line: OrderLine) -> int:
    """Return how many units of a line were sent and can still come back."""
    return line.quantity - line.dropped_units - line.returned_units


def _lock(order_id: uuid.UUID, seen: Seen | None) -> Order:
    """Lock an order. Raises OrderChanged if it is not as it was seen."""
    order = locks.lock_order(order_id)
    if seen is not None and seen != look(order):
        raise OrderChanged(order)
    return order


def _take_back(order: Order, units: Mapping[OrderLine, int], *, actor: str, reason: str) -> None:
    rule = lifecycle.rule_for(order, Event.RETURNED)
    for line, quantity in units.items():
        if quantity > returnable(line):
            raise TooManyUnits(line.sku, quantity, returnable(line))
        line.returned_units += quantity
    _write(order, units, Event.RETURNED, actor=actor, reason=reason, stock=rule.stock)


def _choose(order: Order, lines: Units | None, *, left: Callable[[OrderLine], int]) -> dict[OrderLine, int]:
    """Return the order's lines with the units asked for. Raises TooManyUnits, for nothing at all too."""
    found = {line.sku: line for line in order.lines.all()}
    wanted = {sku: left(line) for sku, line in found.items()} if lines is None else lines
    for sku, quantity in wanted.items():
        most = left(found[sku]) if sku in found else 0
        if not 0 <= quantity <= most:
            raise TooManyUnits(sku, quantity, most)
    chosen = {found[sku]: quantity for sku, quantity in wanted.items() if quantity}
    if not chosen:
        raise TooManyUnits(order.number, 0, 0)
    return chosen


def _owe(order: Order, amount_minor: int) -> None:
    """Write down a refund from what was paid for the order, never more than is left of it."""
    for payment, left in lifecycle.money_left([order]).items():
        part = min(left, amount_minor)
        if part:
            Refund.objects.create(payment=payment, amount_minor=part, reason=Event.REFUNDED)
        amount_minor -= part


def _write(
    order: Order, units: Mapping[OrderLine, int], event: Event, *, actor: str, reason: str, stock: Stock, **facts: int
) -> None:
    """Move the units, write the lines, the audit entry and the outbox event; tell the pages after the commit."""
    lines = {line.sku: quantity for line, quantity in units.items()}
    with Shelf.open(holders=[order.holder]) as shelf:
        if stock is Stock.DROPPED:
            shelf.drop(order.holder, lines)
        elif stock is Stock.TAKEN_BACK:
            shelf.take_back(order.holder, lines, actor=actor)
    OrderLine.objects.bulk_update(units, ["refunded_units", "dropped_units", "returned_units"])
    audit.record(actor=actor, action=event, subject=order.holder, reason=reason, lines=lines, **facts)
    outbox.publish(f"order.{event}", order.holder, {"event": event, "lines": lines, **facts})
    after_commit(orders_changed.send_robust, sender=None, orders=[order])
