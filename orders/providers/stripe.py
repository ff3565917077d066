"""Stripe, by its official library: one PaymentIntent a payment, paid with the Payment Element on a page of ours.

Card data goes from the buyer's browser to Stripe and never touches us. docs/adr/0007 says why not Checkout. Facts that
this relies on, all from Stripe's documentation: a declined card leaves an intent open for another one; a canceled or
succeeded intent never changes again; the same idempotency key returns the first call's intent for at least 24 hours;
webhooks come unordered, repeated, and for three days.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
import stripe
from django.conf import settings

from orders.exceptions import BadSignature, ProviderAway, ProviderRefused, ProviderSilent
from orders.models import Payment, Refund
from orders.providers import (
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    SIGNATURE_TOLERANCE_S,
    Fetched,
    Opened,
    ProviderEvent,
    Refunded,
)
from orders.providers.circuit_breaker import answering
from shop.currencies import CODES, to_major
from shop.money import to_minor

logger = logging.getLogger(__name__)

SIGNATURE_HEADER = "Stripe-Signature"

# Methods that answer at once: a bank debit decides in days, and units are held for minutes. Wallets are cards, too.
METHODS = ["card"]

# Every other state of an intent still may become one of these: a declined card is no end, the buyer tries another.
STATES = {"succeeded": Payment.State.SUCCEEDED, "canceled": Payment.State.CLOSED}
REFUND_STATES = {
    "succeeded": Refund.State.DONE,
    "failed": Refund.State.FAILED,
    "canceled": Refund.State.FAILED,
}

# The version of Stripe's API that this speaks and that localstripe understands, and of Stripe.js beside it.
API_VERSION = "2025-09-30.clover"
SCRIPT_URL = "https://js.stripe.com/clover/stripe.js"

# Currencies that Stripe writes with another number of digits than two (ISK and UGX have two there, none elsewhere).
NO_DIGITS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
THREE_DIGITS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])


class Stripe:
    """Implements `orders.providers.Provider`."""

    def open(
        self, *, key: str, amount_minor: int, currency: str, description: str, return_url: str, form_url: str
    ) -> Opened:
        with _asking(f"to open {description}"):
            intent = _client().v1.payment_intents.create(
                {
                    "amount": _to_stripe(amount_minor, currency),
                    "currency": currency.lower(),
                    "payment_method_types": METHODS,  # type: ignore[typeddict-unknown-key]  # by API_VERSION
                    "metadata": {"order": description, "key": key},
                },
                {"idempotency_key": key},
            )
        return Opened(intent.id, form_url)

    def close(self, ref: str) -> None:
        try:
            with _asking(f"to close {ref}"):
                _client().v1.payment_intents.cancel(ref)
        except ProviderRefused as refusal:
            # Paid, canceled already, or on its way: the fetch that follows tells which.
            logger.info("%s was not canceled: %s", ref, refusal)

    def fetch(self, ref: str) -> Fetched:
        intent = _retrieve(ref)
        currency = intent["currency"].upper()
        if currency not in CODES:
            raise ProviderRefused(f"{ref} is in {currency}, which is no currency that we know")
        # localstripe leaves out what was received; with automatic capture it is the amount.
        received = intent.get("amount_received", intent["amount"])
        is_paid = intent["status"] == "succeeded"
        amount_minor = _from_stripe(received if is_paid else intent["amount"], currency)
        return Fetched(STATES.get(intent["status"], Payment.State.OPEN), amount_minor, currency)

    def refund(self, ref: str, *, key: str, amount_minor: int, currency: str) -> Refunded:
        try:
            with _asking(f"to refund {ref}"):
                # Idempotency keys are forgotten after a day, refunds are not: look before you send.
                earlier = _client().v1.refunds.list({"payment_intent": ref, "limit": 100})
                found = [each for each in earlier.data if each.metadata and each.metadata.to_dict().get("key") == key]
                refund = found[0] if found else self._send(ref, key, _to_stripe(amount_minor, currency))
        except ProviderRefused as refusal:
            return Refunded(Refund.State.FAILED, str(refusal))
        state = REFUND_STATES.get(refund.status or "", Refund.State.PENDING)
        why = refund.to_dict().get("failure_reason") or refund.status or ""
        return Refunded(state, why if state == Refund.State.FAILED else "")

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        try:
            stripe.WebhookSignature.verify_header(
                body, headers.get(SIGNATURE_HEADER, ""), settings.STRIPE_WEBHOOK_SECRET, SIGNATURE_TOLERANCE_S
            )
            event = orjson.loads(body)
            return ProviderEvent(str(event["id"]), str(event["type"]), _intent_of(event["data"]["object"]))
        except stripe.SignatureVerificationError as error:
            raise BadSignature(error.user_message or "wrong signature") from error
        except (UnicodeDecodeError, orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise BadSignature("not an event") from error

    def _send(self, ref: str, key: str, amount: int) -> stripe.Refund:
        return _client().v1.refunds.create(
            {"payment_intent": ref, "amount": amount, "metadata": {"key": key}}, {"idempotency_key": key}
        )


def client_secret(ref: str) -> str:
    """Return the word with which the buyer's browser, and nobody else, may pay this payment. Raises ProviderAway."""
    return str(_retrieve(ref)["client_secret"])


