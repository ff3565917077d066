"""Payments: opened when the buyer goes to pay, believed only when fetched, settled under the order's lock.

No network call happens inside a transaction. Whatever tells us that a payment may have changed (a webhook, the buyer's
return, the poller) only makes us fetch it; `settle` then does what the order's table says, once.
docs/payments.md has each race and its end.
"""

import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.crypto import salted_hmac

from orders import access, locks, refunds
from orders.exceptions import ProviderRefused, TransitionRefused
from orders.lifecycle import Event, advance
from orders.models import Order, Payment, ProviderEvent, Refund
from orders.providers import Fetched, get_provider
from shop import audit, outbox
from shop.models import AuditEntry

logger = logging.getLogger(__name__)

State = Payment.State
REFUSED = "payment_refused"
FIRST_LOOK = timedelta(seconds=30)

# What a provider's word changes, by what we know. "Open" changes nothing: a slow fetch must not undo what a quicker
# one has settled. After a failure or a close only money is news, and money taken back is a contradiction.
NEWS: dict[State, set[State]] = {
    State.OPEN: {State.SUCCEEDED, State.FAILED, State.CLOSED},
    State.FAILED: {State.SUCCEEDED},
    State.CLOSED: {State.SUCCEEDED},
    State.SUCCEEDED: {State.FAILED, State.CLOSED},
}


def open_payment(order: Order) -> Payment:
    """Return the payment on whose page the buyer pays, opened with the provider at most once.

    Raises TransitionRefused if the order no longer waits for money, ProviderAway and StockBusy (try again),
    ProviderRefused (trying again is no help; the shop is told).
    """
    if order.state != Order.State.CREATED:
        raise TransitionRefused(order.state, "pay")
    if payment := order.payments.filter(state=State.OPEN).first():
        return payment
    attempt = order.payments.count()
    # The same key for the same attempt, so that two clicks open one payment, and one whose answer we did not get is
    # found again; not to be computed from the order's id.
    digest = salted_hmac("orders.payments", f"{order.id} {attempt}", algorithm="sha256").digest()
    key = uuid.UUID(bytes=digest[:16])
    word = f"?access={access.token(order)}"
    try:
        opened = get_provider().open(
            key=str(key),
            amount_minor=order.total_minor,
            currency=order.currency,
            description=f"Order {order.number}",
            return_url=f"{settings.SITE_URL}{reverse('orders:order', args=[order.id])}{word}",
            form_url=f"{settings.SITE_URL}{reverse('orders:card', args=[order.id])}",
        )
    except ProviderRefused as refusal:
        _note_refusal(order, str(refusal))
        raise
    with transaction.atomic():
        order = locks.lock_order(order.id)
        # Written down even for an order that ended meanwhile: what is not known can't be closed.
        payment, _ = Payment.objects.get_or_create(
            provider=settings.PAYMENT_PROVIDER,
            ref=opened.ref,
            defaults={
                "id": key,
                "order": order,
                "url": opened.url,
                "amount_minor": order.total_minor,
                "currency": order.currency,
                "next_look_at": Now() + FIRST_LOOK,
            },
        )
    if order.state != Order.State.CREATED:
        raise TransitionRefused(order.state, "pay")
    return payment


def _note_refusal(order: Order, why: str) -> None:
    """Tell the shop, once for each order, that the provider will not take its payment. Twice is safe."""
    with transaction.atomic():
        order = locks.lock_order(order.id)
        if AuditEntry.objects.filter(subject=order.holder, action=REFUSED).exists():
            return
        facts = {"amount_minor": order.total_minor, "currency": order.currency}
        actor = f"provider:{settings.PAYMENT_PROVIDER}"
        audit.record(actor=actor, action=REFUSED, subject=order.holder, reason=why[:200], **facts)
        outbox.publish("payment.refused", order.holder, facts)


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
    refunded = refunds.ask_about_all(payment) if payment and "refund" in event.kind else []
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
            for refund, answer in refunded:
                refunds.record(refund, answer)
    except IntegrityError:
        if not ProviderEvent.objects.filter(provider=provider_name, event_id=event.event_id).exists():
            raise
        return "duplicate"
    return outcome


def settle(payment: Payment, fetched: Fetched) -> Payment:
    """Apply what the provider says of a payment to its order. The same word twice has one effect.

    A success is final, and the only word that is believed after any other: money may come late, after a failure or a
    close. A wrong amount or currency changes no order: the money goes back, and staff are told. Raises StockBusy.
    """
    if not _is_news(payment, fetched):
        return payment  # and an archived order stays where it is
    with transaction.atomic():
        order = locks.lock_order(payment.order_id)
        payment.refresh_from_db()
        if not _is_news(payment, fetched):
            return payment
        if payment.state == State.SUCCEEDED:
            _note_contradiction(order, payment, fetched)
            return payment
        payment.state = fetched.state
        if fetched.state == State.SUCCEEDED:
            payment.paid_minor, payment.paid_currency = fetched.amount_minor, fetched.currency
            payment.next_look_at = None
        payment.save(update_fields=["state", "paid_minor", "paid_currency", "next_look_at", "changed_at"])
        _apply(order, payment)
    return payment


def _is_news(payment: Payment, fetched: Fetched) -> bool:
    return fetched.state in NEWS[State(payment.state)]


def _apply(order: Order, payment: Payment) -> None:
    """Do to a locked order what its payment's new state says."""
    actor = f"provider:{payment.provider}"
    if payment.state == State.SUCCEEDED:
        if (payment.paid_minor, payment.paid_currency) == (payment.amount_minor, payment.currency):
            advance([order], Event.PAID, actor=actor, payment=payment)
        else:
            _send_back_wrong_money(order, payment, actor=actor)
    elif payment.state == State.FAILED and not order.payments.filter(state=State.OPEN).exists():
        # With another payment still open, the buyer is busy paying.
        advance([order], Event.PAYMENT_FAILED, actor=actor, payment=payment)


def _send_back_wrong_money(order: Order, payment: Payment, *, actor: str) -> None:
    facts = {
        "event": "wrong_money",
        "asked": f"{payment.amount_minor} {payment.currency}",
        "paid": f"{payment.paid_minor} {payment.paid_currency}",
    }
    logger.error("payment %s: %s is not what was asked, %s", payment.ref, facts["paid"], facts["asked"])
    if payment.paid_minor:
        Refund.objects.create(payment=payment, amount_minor=payment.paid_minor, reason="wrong_money")
    audit.record(actor=actor, action="wrong_money", subject=order.holder, payment=payment.ref, **facts)
    outbox.publish(
        "payment.returned",
        order.holder,
        {
            **facts,
            "before": order.state,
            "cancel_reason": order.cancel_reason,
            "refund_minor": payment.paid_minor,
            "refund_currency": payment.paid_currency,
        },
    )


def _note_contradiction(order: Order, payment: Payment, fetched: Fetched) -> None:
    """A provider takes its success back: the order stays as it is, and people are told to look into it."""
    logger.error("payment %s was %s, and is %s now; the order stays", payment.ref, payment.state, fetched.state)
    audit.record(
        actor=f"provider:{payment.provider}",
        action="success_denied",
        subject=order.holder,
        payment=payment.ref,
        now=str(fetched.state),
    )
    outbox.publish("payment.denied", order.holder, {"payment": payment.ref, "now": str(fetched.state)})
