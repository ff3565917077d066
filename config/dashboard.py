"""The admin's first page: what sells today, what waits, what runs short."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.admin import LOW_STOCK
from inventory.models import StockItem
from orders.models import Order, Refund
from shop.money import format_minor
from streams.models import StreamSession

NEWEST = 8


def figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add today's figures and the newest orders to the page, in five statements."""
    since = timezone.now() - timedelta(days=1)
    paid = Q(state__in=Order.PAID, placed_at__gte=since)
    orders = Order.objects.aggregate(
        paid=Count("pk", filter=paid),
        revenue=Sum("total_minor", filter=paid, default=0),
        unpaid=Count("pk", filter=Q(state=Order.State.CREATED)),
        to_ship=Count("pk", filter=Q(state=Order.State.PLACED)),
    )
    low = (
        StockItem.objects.order_by()
        .values("sku")
        .annotate(left=Sum("available"))
        .filter(left__gt=0, left__lte=LOW_STOCK)
        .count()
    )
    order_list = reverse("admin:orders_order_changelist")
    context["tiles"] = [
        (_("Paid, last 24 hours"), orders["paid"], f"{order_list}?state__exact=placed"),
        (_("Revenue, last 24 hours"), format_minor(orders["revenue"], settings.DEFAULT_CURRENCY), order_list),
        (_("To ship"), orders["to_ship"], f"{order_list}?state__exact=placed"),
        (_("Awaiting payment"), orders["unpaid"], f"{order_list}?state__exact=created"),
        (
            _("Refunds to send"),
            Refund.objects.filter(state=Refund.State.PENDING).count(),
            reverse("admin:orders_refund_changelist") + "?state__exact=pending",
        ),
        (_("SKUs running short"), low, reverse("admin:inventory_stockitem_changelist")),
        (
            _("Shows on air"),
            StreamSession.objects.filter(state__in=StreamSession.ON_AIR).count(),
            reverse("admin:streams_streamsession_changelist"),
        ),
    ]
    context["newest_orders"] = [
        (
            order.number,
            order.get_state_display(),
            format_minor(order.total_minor, order.currency),
            order.email,
            order.created_at,
            reverse("admin:orders_order_change", args=[order.pk]),
        )
        for order in Order.objects.order_by("-created_at")[:NEWEST]
    ]
    context["has_figures"] = admin.site.has_permission(request) and request.user.has_perm("orders.view_order")
    return context
