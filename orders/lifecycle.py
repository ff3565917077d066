"""How an order changes: one table, applied under the order's lock.

Every change takes its stock effect, its audit entry, its outbox event and what is owed to the buyer in one
transaction; the quick news goes out after the commit. Refunds by line and returns: `orders.aftersales`.
"""

import enum
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce

from inventory import delivery
from inventory.reservations import Shelf
from inventory.transactions import after_commit
from orders import caps, clock, locks
from orders.exceptions import TransitionRefused
from orders.models import Order, OrderFacts, OrderLine, Payment, Refund
from orders.signals import orders_changed
from shop import audit, bulk_insert, cart, outbox

State = OrderFacts.State
Reason = OrderFacts.CancelReason


class Event(enum.StrEnum):
    """What can happen to an order after it was placed in the book."""

    PAID = "paid"
    PAYMENT_FAILED = "payment_failed"
    EXPIRED = "expired"
    BUYER_CANCELS = "buyer_cancels"
    STAFF_CANCELS = "staff_cancels"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    REFUNDED = "refunded"
    RETURNED = "returned"


class Stock(enum.Enum):
    """What a change does to the order's units."""

    STAYS = enum.auto()
    COMMITTED = enum.auto()
    RELEASED = enum.auto()
    FULFILLED = enum.auto()
    HELD_AGAIN = enum.auto()
    """Held and committed at once if every line still can be; else the rule is not applied and the money goes back."""
    DROPPED = enum.auto()
    """Some committed units go back on sale."""
    TAKEN_BACK = enum.auto()
    """Some shipped units return to their shelf."""


@dataclass(frozen=True)
class Rule:
    """`becomes` None: the state stays. `refund`: the money in question goes back."""

    becomes: State | None
    stock: Stock = Stock.STAYS
    cancel_reason: Reason | None = None
    refund: bool = False


UNCHANGED = Rule(None)
MONEY_BACK = Rule(None, refund=True)
TAKEN_BACK = Rule(None, Stock.TAKEN_BACK)

RULES: dict[tuple[State, Event], Rule] = {
    (State.CREATED, Event.PAID): Rule(State.PLACED, Stock.COMMITTED),
    (State.CREATED, Event.PAYMENT_FAILED): Rule(State.CANCELLED, Stock.RELEASED, Reason.PAYMENT_FAILED),
    (State.CREATED, Event.EXPIRED): Rule(State.CANCELLED, Stock.RELEASED, Reason.EXPIRED),
    (State.CREATED, Event.BUYER_CANCELS): Rule(State.CANCELLED, Stock.RELEASED, Reason.BY_BUYER),
    (State.CREATED, Event.STAFF_CANCELS): Rule(State.CANCELLED, Stock.RELEASED, Reason.BY_STAFF),
    #
    (State.PLACED, Event.PAID): MONEY_BACK,
    (State.PLACED, Event.PAYMENT_FAILED): UNCHANGED,
    (State.PLACED, Event.EXPIRED): UNCHANGED,
    (State.PLACED, Event.BUYER_CANCELS): Rule(State.CANCELLED, Stock.RELEASED, Reason.BY_BUYER, refund=True),
    (State.PLACED, Event.STAFF_CANCELS): Rule(State.CANCELLED, Stock.RELEASED, Reason.BY_STAFF, refund=True),
    (State.PLACED, Event.SHIPPED): Rule(State.IN_TRANSIT, Stock.FULFILLED),
    (State.PLACED, Event.REFUNDED): Rule(None, Stock.DROPPED, refund=True),
    #
    (State.IN_TRANSIT, Event.PAID): MONEY_BACK,
    (State.IN_TRANSIT, Event.PAYMENT_FAILED): UNCHANGED,
    (State.IN_TRANSIT, Event.EXPIRED): UNCHANGED,
    (State.IN_TRANSIT, Event.DELIVERED): Rule(State.DELIVERED),
    (State.IN_TRANSIT, Event.REFUNDED): MONEY_BACK,
    (State.IN_TRANSIT, Event.RETURNED): TAKEN_BACK,
    #
    (State.DELIVERED, Event.PAID): MONEY_BACK,
    (State.DELIVERED, Event.PAYMENT_FAILED): UNCHANGED,
    (State.DELIVERED, Event.EXPIRED): UNCHANGED,
    (State.DELIVERED, Event.REFUNDED): MONEY_BACK,
    (State.DELIVERED, Event.RETURNED): TAKEN_BACK,
    #
    (State.CANCELLED, Event.PAID): MONEY_BACK,  # but see LATE_SUCCESS
    (State.CANCELLED, Event.PAYMENT_FAILED): UNCHANGED,
    (State.CANCELLED, Event.EXPIRED): UNCHANGED,
}
"""What is not in the table is refused. A second success is one of another payment: see `payments.settle`."""

