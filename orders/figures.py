"""What a show sold. `session` is its slug."""

from collections import Counter
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Count, Q, Sum

from orders.archiving import sums
from orders.models import Order, OrderLine


@dataclass(frozen=True)
class SessionFigures:
    """`orders` are paid ones, `unpaid` await payment; `sold` and `held` are units by SKU."""

    orders: int
    unpaid: int
    revenue_minor: int
    currency: str
    sold: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)


def of_session(slug: str) -> SessionFigures:
    """Count a show's orders, units and revenue as they stand now, in three statements, or four."""
    orders = Order.objects.filter(session=slug).aggregate(
        paid=Count("pk", filter=Q(state__in=Order.PAID)),
        unpaid=Count("pk", filter=Q(state=Order.State.CREATED)),
        revenue=Sum("total_minor", filter=Q(state__in=Order.PAID), default=0),
    )
    units = (
        OrderLine.objects.filter(order__session=slug)
        .values_list("sku")
        .annotate(
            sold=Sum("quantity", filter=Q(order__state__in=Order.PAID), default=0),
            held=Sum("quantity", filter=Q(order__state=Order.State.CREATED), default=0),
        )
        .order_by()
    )
    rows = list(units)
    archived = sums.sold(slug)
    return SessionFigures(
        orders=orders["paid"] + archived.orders,
        unpaid=orders["unpaid"],
        revenue_minor=orders["revenue"] + archived.revenue_minor,
        currency=settings.DEFAULT_CURRENCY,
        sold=dict(archived.units + Counter({sku: sold for sku, sold, _ in rows if sold})),
        held={sku: held for sku, _, held in rows if held},
    )
