"""Sums over archived orders. One that the main database has, too, counts there."""

import logging
import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connections

from orders.archive.router import ALIAS
from orders.models import ArchivedOrder, Order

logger = logging.getLogger(__name__)

_SOLD = f"""
    SELECT archived.id, archived.total_minor, line ->> 'sku', (line ->> 'quantity')::int
    FROM {ArchivedOrder._meta.db_table} AS archived, jsonb_array_elements(archived.lines) AS line
    WHERE archived.session = %s AND archived.session <> '' AND archived.state = 'delivered'
"""  # noqa: S608 (our own table)

_BOUGHT = f"""
    SELECT archived.id, (line ->> 'quantity')::int
    FROM {ArchivedOrder._meta.db_table} AS archived, jsonb_array_elements(archived.lines) AS line
    WHERE archived.buyer_id = %s
        AND archived.state = 'delivered' AND (line ->> 'variant_id')::bigint = ANY(%s)
"""  # noqa: S608


@dataclass
class Sold:
    """What archived orders of a show sold; `units` by SKU."""

    orders: int = 0
    revenue_minor: int = 0
    units: Counter[str] = field(default_factory=Counter)


def sold(session: str) -> Sold:
    """Sum up what a show sold that is archived by now; nothing while the archive can't be read."""
    try:
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(_SOLD, [session])
            rows = cursor.fetchall()
    except (OperationalError, InterfaceError):
        logger.exception("the archive can't be read")
        return Sold()
    here = _in_main({order_id for order_id, *_ in rows})
    totals = {order_id: total for order_id, total, *_ in rows if order_id not in here}
    units: Counter[str] = Counter()
    for order_id, _, sku, quantity in rows:
        if order_id in totals:
            units[sku] += quantity
    return Sold(len(totals), sum(totals.values()), units)


def bought(*, buyer_id: int, variant_ids: Collection[int]) -> int:
    """Count the units of these variants in archived orders of an account. Raises OperationalError."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_BOUGHT, [buyer_id, list(variant_ids)])
        rows = cursor.fetchall()
    here = _in_main({order_id for order_id, _ in rows})
    return sum(quantity for order_id, quantity in rows if order_id not in here)


def _in_main(order_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of these orders that were brought back, or are about to be deleted."""
    if not order_ids:
        return set()
    return set(Order.objects.filter(pk__in=order_ids).values_list("pk", flat=True))