LAPSED = (Reason.PAYMENT_FAILED, Reason.EXPIRED)

LATE_SUCCESS = Rule(State.PLACED, Stock.HELD_AGAIN)
"""Success for an order that lapsed by itself: its buyer still wants it, so it is held again if it can be.

Not for one whose buyer was erased: there is nowhere to send it.
"""

TERMINAL = {State.DELIVERED, State.CANCELLED}


def cancel(order_id: uuid.UUID, *, actor: str, by_staff: bool = False, reason: str = "") -> Order:
    """Cancel an unpaid or paid order that was not shipped; units go back, and so does money.

    Raises TransitionRefused, Order.DoesNotExist, StockBusy.
    """
    event = Event.STAFF_CANCELS if by_staff else Event.BUYER_CANCELS
    return _advance_one(order_id, event, actor=actor, reason=reason)


def ship(order_id: uuid.UUID, *, actor: str) -> Order:
    """Say that a paid order has left the building. Raises as `cancel`."""
    return _advance_one(order_id, Event.SHIPPED, actor=actor)


def deliver(order_id: uuid.UUID, *, actor: str) -> Order:
    """Say that an order on its way has arrived. Raises as `cancel`."""
    return _advance_one(order_id, Event.DELIVERED, actor=actor)


def can(order: Order, event: Event) -> bool:
    """Whether the table lets this order do that, as far as one can know without its lock."""
    return RULES.get((State(order.state), event), UNCHANGED) != UNCHANGED


def advance(
    orders: Sequence[Order], event: Event, *, actor: str, reason: str = "", payment: Payment | None = None
) -> None:
    """Apply one event to orders that the caller has locked (`orders.locks`), all their stock locked by one call.

    `payment` is the one that a PAID or PAYMENT_FAILED speaks of. The orders passed in are changed and saved.

    Raises TransitionRefused (for the first order whose state does not know the event) or StockBusy.
    """
    now = clock.now()
    groups: dict[Rule, list[Order]] = defaultdict(list)
    for order in orders:
        groups[rule_for(order, event)].append(order)
    late = groups.pop(LATE_SUCCESS, [])
    _move_carts(groups, late)
    over_cap = caps.find_over(late) if late else set()  # its locks come before the stock's
    skus = {line.sku for order in late for line in order.lines.all()}
    with Shelf.open(skus=skus, holders=[order.holder for order in orders]) as shelf:
        for order in late:
            is_held = order.pk not in over_cap and _hold_again(shelf, order, now)
            groups[LATE_SUCCESS if is_held else MONEY_BACK].append(order)
        for rule, group in groups.items():
            _move_stock(shelf, group, rule, actor)
            owed = _owe(group, event, payment) if rule.refund else {}
            _write(group, event, rule, actor=actor, reason=reason, now=now, owed=owed)


def gives_cart_back(order: Order) -> bool:
    """Whether what was taken out of a cart for this order is there again: nobody wished it away."""
    return order.cart is not None and order.cancel_reason in LAPSED


def _move_carts(groups: Mapping[Rule, Sequence[Order]], late: Sequence[Order]) -> None:
    """Give the carts of lapsing orders back, and take again what a late success pays for; before stock is locked."""
    lapsing = [order for rule, group in groups.items() if rule.cancel_reason in LAPSED for order in group]
    cart.put_back(_from_carts(lapsing))
    cart.take_again(_from_carts(late))


