"""The sandbox's own book, where a real provider would have its database. Nothing here knows of orders."""

import socket
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from orders.exceptions import ProviderAway, ProviderSilent
from orders.models import Refund, SandboxPayment, SandboxRefund
from orders.providers import ANSWER_TIMEOUT_S, Refunded
from orders.providers.sandbox import webhooks
from orders.providers.sandbox.switches import AFTER_S, AWAY_S, LATE_S, Switch

State = SandboxPayment.State


def answer(ref: str, *, approve: bool, switches: Collection[Switch] = (), late_s: int = LATE_S) -> SandboxPayment:
    """Pay or decline, as the person on the hosted page chose, with what should go wrong; a payment is answered once.

    Webhooks are planned, not sent: see `webhooks.deliver_due`. Raises SandboxPayment.DoesNotExist.
    """
    with transaction.atomic():
        entry = SandboxPayment.objects.get(ref=ref)
        changes = _answer(entry, approve=approve, switches=switches)
        unanswered = SandboxPayment.objects.filter(ref=ref, state=State.OPEN, answered_at=None)
        is_first = unanswered.update(answered_at=Now(), switches=sorted(switches), **changes)
        entry.refresh_from_db()
        if is_first and entry.state != State.OPEN:
            webhooks.plan(entry, State(entry.state), late_s=late_s)
    return entry


def _answer(entry: SandboxPayment, *, approve: bool, switches: Collection[Switch]) -> dict[str, Any]:
    """Return what an answer changes in the book."""
    changes: dict[str, Any] = {"state": State.SUCCEEDED if approve else State.FAILED}
    if Switch.HANGS in switches or Switch.TOO_MANY in switches:
        changes["away_until"] = Now() + timedelta(seconds=AWAY_S)
    if not approve:
        return changes
    changes |= {"charged_minor": entry.amount_minor, "charged_currency": entry.currency}
    if Switch.WRONG_AMOUNT in switches:
        changes["charged_minor"] = max(entry.amount_minor - 100, 1)
    if Switch.WRONG_CURRENCY in switches:
        changes["charged_currency"] = "EUR" if entry.currency != "EUR" else "USD"
    if Switch.AFTER_EXPIRY in switches:
        changes |= {"state": State.OPEN, "then_state": State.SUCCEEDED}  # its time is set by `close`
    elif Switch.FAILS_AFTER in switches:
        changes |= {"then_state": State.FAILED, "then_at": Now() + timedelta(seconds=AFTER_S)}
    return changes


def look(ref: str) -> SandboxPayment:
    """Return an entry as it stands now, what was to happen by now included. Raises ProviderAway for an unknown one."""
    changing = SandboxPayment.objects.filter(ref=ref, then_at__lte=Now())
    changing.update(state=F("then_state"), then_state="", then_at=None)
    try:
        return SandboxPayment.objects.get(ref=ref)
    except SandboxPayment.DoesNotExist as error:
        raise ProviderAway(f"no payment {ref}") from error


def close(ref: str) -> None:
    """Close an open entry; one that was to succeed too late does so from now on."""
    with transaction.atomic():
        if SandboxPayment.objects.filter(ref=ref, state=State.OPEN).update(state=State.CLOSED):
            late = SandboxPayment.objects.filter(ref=ref, then_state=State.SUCCEEDED)
            if late.update(then_at=Now() + timedelta(seconds=AFTER_S)):
                entry = SandboxPayment.objects.get(ref=ref)
                entry.then_state = ""  # the change itself is what is told, and nothing follows it
                webhooks.plan(entry, State.SUCCEEDED, in_s=AFTER_S)


def refund(ref: str, *, key: str, amount_minor: int, currency: str) -> Refunded:
    """Send money back: once for each key, and never more than was taken."""
    with transaction.atomic():
        # The key comes first: a second call with it waits here for the first one's end.
        defaults = {"payment_id": ref, "amount_minor": amount_minor}
        _, is_new = SandboxRefund.objects.get_or_create(key=key, defaults=defaults)
        if not is_new:
            return Refunded(Refund.State.DONE)
        paid = SandboxPayment.objects.filter(ref=ref, state=State.SUCCEEDED, charged_currency=currency)
        fitting = paid.filter(charged_minor__gte=F("refunded_minor") + amount_minor)
        if not fitting.update(refunded_minor=F("refunded_minor") + amount_minor):
            transaction.set_rollback(True)
            return Refunded(Refund.State.FAILED, "not paid, or not that much")
    return Refunded(Refund.State.DONE)


def be_away(ref: str) -> None:
    """Hang, or answer 429, for as long as the entry's switches say. Raises ProviderSilent then."""
    entry = SandboxPayment.objects.filter(ref=ref, away_until__gt=Now()).first()
    if entry is None:
        return
    if Switch.HANGS in entry.switches:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(ANSWER_TIMEOUT_S)
            try:
                ours.recv(1)
            except TimeoutError as error:
                raise ProviderSilent(f"no answer within {ANSWER_TIMEOUT_S:g} s") from error
    raise ProviderSilent("429 too many requests")
