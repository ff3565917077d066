"""The receipt of an order, to print or to keep."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orders import receipts
from orders.pages.orders import find, let_in


@never_cache
@require_safe
def page(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """Show the receipt to whoever may see the order; one that was never paid has none, and its own page says so."""
    order = find(request, order_id)
    if "access" in request.GET:
        let_in(request, order)
        return redirect("orders:receipt", order_id=order.pk)
    receipt = receipts.read(order)
    if receipt is None:
        return redirect("orders:order", order_id=order.pk)
    return render(request, "orders/receipt.html", {"receipt": receipt, "order": order})
