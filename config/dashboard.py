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
    order_list, refund_list, stock_list, show_list = (
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in (Order, Refund, StockItem, StreamSession)
    )
    tiles = [
        (_("Paid, last 24 hours"), orders["paid"], f"{order_list}?state__exact=placed"),
        (_("Revenue, last 24 hours"), format_minor(orders["revenue"], settings.DEFAULT_CURRENCY), order_list),
        (_("To ship"), orders["to_ship"], f"{order_list}?state__exact=placed"),
        (_("Awaiting payment"), orders["unpaid"], f"{order_list}?state__exact=created"),
        (
            _("Refunds to send"),
            Refund.objects.filter(state=Refund.State.PENDING).count(),
            f"{refund_list}?state__exact=pending",
        ),
        (_("SKUs running short"), low, stock_list),
        (
            _("Shows on air"),
            StreamSession.objects.filter(state__in=StreamSession.ON_AIR).count(),
            show_list,
        ),
    ]
    open_to = {
        address
        for address, model in (
            (order_list, Order),
            (refund_list, Refund),
            (stock_list, StockItem),
            (show_list, StreamSession),
        )
        if admin.site.get_model_admin(model).has_view_or_change_permission(request)
    }
    context["tiles"] = [tile for tile in tiles if tile[2].partition("?")[0] in open_to]
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