def _retrieve(ref: str) -> dict[str, Any]:
    try:
        with _asking(f"for {ref}"):
            intent: dict[str, Any] = _client().v1.payment_intents.retrieve(ref).to_dict()
            return intent
    except ProviderRefused as error:
        raise ProviderAway(f"Stripe does not know {ref}: {error}") from error


def _client() -> stripe.StripeClient:
    if not settings.STRIPE_SECRET_KEY:
        raise ProviderAway("STRIPE_SECRET_KEY is not set")
    return _client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


@cache
def _client_for(secret_key: str, api_base: str) -> stripe.StripeClient:
    """Make a client, once a process: its connections are kept, one set a thread. It retries nothing, our jobs do."""
    return stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S)),
    )


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Turn Stripe's errors into ours: silent, away for this request, or a refusal for good."""
    try:
        with answering("stripe"):
            try:
                yield
            except (stripe.APIConnectionError, stripe.RateLimitError) as error:
                raise ProviderSilent(f"Stripe, asked {what}: {error}") from error
            except stripe.APIError as error:
                if (error.http_status or 0) >= 500:
                    raise ProviderSilent(f"Stripe, asked {what}: {error}") from error
                raise
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise ProviderRefused(error.user_message or error.code or "refused") from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        logger.error("Stripe refuses our key, asked %s: %s", what, error)
        raise ProviderAway(f"Stripe refuses our key: {error}") from error
    except stripe.StripeError as error:
        raise ProviderAway(f"Stripe, asked {what}: {error}") from error


def _intent_of(subject: dict[str, Any]) -> str:
    """Return the intent that an event speaks of: the intent itself, a charge, a refund or a dispute of one."""
    ref = subject["id"] if subject.get("object") == "payment_intent" else subject.get("payment_intent")
    return str(ref or "")


def _to_stripe(amount_minor: int, currency: str) -> int:
    """Return our minor units in Stripe's smallest ones. Raises ProviderRefused for what it can't write."""
    amount = to_major(amount_minor, currency).scaleb(_digits(currency))
    if amount != int(amount):
        raise ProviderRefused(f"{amount_minor} {currency} is finer than Stripe counts")
    return int(amount)


def _from_stripe(amount: int, currency: str) -> int:
    return to_minor(Decimal(amount).scaleb(-_digits(currency)), currency)


def _digits(currency: str) -> int:
    return 0 if currency in NO_DIGITS else 3 if currency in THREE_DIGITS else 2
