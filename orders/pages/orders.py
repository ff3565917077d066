"""The orders of a person or a browser: the list, each of them, and cancelling."""

import logging
import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inventory.exceptions import StockBusy
from orders import (
    access,
    aftersales,
    lifecycle,
    listing,
    payments,
    reading,
    receipts,
    refund_texts,
    state_labels,
    timeline,
)
from orders.exceptions import CursorRefused, ProviderAway, TransitionRefused
from orders.lifecycle import Event
from orders.models import Order, Payment
from shop import audit
from shop.models import User

logger = logging.getLogger(__name__)

ORDERS_A_PAGE = 10


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List what this person, or this browser, has ordered, archived or not."""
    asked = listing.Asked(
        buyer_id=request.user.pk if isinstance(request.user, User) else None, ids=access.ids(request.session)
    )
    try:
        page = listing.read(asked, limit=ORDERS_A_PAGE, cursor=request.GET.get("cursor", ""))
    except CursorRefused:
        return redirect("orders:orders")
    reading.add_pictures(page.orders)
    rows = [(order, state_labels.of(order)) for order in page.orders]
    return render(request, "orders/orders.html", {"rows": rows, "page": page, "now": timezone.now()})


@never_cache
@require_safe
def order(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """Show one order. Who comes with its word, as from the provider, is let in and sees the truth at once."""
    found = find(request, order_id)
    if "access" in request.GET:
        let_in(request, found)
        _ask_provider(found)
        return redirect(found)
    reading.add_pictures([found])
    refunds = list(receipts.list_refunds(found))
    context = {
        "order": found,
        "lines": found.lines.all(),
        "words": state_labels.of(found),
        "money_sentence": refund_texts.sentence(found, refunds),
        "money_back": refund_texts.read(found, refunds),
        "moments": timeline.read(found, refunds),
        "left_minor": sum(line.unit_price_minor * aftersales.refundable(line) for line in found.lines.all()),
        "can_cancel": lifecycle.can(found, Event.BUYER_CANCELS),
        "is_over": found.state == Order.State.CREATED and found.expires_at <= timezone.now(),
        "window_s": int((found.expires_at - found.created_at).total_seconds()),
        "is_cart_back": lifecycle.gives_cart_back(found),
        "access": access.token(found),
        "is_guest": found.buyer_id is None,
        "now": timezone.now(),
    }
    return render(request, "orders/order.html", context)


@require_POST
def cancel(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """Cancel an order that was not sent yet."""
    found = find(request, order_id)
    try:
        lifecycle.cancel(found.id, actor=audit.actor_of(request.user))
    except TransitionRefused:
        messages.warning(request, _("This order can't be cancelled any more."))
    except StockBusy:
        messages.warning(request, _("That did not work just now, and nothing was changed. Please try again."))
    return redirect(found)


def find(request: HttpRequest, order_id: uuid.UUID) -> Order:
    """Return an order to those who may see it. Raises Http404 for anybody else."""
    try:
        return access.find_order(
            order_id, user=request.user, session=request.session, access_token=request.GET.get("access", "")
        )
    except Order.DoesNotExist as error:
        raise Http404 from error


def let_in(request: HttpRequest, found: Order) -> None:
    """Have this browser see the order from now on without its word."""
    if not (isinstance(request.user, User) and found.buyer_id == request.user.pk):
        access.remember(request.session, found)


def _ask_provider(found: Order) -> None:
    """Fetch an open payment once: its webhook may be late. What can't be learnt now is learnt by the poller."""
    payment = found.payments.filter(state=Payment.State.OPEN).last()
    if payment is None:
        return
    try:
        payments.refresh(payment)
    except (ProviderAway, StockBusy, TransitionRefused) as error:
        logger.warning("payment %s not refreshed: %s", payment.ref, error)
