"""An archived order as an Order in memory, so that pages, answers and receipts know no difference."""

from collections.abc import Mapping
from typing import Any

from orders.models import ArchivedOrder, Order, OrderLine

COLUMNS = [field.attname for field in Order._meta.local_concrete_fields if field.attname not in Order.NOT_ARCHIVED]


def make(archived: ArchivedOrder) -> Order:
    """Return the order, its lines at hand as if they were prefetched. It stands for itself: never save it."""
    order = Order(**{column: getattr(archived, column) for column in COLUMNS})
    lines = order.lines.all()
    # As Django's own prefetching does it.
    lines._result_cache = [_line(order, row) for row in archived.lines]
    lines._prefetch_done = True  # type: ignore[attr-defined]
    order._prefetched_objects_cache = {"lines": lines}  # type: ignore[attr-defined]
    return order


def _line(order: Order, row: Mapping[str, Any]) -> OrderLine:
    """Read a line. A column that is newer than the copy has its default; one that is no more is left out."""
    fields = {field.attname: field for field in OrderLine._meta.local_concrete_fields}
    values = {column: fields[column].to_python(value) for column, value in row.items() if column in fields}
    return OrderLine(**values, order=order)
