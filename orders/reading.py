"""Finds orders wherever they are: in the main database first, then in the archive. Readers know no difference."""

import uuid
from collections.abc import Sequence

from django.db.models import Prefetch, prefetch_related_objects

from orders.archive import as_order
from orders.models import ArchivedOrder, Order
from shop.models import Variant


def get_order(order_id: uuid.UUID) -> Order:
    """Return an order; an archived one with its lines at hand. Raises Order.DoesNotExist."""
    # Back to where we began: one that was brought back meanwhile is in neither place for those who look once.
    order = _find_here(order_id) or _find_archived(order_id) or _find_here(order_id)
    if order is None:
        raise Order.DoesNotExist
    return order


def add_pictures(orders: Sequence[Order]) -> None:
    """Read the lines of orders (where they are not at hand), with what they are of and its pictures."""
    _add_lines(orders)
    # Of all lines at once: by way of their orders, those of archived ones would be left out beside others.
    lines = [line for order in orders for line in order.lines.all()]
    variants = Prefetch("variant", Variant.objects.select_related("product", "picture"))
    prefetch_related_objects(lines, variants, "variant__product__pictures")


def add_money(orders: Sequence[Order]) -> None:
    """Read the lines of orders (where they are not at hand), their payments and refunds."""
    _add_lines(orders)
    prefetch_related_objects(orders, "payments__refunds")


def _add_lines(orders: Sequence[Order]) -> None:
    prefetch_related_objects(orders, "lines")


def _find_here(order_id: uuid.UUID) -> Order | None:
    return Order.objects.filter(pk=order_id).first()


def _find_archived(order_id: uuid.UUID) -> Order | None:
    archived = ArchivedOrder.objects.filter(pk=order_id).order_by("-terminal_at").first()
    return as_order.make(archived) if archived else None
