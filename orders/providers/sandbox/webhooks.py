"""What the sandbox tells the shop: planned with the answer, sent when due, and again until it was taken."""

import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta

import orjson
import requests
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse

from orders.models import SandboxPayment, SandboxWebhook
from orders.providers.sandbox.signing import SIGNATURE_HEADER, sign
from orders.providers.sandbox.switches import AFTER_S, LATE_S, Switch

logger = logging.getLogger(__name__)

State = SandboxPayment.State
Send = Callable[[Mapping[str, str], bytes], int]

POST_TIMEOUT_S = 5
ATTEMPTS_MAX = 16
"""With pauses of 2, 4, 8 … seconds, an hour at most, a webhook is given up after some seven hours."""
LONGEST_PAUSE_S = 3600

STALE = {State.SUCCEEDED: "payment.failed", State.FAILED: "payment.opened"}


def plan(payment: SandboxPayment, state: State, *, in_s: int = 0, late_s: int = LATE_S) -> None:
    """Write down what the shop is to be told of a payment that is or will be in this state, as its switches say."""
    switches: Collection[str] = payment.switches
    if Switch.NEVER in switches:
        return
    due_s = in_s + (late_s if Switch.LATE in switches else 0)
    if Switch.FORGED in switches:
        _plan(payment, "payment.succeeded", due_s, is_forged=True)
        return
    event_id = _plan(payment, f"payment.{state}", due_s)
    if Switch.TWICE in switches:
        _plan(payment, f"payment.{state}", due_s, event_id=event_id)
    if Switch.OUT_OF_ORDER in switches:
        _plan(payment, STALE[state], due_s)
    if payment.then_at is not None and payment.then_state:
        _plan(payment, f"payment.{payment.then_state}", due_s + AFTER_S)


def deliver_due(*, send: Send | None = None, limit: int = 50) -> int:
    """Send what is due, in its order; return how many were tried. Safe to run anywhere, any number of times at once.

    `send` posts headers and a body to the shop and returns its HTTP status.
    """
    send = send or post
    waiting = SandboxWebhook.objects.filter(done_at=None, due_at__lte=Now()).order_by("due_at", "id")
    tried = 0
    for webhook in list(waiting[:limit]):
        pause = timedelta(seconds=min(2 ** (webhook.attempts + 1), LONGEST_PAUSE_S))
        # Whoever moves it on has it; one that dies with it in hand leaves it for later.
        ours = SandboxWebhook.objects.filter(pk=webhook.pk, done_at=None, due_at=webhook.due_at)
        if ours.update(due_at=Now() + pause, attempts=F("attempts") + 1):
            tried += 1
            if not _deliver(webhook, send):
                break
    return tried


def post(headers: Mapping[str, str], body: bytes) -> int:
    """Post a webhook to the shop. Raises requests.RequestException when it can't be reached."""
    url = settings.SITE_URL + reverse("api-payment-webhook", args=["sandbox"])
    return requests.post(url, data=body, headers=dict(headers), timeout=POST_TIMEOUT_S).status_code


def render(webhook: SandboxWebhook) -> tuple[dict[str, str], bytes]:
    """Return a webhook's headers and body, signed now."""
    body = orjson.dumps({"id": webhook.event_id, "type": webhook.kind, "payment": webhook.payment_id})
    signature = sign(body, signer="somebody else") if webhook.is_forged else sign(body)
    return {SIGNATURE_HEADER: signature, "Content-Type": "application/json"}, body


def _plan(
    payment: SandboxPayment, kind: str, in_s: int, *, event_id: str | None = None, is_forged: bool = False
) -> str:
    event_id = event_id or f"evt_{secrets.token_hex(12)}"
    SandboxWebhook.objects.create(
        event_id=event_id, kind=kind, payment=payment, is_forged=is_forged, due_at=Now() + timedelta(seconds=in_s)
    )
    return event_id


def _deliver(webhook: SandboxWebhook, send: Send) -> bool:
    """Send one webhook and note the answer; return whether the shop could be reached at all."""
    try:
        answer = send(*render(webhook))
    except requests.RequestException as error:
        logger.warning("webhook of %s not delivered: %s", webhook.payment_id, type(error).__name__)
        return False
    sent = SandboxWebhook.objects.filter(pk=webhook.pk)
    sent.update(answer=answer)
    # A forger does not try again; others do until the shop has taken it.
    if answer < 300 or webhook.is_forged or webhook.attempts + 1 >= ATTEMPTS_MAX:
        sent.update(done_at=Now())
    else:
        logger.warning("webhook of %s not taken: %s", webhook.payment_id, answer)
    return True
