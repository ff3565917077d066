"""Webhook deliveries as tests make and send them."""

from typing import Any

from django.utils import timezone

from shop.models import WebhookDelivery, WebhookEndpoint
from shop.webhooks import deliveries
from tests.support.webhook_receiver import Receiver


def endpoint_at(receiver: Receiver, **fields: Any) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(url=receiver.url, **fields)


def queue(number: int = 0, *, topic: str = "order.placed") -> None:
    endpoints = deliveries.list_endpoints(topic)
    deliveries.queue(endpoints, f"test:{number}", topic, at=timezone.now(), data={"number": number})


def send_all() -> None:
    while deliveries.send_due():
        pass


def come_due() -> None:
    WebhookDelivery.objects.update(next_try_at=timezone.now())
    WebhookEndpoint.objects.update(paused_until=None)


def states() -> list[str]:
    return sorted(WebhookDelivery.objects.values_list("state", flat=True))
