"""Payments, refunds, and what providers have told."""

import uuid

from django.db import models
from django.db.models import Q

from orders.models.orders import Order
from shop.currencies import CurrencyField, is_listed


class Payment(models.Model):
    """One attempt to pay one order with one provider. The provider's word on it is fetched, never guessed."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SUCCEEDED = "succeeded", "Paid"
        FAILED = "failed", "Failed"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without a constraint: payments stay when their order moves to the archive, and refer to it by its id.
    order = models.ForeignKey(Order, on_delete=models.DO_NOTHING, db_constraint=False, related_name="payments")
    provider = models.TextField()
    ref = models.TextField(help_text="the provider's name for it")
    url = models.TextField(help_text="the provider's hosted page")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    amount_minor = models.PositiveBigIntegerField()
    currency = CurrencyField()
    paid_minor = models.PositiveBigIntegerField(null=True, blank=True, help_text="what the provider says it took")
    paid_currency = CurrencyField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    next_look_at = models.DateTimeField(
        null=True, blank=True, help_text="when the provider is asked again; empty: nothing can come of it any more"
    )
    close_asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "ref"], name="payment_ref_unique"),
            is_listed("currency", name="payment_currency_listed"),
            is_listed("paid_currency", name="payment_paid_currency_listed", may_be_empty=True),
        ]
        indexes = [
            # payment_follow_up.poll: whom to ask about
            models.Index(fields=["next_look_at"], name="payment_due", condition=Q(next_look_at__isnull=False)),
            # payment_follow_up.close_stale: what may be open for an order that is over
            models.Index(
                fields=["created_at"], name="payment_unclosed", condition=Q(state="open", close_asked_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.ref}"


class Refund(models.Model):
    """Money owed back to a buyer; `PENDING` until the provider has taken it. One that FAILED waits for a person."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "Done"
        FAILED = "failed", "Refused by the provider"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount_minor = models.PositiveBigIntegerField()
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="how often staff had a refused one tried again")
    failure = models.TextField(blank=True, help_text="why the provider refused it, in its words")
    created_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="refund_pending", condition=Q(state="pending"))]

    def __str__(self) -> str:
        return f"{self.amount_minor} of {self.payment_id}"

    @property
    def key(self) -> str:
        """The word under which the provider does it once."""
        return f"{self.id}-{self.attempt}" if self.attempt else str(self.id)

    @property
    def currency(self) -> str:
        """The money that came, which is not always the one that was asked for."""
        return self.payment.paid_currency or self.payment.currency


class ProviderEvent(models.Model):
    """One thing a provider told us, stored in the transaction of its effect; unique, so that twice is once."""

    provider = models.TextField()
    event_id = models.TextField()
    kind = models.TextField()
    payment_ref = models.TextField()
    outcome = models.TextField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="provider_event_unique")]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"
