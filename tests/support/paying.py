"""Paying with the sandbox: open, answer, let time pass, have its webhooks delivered."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import orjson
from django.conf import settings
from django.core.cache import cache
from django.db.models import F, Model
from django.test import Client

from orders import expiry, payments
from orders.checkout import place_order
from orders.models import Order, Payment, SandboxPayment, SandboxWebhook
from orders.providers import circuit_breaker, sandbox
from orders.providers.sandbox import Switch
from tests.support.concurrency import together
from tests.support.factories import make_request

WEBHOOKS = "/api/v1/webhooks/payments/sandbox"


def opened(quantity: int = 1, *, sku: str = "VASE") -> tuple[Order, Payment]:
    """Order and go to pay."""
    order = place_order(make_request((sku, quantity)))
    return order, payments.open_payment(order)


def answer(payment: Payment, *switches: Switch, approve: bool = True, late_s: int = 30) -> None:
    sandbox.answer(payment.ref, approve=approve, switches=switches, late_s=late_s)


def expire(order: Order) -> None:
    """Have the order's time run out, and sweep."""
    overdue_by = timedelta(seconds=settings.PAYMENT_SWEEP_GRACE_S + 1)
    Order.objects.filter(pk=order.pk).update(expires_at=F("created_at") - overdue_by)
    expiry.sweep()


def pass_time(seconds: float) -> None:
    """Let so much time pass for the provider and for the jobs that follow payments up."""
    _earlier(SandboxPayment, seconds, "then_at", "away_until")
    _earlier(SandboxWebhook, seconds, "due_at")
    _earlier(Payment, seconds, "created_at", "next_look_at")
    silent, probe = circuit_breaker.keys("sandbox")
    if seconds >= circuit_breaker.PROBE_EVERY_S:
        cache.delete(probe)
    if seconds >= circuit_breaker.SILENT_FOR_S:
        cache.delete(silent)


def deliver() -> list[int]:
    """Have the sandbox send what is due, over HTTP; return the shop's answers."""
    answers: list[int] = []
    client = Client(enforce_csrf_checks=True)

    def send(headers: Mapping[str, str], body: bytes) -> int:
        kept = {name: value for name, value in headers.items() if name != "Content-Type"}
        answered = client.post(WEBHOOKS, body, content_type=headers["Content-Type"], headers=kept)
        answers.append(answered.status_code)
        return answered.status_code

    sandbox.deliver_due(send=send)
    return answers


def webhooks_at_once(payment: Payment, *, events: list[str]) -> list[object]:
    """Send so many webhooks about a payment at the same moment; return what came of each."""

    def send(event: str) -> str:
        body = orjson.dumps({"id": event, "type": "payment.succeeded", "payment": payment.ref})
        return payments.receive("sandbox", {sandbox.SIGNATURE_HEADER: sandbox.sign(body)}, body)

    return list(together([partial(send, event) for event in events]))


def race(*calls: Callable[[], object]) -> None:
    """Make calls at the same moment; none of them may raise."""
    outcomes = together(list(calls))
    raised = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert not raised, raised


def _earlier(model: type[Model], seconds: float, *fields: str) -> None:
    by = timedelta(seconds=seconds)
    model._default_manager.update(**{field: F(field) - by for field in fields})
