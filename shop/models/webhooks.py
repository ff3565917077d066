"""Addresses of the merchant's that are told what happens, and what is on its way to them."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inventory.json_fields import AnyObject, ShapedJSONField

PAYLOAD = AnyObject()


class WebhookEndpoint(models.Model):
    """An address of the merchant's that is told what happens (docs/webhooks.md). Its secret is derived, not kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True, help_text="what receives it: the warehouse's system")
    topics = ArrayField(models.CharField(max_length=40), blank=True, default=list, help_text="none: all of them")
    is_active = models.BooleanField(default=True)
    secret_number = models.PositiveIntegerField(default=1, editable=False)
    rotated_at = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(
        default=0, editable=False, help_text="attempts failed since the last success"
    )
    failing_since = models.DateTimeField(null=True, editable=False)
    paused_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.description or self.url


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint. Its `id` is the same at every attempt: receivers drop doubles by it."""

    class State(models.TextChoices):
        DUE = "due", "To be delivered"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    occasion = models.TextField(help_text="an opaque word for what happened: outbox:<id>")
    topic = models.TextField()
    payload = ShapedJSONField(validators=[PAYLOAD], help_text="public ids and figures, nothing about a person")
    state = models.CharField(max_length=9, choices=State, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    status_code = models.PositiveSmallIntegerField(null=True, help_text="what the endpoint answered last")
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "occasion"], name="webhook_delivery_once"),
            PAYLOAD.constraint("payload", name="webhook_payload_is_object"),
        ]
        indexes = [
            # deliveries.send_due: what is due, the longest waiting first
            models.Index(fields=["next_try_at"], name="webhook_delivery_due", condition=Q(state="due")),
            # the admin's list, and prune
            models.Index(fields=["-created_at", "-id"], name="webhook_delivery_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} to {self.endpoint_id}"
