"""The bundled provider: a hosted page of its own, a book of its own, and signed webhooks.

It stands where a real provider stands, so it keeps a real one's distance: `orders.payments` knows it only by the
interface, and the page knows nothing of orders. What can go wrong with a real one can be had here on demand
(`switches`).
"""

import uuid
from collections.abc import Mapping

import orjson
from django.conf import settings
from django.urls import reverse

from orders.exceptions import BadSignature
from orders.models import Payment, SandboxPayment
from orders.providers import Fetched, Opened, ProviderEvent, Refunded
from orders.providers.circuit_breaker import answering
from orders.providers.sandbox import book
from orders.providers.sandbox.book import answer
from orders.providers.sandbox.signing import SIGNATURE_HEADER, check_signature, sign
from orders.providers.sandbox.switches import Switch
from orders.providers.sandbox.webhooks import deliver_due

__all__ = ["SIGNATURE_HEADER", "Sandbox", "Switch", "answer", "deliver_due", "sign"]


class Sandbox:
    """What a shop calls. Implements `orders.providers.Provider`."""

    def open(
        self, *, key: str, amount_minor: int, currency: str, description: str, return_url: str, form_url: str
    ) -> Opened:
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
        with answering("sandbox"):
            book.be_away(ref)
            book.close(ref)

    def fetch(self, ref: str) -> Fetched:
        with answering("sandbox"):
            book.be_away(ref)
            entry = book.look(ref)
        if entry.state == SandboxPayment.State.SUCCEEDED:
            return Fetched(Payment.State.SUCCEEDED, entry.charged_minor, entry.charged_currency)
        return Fetched(Payment.State(entry.state), entry.amount_minor, entry.currency)

    def refund(self, ref: str, *, key: str, amount_minor: int, currency: str) -> Refunded:
        with answering("sandbox"):
            book.be_away(ref)
            return book.refund(ref, key=key, amount_minor=amount_minor, currency=currency)

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        check_signature(headers.get(SIGNATURE_HEADER, ""), body)
        try:
            event = orjson.loads(body)
            return ProviderEvent(str(event["id"]), str(event["type"]), str(event["payment"]))
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise BadSignature("signed, but not an event") from error
