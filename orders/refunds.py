"""Sending money back through the provider, and writing down what became of it.

A Refund is written only under its order's lock; what is here does what it says. No network call happens inside a
transaction.
"""

import logging

from django.db import transaction
from django.db.models.functions import Now

from orders.models import Payment, Refund
from orders.providers import Refunded, get_provider
from shop import audit, outbox

logger = logging.getLogger(__name__)


def send(refund: Refund) -> None:
    """Send a refund, or ask how one that was sent stands, and write down the answer. Raises ProviderAway."""
    record(refund, _ask(refund))


def ask_about_all(payment: Payment) -> list[tuple[Refund, Refunded]]:
    """Ask how a payment's refunds stand: one that was taken may still fail at the buyer's bank.

    Asking sends what the provider does not know. So one that it refused is left out for good, also once staff have
    paid the buyer another way and it is DONE: it keeps its `failure` until staff have it tried again.
    """
    refunds = payment.refunds.exclude(state=Refund.State.FAILED).filter(failure="").select_related("payment")
    return [(refund, _ask(refund)) for refund in refunds]


def _ask(refund: Refund) -> Refunded:
    """Send a refund, or hear how one that was sent stands."""
    payment = refund.payment
    return get_provider(payment.provider).refund(
        payment.ref, key=refund.key, amount_minor=refund.amount_minor, currency=refund.currency
    )


def record(refund: Refund, answer: Refunded) -> None:
    """Write down what became of a refund. A refusal for good waits for a person, and staff are told."""
    subject = f"order:{refund.payment.order_id}"
    facts = {"refund": str(refund.id), "amount_minor": refund.amount_minor, "currency": refund.currency}
    why = answer.why[:200] or "refused"
    with transaction.atomic():
        undecided = Refund.objects.filter(pk=refund.pk, attempt=refund.attempt)
        if answer.state == Refund.State.DONE:
            if undecided.filter(state=Refund.State.PENDING).update(state=answer.state, done_at=Now()):
                outbox.publish("refund.sent", subject, facts)
        elif answer.state == Refund.State.FAILED:
            failing = undecided.exclude(state=Refund.State.FAILED).filter(failure="")
            if failing.update(state=answer.state, failure=why, done_at=None):
                logger.error("refund %s of %s was refused: %s", refund.id, refund.payment, why)
                actor = f"provider:{refund.payment.provider}"
                audit.record(actor=actor, action="refund_refused", subject=subject, reason=why, **facts)
                outbox.publish("refund.refused", subject, facts)