def _from_carts(orders: Sequence[Order]) -> dict[uuid.UUID, dict[int, int]]:
    """Return the units of these orders that came out of a cart, by the cart's key and the variant."""
    units: dict[uuid.UUID, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    carts = {order.pk: order.cart for order in orders if order.cart}
    for line in OrderLine.objects.filter(order__in=carts) if carts else []:
        key = carts[line.order_id]
        if key and line.variant_id:
            units[key][line.variant_id] += line.quantity
    return units


def _advance_one(order_id: uuid.UUID, event: Event, *, actor: str, reason: str = "") -> Order:
    with transaction.atomic():
        order = locks.lock_order(order_id)
        advance([order], event, actor=actor, reason=reason)
    return order


def rule_for(order: Order, event: Event) -> Rule:
    """Return what this event does to a locked order. Raises TransitionRefused if its state does not know the event."""
    lapsed = order.cancel_reason in LAPSED
    if event is Event.PAID and lapsed and not order.is_erased:
        return LATE_SUCCESS
    rule = RULES.get((State(order.state), event))
    if rule is None:
        raise TransitionRefused(order.state, event)
    return rule


def _hold_again(shelf: Shelf, order: Order, now: datetime) -> bool:
    """Hold and commit every line of a lapsed order, to be delivered from where they are now, or nothing."""
    routes = delivery.routes(postal_code=order.postal_code, country=order.country, now=now)
    wanted = {line.sku: line.quantity for line in order.lines.all()}
    if shelf.hold_paid(order.holder, wanted, warehouses=[route.warehouse_id for route in routes]):
        return False
    used = shelf.warehouses_of(order.holder)
    order.delivery_on = max(route.delivery_on for route in routes if route.warehouse_id in used)
    return True


def _move_stock(shelf: Shelf, orders: Sequence[Order], rule: Rule, actor: str) -> None:
    holders = [order.holder for order in orders]
    match rule.stock:
        case Stock.COMMITTED:
            shelf.commit(holders)
        case Stock.RELEASED:
            shelf.release(holders)
        case Stock.FULFILLED:
            shelf.fulfil(holders, actor=actor)
        case Stock.STAYS | Stock.HELD_AGAIN | Stock.DROPPED | Stock.TAKEN_BACK:
            pass  # nothing moves, or has moved already


def _write(
    orders: Sequence[Order],
    event: Event,
    rule: Rule,
    *,
    actor: str,
    reason: str,
    now: datetime,
    owed: Mapping[str, int],
) -> None:
    """Write the new state of orders that one rule applies to, and who did it; one statement each."""
    if rule is UNCHANGED or not orders:
        return
    before = {order.holder: str(order.state) for order in orders}
    if rule.becomes is not None:
        written: dict[str, Any] = {
            "state": rule.becomes,
            "cancel_reason": rule.cancel_reason or "",
            "terminal_at": now if rule.becomes in TERMINAL else None,
        }
        if rule.becomes is State.PLACED:
            written["placed_at"] = now
        for order in orders:
            vars(order).update(written)
        Order.objects.filter(pk__in=[order.pk for order in orders]).update(**written)
        if rule is LATE_SUCCESS:  # each is delivered on a day of its own
            Order.objects.bulk_update(orders, ["delivery_on"])
        after_commit(orders_changed.send_robust, sender=None, orders=tuple(orders))
    changes = {order.holder: {"before": before[order.holder], "after": str(order.state)} for order in orders}
    topic = f"order.{rule.becomes}" if rule.becomes else "payment.returned"
    news = {
        order.holder: {
            "event": event,
            "before": before[order.holder],
            "cancel_reason": order.cancel_reason,
            "refund_minor": owed.get(order.holder, 0),
        }
        for order in orders
    }
    bulk_insert.insert(
        outbox.make_all(topic, news), audit.make_all(actor=actor, action=event, subjects=changes, reason=reason)
    )


def _owe(orders: Sequence[Order], event: Event, payment: Payment | None) -> dict[str, int]:
    """Write down what goes back, the payment in question or all that is left of what was paid; return it summed."""
    left = money_left(orders)
    owed = [each for each in left if payment in (None, each)]
    Refund.objects.bulk_create([Refund(payment=each, amount_minor=left[each], reason=event) for each in owed])
    sums: dict[str, int] = defaultdict(int)
    for each in owed:
        sums[f"order:{each.order_id}"] += left[each]
    return sums


def money_left(orders: Sequence[Order]) -> dict[Payment, int]:
    """Return the payments of these orders that we still have money of, and how much, in minor units.

    `payment_follow_up.send_refunds` sends what a Refund says; one is written only under the order's lock.
    """
    gone = Coalesce(Sum("refunds__amount_minor"), 0)
    paid = Payment.objects.filter(order__in=orders, state=Payment.State.SUCCEEDED).annotate(gone=gone)
    return {each: left for each in paid.order_by("created_at") if (left := (each.paid_minor or 0) - each.gone) > 0}
