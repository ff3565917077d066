"""Payments: opened when the buyer goes to pay, believed only when fetched, settled under the order's lock.

No network call happens inside a transaction. Whatever tells us that a payment may have changed (a webhook, the buyer's
return, the poller) only makes us fetch it; `settle` then does what the order's table says, once.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.crypto import salted_hmac

from inventory.exceptions import StockBusy
from orders import access, locks
from orders.exceptions import ProviderAway, TransitionRefused
from orders.lifecycle import Event, advance
from orders.models import Order, Payment, ProviderEvent, Refund
from orders.providers import Fetched, get_provider

log = logging.getLogger(__name__)

T = TypeVar("T")
State = Payment.State
POLL_AFTER = timedelta(seconds=20)


def open_payment(order: Order) -> Payment:
    """Return the payment on whose page the buyer pays, opened with the provider at most once.

    Raises TransitionRefused if the order no longer waits for money, ProviderAway (try again).
    """
    if order.state != Order.State.CREATED:
        raise TransitionRefused(order.state, "pay")
    if payment := order.payments.filter(state=State.OPEN).first():
        return payment
    attempt = order.payments.count()
    # The same key for the same attempt, so that two clicks open one payment; not to be computed from the order's id.
    digest = salted_hmac("orders.payments", f"{order.id} {attempt}", algorithm="sha256").digest()
    key = uuid.UUID(bytes=digest[:16])
    opened = get_provider().open(
        key=str(key),
        amount_minor=order.total_minor,
        currency=order.currency,
        description=f"Order {order.number}",
        return_url=f"{settings.SITE_URL}{reverse('orders:order', args=[order.id])}?access={access.token(order)}",
    )
    payment, _ = Payment.objects.get_or_create(
        provider=settings.PAYMENT_PROVIDER,
        ref=opened.ref,
        defaults={
            "id": key,
            "order": order,
            "url": opened.url,
            "amount_minor": order.total_minor,
            "currency": order.currency,
        },
    )
    return payment


def refresh(payment: Payment) -> Payment:
    """Ask the provider how a payment stands, and settle it. Raises ProviderAway, StockBusy (try again)."""
    fetched = get_provider(payment.provider).fetch(payment.ref)
    return settle(payment, fetched)


def receive(provider_name: str, headers: Mapping[str, str], body: bytes) -> str:
    """Take a provider's webhook; return what came of it: `applied`, `duplicate` or `unknown payment`.

    The event is stored in the transaction of its effect, so that one that failed is taken again when it is sent again.
    Raises BadSignature, ProviderAway, StockBusy, KeyError for an unknown provider.
    """
    provider = get_provider(provider_name)
    event = provider.parse_event(headers, body)
    if ProviderEvent.objects.filter(provider=provider_name, event_id=event.event_id).exists():
        return "duplicate"
    payment = Payment.objects.filter(provider=provider_name, ref=event.ref).first()
    fetched = provider.fetch(event.ref) if payment else None
    outcome = "applied" if payment else "unknown payment"
    try:
        with transaction.atomic():
            ProviderEvent.objects.create(
                provider=provider_name,
                event_id=event.event_id,
                kind=event.kind,
                payment_ref=event.ref,
                outcome=outcome,
            )
            if payment and fetched:
                settle(payment, fetched)
    except IntegrityError:
        if not ProviderEvent.objects.filter(provider=provider_name, event_id=event.event_id).exists():
            raise
        return "duplicate"
    return outcome


def settle(payment: Payment, fetched: Fetched) -> Payment:
    """Apply what the provider says of a payment to its order. The same word twice has one effect.

    A wrong amount or currency changes no order: the money goes back and the log says so. Raises StockBusy.
    """
    with transaction.atomic():
        order = locks.lock_order(payment.order_id)
        payment.refresh_from_db()
        # "Open" is no news: a fetch that was slow must not undo what a quicker one has settled.
        if fetched.state in {payment.state, State.OPEN} or payment.state == State.SUCCEEDED:
            return payment
        payment.state = fetched.state
        if fetched.state == State.SUCCEEDED:
            payment.paid_minor, payment.paid_currency = fetched.amount_minor, fetched.currency
        payment.save(update_fields=["state", "paid_minor", "paid_currency", "changed_at"])
        actor = f"provider:{payment.provider}"
        if fetched.state == State.SUCCEEDED:
            if (fetched.amount_minor, fetched.currency) == (payment.amount_minor, payment.currency):
                advance([order], Event.PAID, actor=actor, payment=payment)
            else:
                log.error(
                    "payment %s: %s %s is not what was asked", payment.ref, fetched.amount_minor, fetched.currency
                )
                Refund.objects.create(payment=payment, amount_minor=fetched.amount_minor, reason="wrong_amount")
        elif fetched.state == State.FAILED:
            advance([order], Event.PAYMENT_FAILED, actor=actor, payment=payment)
    return payment


def poll(*, limit: int = 20) -> int:
    """Fetch open payments that nothing was heard of; return how many. Their webhooks may never have come."""
    silent = Payment.objects.filter(
        state=State.OPEN, order__state=Order.State.CREATED, changed_at__lt=Now() - POLL_AFTER
    ).order_by("changed_at")[:limit]
    for payment in silent:
        # Touched first, so that one the provider can't answer for does not stand in the way of the others.
        payment.save(update_fields=["changed_at"])
        _softly(refresh, payment)
    return len(silent)


def close_stale(*, limit: int = 50) -> int:
    """Close with the provider what nobody should pay any more; return how many were tried."""
    stale = Payment.objects.filter(state=State.OPEN).exclude(order__state=Order.State.CREATED)
    batch = list(stale.order_by("changed_at")[:limit])
    for payment in batch:
        # Touched first, as in `poll`: one that can't be closed must not stand in the way of the others.
        payment.save(update_fields=["changed_at"])
        _softly(_close, payment)
    return len(batch)


def send_refunds(*, limit: int = 50) -> int:
    """Send the refunds that are owed; return how many were tried. The provider does each once, by its key."""
    owed = Refund.objects.filter(state=Refund.State.PENDING).select_related("payment")
    batch = list(owed.order_by(F("tried_at").asc(nulls_first=True), "created_at")[:limit])
    for refund in batch:
        Refund.objects.filter(pk=refund.pk).update(tried_at=Now())
        _softly(_send_refund, refund)
    return len(batch)


def _close(payment: Payment) -> None:
    """Close, then fetch: the buyer may have paid in the last moment."""
    get_provider(payment.provider).close(payment.ref)
    refresh(payment)


def _send_refund(refund: Refund) -> None:
    payment = refund.payment
    get_provider(payment.provider).refund(payment.ref, key=str(refund.id), amount_minor=refund.amount_minor)
    Refund.objects.filter(pk=refund.pk, state=Refund.State.PENDING).update(state=Refund.State.DONE, done_at=Now())


def _softly(call: Callable[[T], object], subject: T) -> None:
    """Do one of many: what can't be done now is tried again at the next run, and holds up no other."""
    try:
        call(subject)
    except (ProviderAway, StockBusy, TransitionRefused) as error:
        log.warning("%s: %s %s", subject, type(error).__name__, error)
