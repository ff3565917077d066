"""The way to the provider: its own page, or ours with its card form."""

import logging
import uuid

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from inventory.exceptions import StockBusy
from orders import access, payments
from orders.exceptions import ProviderAway, ProviderRefused, TransitionRefused
from orders.models import Order, Payment
from orders.pages.orders import find, let_in
from orders.providers import stripe

logger = logging.getLogger(__name__)

AWAY_RETRY_S = 5

STRIPE_POLICY = {
    "script-src": ["https://js.stripe.com", "https://*.js.stripe.com"],
    "frame-src": ["https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"],
    "connect-src": ["https://api.stripe.com"],
    "img-src": ["https://*.stripe.com"],
}
"""What Stripe.js asks for, on the page with its card form and nowhere else."""


@never_cache
@require_safe
def page(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """Open the payment with the provider, once, and go where it is paid."""
    order = find(request, order_id)
    if "access" in request.GET:
        let_in(request, order)
    try:
        payment = payments.open_payment(order)
    except TransitionRefused:
        return redirect(order)
    except ProviderRefused as refusal:
        logger.error("the provider refuses to open a payment of %s: %s", order, refusal)
        return render(request, "orders/provider_refused.html", {"order": order, "now": timezone.now()}, status=502)
    except (ProviderAway, StockBusy) as error:
        return _away(request, order, error)
    return redirect(payment.url)


@csp_update(STRIPE_POLICY)  # type: ignore[arg-type]
@never_cache
@require_safe
def card(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """Show Stripe's card form. What is typed there goes to Stripe alone."""
    order = find(request, order_id)
    payment = order.payments.filter(provider="stripe", state=Payment.State.OPEN).last()
    if order.state != Order.State.CREATED or order.expires_at <= timezone.now():
        return redirect(order)
    if payment is None:
        return redirect("orders:pay", order.id)
    try:
        secret = stripe.client_secret(payment.ref)
    except ProviderAway as error:
        return _away(request, order, error)
    back = f"{settings.SITE_URL}{reverse('orders:order', args=[order.id])}?access={access.token(order)}"
    context = {
        "order": order,
        "card": {"key": settings.STRIPE_PUBLISHABLE_KEY, "secret": secret, "back": back},
        "stripe_js": stripe.SCRIPT_URL,
        "now": timezone.now(),
    }
    response = render(request, "orders/card.html", context)
    response["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"  # a bank or a wallet may open one
    return response


def _away(request: HttpRequest, order: Order, error: Exception) -> HttpResponse:
    logger.warning("payment of %s not opened: %s %s", order, type(error).__name__, error)
    response = render(request, "orders/provider_away.html", {"order": order, "now": timezone.now()}, status=503)
    response["Retry-After"] = str(AWAY_RETRY_S)
    return response
