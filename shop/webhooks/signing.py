"""Signatures and secrets of endpoints, as Standard Webhooks 1.0 has them.

A secret is derived from SECRET_KEY, the endpoint and the secret's number: nobody finds it in a copy of the database,
and the next number makes another.
"""

import base64
import hashlib
import hmac
from datetime import timedelta

from django.utils import timezone
from django.utils.crypto import salted_hmac

from shop.models import WebhookEndpoint

OLD_SECRET_SIGNS_FOR = timedelta(hours=24)


def secret(endpoint: WebhookEndpoint) -> str:
    """Return what a receiver checks signatures with."""
    return "whsec_" + base64.b64encode(_key(endpoint, endpoint.secret_number)).decode()


def headers(endpoint: WebhookEndpoint, *, message_id: str, body: bytes) -> dict[str, str]:
    """Return the three headers that go with a body now. For a day after a rotation the old secret signs, too."""
    now = timezone.now()
    timestamp = int(now.timestamp())
    numbers = [endpoint.secret_number]
    if endpoint.rotated_at and now - endpoint.rotated_at < OLD_SECRET_SIGNS_FOR:
        numbers.append(endpoint.secret_number - 1)
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [hmac.digest(_key(endpoint, number), signed, hashlib.sha256) for number in numbers]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in signatures),
    }


def _key(endpoint: WebhookEndpoint, number: int) -> bytes:
    return salted_hmac("shop.webhooks", f"{endpoint.pk} {number}", algorithm="sha256").digest()
