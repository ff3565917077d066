"""The bundled provider: a hosted page of its own, a book of its own, and signed webhooks.

It stands where a real provider stands, so it keeps a real one's distance: `orders.payments` knows it only by the
interface, and the page knows nothing of orders. Its signature scheme is Stripe's: HMAC-SHA256 over `<time>.<body>`.
"""

import hmac
import secrets
import time
import uuid
from collections.abc import Mapping

import orjson
import requests
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.crypto import salted_hmac

from orders.exceptions import BadSignature, ProviderAway
from orders.models import Payment, SandboxPayment
from orders.providers import Fetched, Opened, ProviderEvent

State = SandboxPayment.State

SIGNATURE_HEADER = "Sandbox-Signature"
TOLERANCE_S = 300
WEBHOOK_TIMEOUT_S = 5


class Sandbox:
    """What a shop calls. Implements `orders.providers.Provider`."""

    def open(self, *, key: str, amount_minor: int, currency: str, description: str, return_url: str) -> Opened:
        payment, _ = SandboxPayment.objects.get_or_create(
            ref=f"sbx_{uuid.UUID(key).hex}",
            defaults={
                "amount_minor": amount_minor,
                "currency": currency,
                "description": description,
                "return_url": return_url,
            },
        )
        return Opened(payment.ref, settings.SITE_URL + reverse("orders:sandbox", args=[payment.ref]))

    def close(self, ref: str) -> None:
        SandboxPayment.objects.filter(ref=ref, state=State.OPEN).update(state=State.CLOSED)

    def fetch(self, ref: str) -> Fetched:
        try:
            payment = SandboxPayment.objects.get(ref=ref)
        except SandboxPayment.DoesNotExist as error:
            raise ProviderAway(f"no payment {ref}") from error
        return Fetched(Payment.State(payment.state), payment.amount_minor, payment.currency)

    def refund(self, ref: str, *, key: str, amount_minor: int) -> None:
        # One refund of the whole amount at most; the condition makes a repeated call do nothing.
        SandboxPayment.objects.filter(ref=ref, state=State.SUCCEEDED, refunded_minor=0).update(
            refunded_minor=F("refunded_minor") + amount_minor
        )

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        check_signature(headers.get(SIGNATURE_HEADER, ""), body)
        try:
            event = orjson.loads(body)
            return ProviderEvent(str(event["id"]), str(event["type"]), str(event["payment"]))
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise BadSignature("signed, but not an event") from error


def answer(ref: str, *, approve: bool) -> SandboxPayment:
    """Pay or decline, as the person on the hosted page chose; a payment is answered once.

    Raises SandboxPayment.DoesNotExist. The caller sends the webhook (`orders.tasks.deliver_sandbox_webhook`).
    """
    with transaction.atomic():
        SandboxPayment.objects.filter(ref=ref, state=State.OPEN).update(
            state=State.SUCCEEDED if approve else State.FAILED
        )
        return SandboxPayment.objects.get(ref=ref)


def deliver_webhook(ref: str) -> None:
    """Tell the shop that a payment has changed. Raises requests.RequestException when it could not be told."""
    payment = SandboxPayment.objects.get(ref=ref)
    body = orjson.dumps({"id": f"evt_{secrets.token_hex(12)}", "type": f"payment.{payment.state}", "payment": ref})
    answered = requests.post(
        settings.SITE_URL + reverse("api-payment-webhook", args=["sandbox"]),
        data=body,
        headers={SIGNATURE_HEADER: sign(body), "Content-Type": "application/json"},
        timeout=WEBHOOK_TIMEOUT_S,
    )
    answered.raise_for_status()


def sign(body: bytes, *, at: int | None = None) -> str:
    """Return the signature header of a webhook's body; `at` is Unix time in seconds."""
    at = int(time.time()) if at is None else at
    return f"t={at},v1={_digest(at, body)}"


def check_signature(header: str, body: bytes) -> None:
    """Raises BadSignature for a wrong signature, or one older than TOLERANCE_S."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    try:
        at = int(parts.get("t", ""))
    except ValueError as error:
        raise BadSignature("no time in the signature") from error
    if not hmac.compare_digest(_digest(at, body).encode(), parts.get("v1", "").encode()):
        raise BadSignature("wrong signature")
    if abs(time.time() - at) > TOLERANCE_S:
        raise BadSignature("signature too old")


def _digest(at: int, body: bytes) -> str:
    message = f"{at}.".encode() + body
    return hmac.new(salted_hmac("orders.sandbox", "webhooks").digest(), message, "sha256").hexdigest()
