"""{% load unpaid %}{% unpaid_orders_bar %}: orders that await payment, in sight on every page."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.template import RequestContext
from django.utils import timezone

from orders import access
from orders.models import Order

register = template.Library()

SHOWN_MAX = 3
OWN_PAGES = {"orders:order", "orders:pay", "orders:card"}
PAGES_WITHOUT = {"orders:orders", "orders:sandbox"}


@register.inclusion_tag("orders/_unpaid_bar.html", takes_context=True)
def unpaid_orders_bar(context: RequestContext) -> dict[str, Any]:
    """Show this person's or browser's unpaid orders, the most urgent first: one query, none for passers-by.

    The orders' own pages show them already, and the provider's page is not the shop's. On error pages, which may come
    without a request, there is no bar.
    """
    request: HttpRequest | None = context.get("request")
    if request is None or not hasattr(request, "session") or not hasattr(request, "user"):
        return {"orders": []}
    if not access.may_have_orders(request.user, request.session):
        return {"orders": []}
    match = request.resolver_match
    if match and match.view_name in PAGES_WITHOUT:
        return {"orders": []}
    now = timezone.now()
    unpaid = access.list_orders(request.user, request.session).filter(state=Order.State.CREATED, expires_at__gt=now)
    if match and match.view_name in OWN_PAGES:
        unpaid = unpaid.exclude(pk=match.kwargs["order_id"])
    return {
        "orders": list(unpaid.order_by("expires_at")[:SHOWN_MAX]),
        "now": now,
        "csp_nonce": context.get("csp_nonce", ""),
    }
