"""The tables of the sandbox provider: what a real one would keep on its side."""

from django.db import models
from django.db.models import F, Q

from inventory.json_fields import ShapedJSONField, Texts
from shop.currencies import CurrencyField, is_listed

SWITCHES = Texts()


class SandboxPayment(models.Model):
    """The sandbox provider's own book: what a real provider would keep on its side."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SUCCEEDED = "succeeded", "Paid"
        FAILED = "failed", "Declined"
        CLOSED = "closed", "Closed"

    ref = models.CharField(max_length=40, primary_key=True)
    amount_minor = models.PositiveBigIntegerField()
    currency = CurrencyField()
    charged_minor = models.PositiveBigIntegerField(default=0, help_text="what was taken, right or wrong")
    charged_currency = CurrencyField(blank=True)
    refunded_minor = models.PositiveBigIntegerField(default=0)
    description = models.TextField()
    return_url = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    switches = ShapedJSONField(
        default=list, validators=[SWITCHES], help_text="what was to happen, see orders.providers.sandbox.switches"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    then_state = models.CharField(max_length=10, choices=State, blank=True, help_text="what it turns into, later")
    then_at = models.DateTimeField(null=True, blank=True)
    away_until = models.DateTimeField(null=True, blank=True, help_text="until when the provider can't be asked")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(refunded_minor__lte=F("charged_minor")), name="sandbox_refunds_fit"),
            is_listed("currency", name="sandbox_currency_listed"),
            is_listed("charged_currency", name="sandbox_charged_currency_listed", may_be_empty=True),
            SWITCHES.constraint("switches", name="sandbox_switches"),
        ]

    def __str__(self) -> str:
        return self.ref


class SandboxRefund(models.Model):
    """What the sandbox has sent back; the same key has one effect."""

    key = models.TextField(primary_key=True)
    payment = models.ForeignKey(SandboxPayment, on_delete=models.CASCADE, related_name="refunds")
    amount_minor = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key


class SandboxWebhook(models.Model):
    """A message that the sandbox has for the shop, sent when it is due and again until it was taken."""

    event_id = models.TextField()
    kind = models.TextField()
    payment = models.ForeignKey(SandboxPayment, on_delete=models.CASCADE, related_name="webhooks")
    is_forged = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    answer = models.PositiveSmallIntegerField(null=True, blank=True, help_text="the shop's last HTTP status")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="sandbox_webhook_due", condition=Q(done_at__isnull=True))]

    def __str__(self) -> str:
        return self.event_id
