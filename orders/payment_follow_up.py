"""What jobs do about payments whose provider has said nothing: look again, close what is stale, send what is owed.

Each due row is picked by one conditional UPDATE that also sets its next time, so that several jobs never take the same
one and a job that is killed leaves nothing behind.
"""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeVar

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Greatest, Least, Now

from inventory.exceptions import StockBusy
from orders import clock, payments, refunds
from orders.exceptions import ProviderAway, ProviderSilent
from orders.models import Order, Payment, Refund
from orders.providers import get_provider

logger = logging.getLogger(__name__)

T = TypeVar("T", Payment, Refund)

State = Payment.State
LONGEST_PAUSE = timedelta(hours=6)
LATE_FOR = timedelta(days=7)
RUN_S = 5.0


def poll(*, limit: int = 50) -> int:
    """Ask about payments that are due; return how many. Their webhooks may never have come.

    A payment is looked at after half a minute, then after twice the time each time, at most six hours apart. One that
    failed or was closed is looked at for a week more, for money may still come; an open one until it is over.
    """
    due = Payment.objects.filter(next_look_at__lte=Now()).order_by("next_look_at")
    return _each(due, limit=limit, pick=_pick_look, act=_look)


def close_stale(*, limit: int = 100) -> int:
    """Close with the provider what nobody should pay any more; return how many were tried.

    This is the first try, made as soon as the order is over; what could not be closed then is closed by `poll`.
    """
    waiting = Order.objects.filter(pk=OuterRef("order_id"), state=Order.State.CREATED)
    stale = Payment.objects.filter(~Exists(waiting), state=State.OPEN, close_asked_at=None)
    return _each(stale.order_by("created_at"), limit=limit, pick=_pick_close, act=_look)


def send_refunds(*, limit: int = 50) -> int:
    """Send the refunds that are owed; return how many were tried. The provider does each once, by its key.

    One that could not be sent, or that the provider is still busy with, is asked about again at growing pauses.
    """
    pause = Least(Greatest(F("tried_at") - F("created_at"), Value(payments.FIRST_LOOK)), Value(LONGEST_PAUSE))
    ready = Q(tried_at=None) | Q(tried_at__lt=Now() - pause)
    owed = Refund.objects.filter(ready, state=Refund.State.PENDING).select_related("payment")
    order = F("tried_at").asc(nulls_first=True)
    return _each(owed.order_by(order, "created_at"), limit=limit, pick=_pick_refund, act=refunds.send)


def _each(rows: QuerySet[T], *, limit: int, pick: Callable[[T], bool], act: Callable[[T], object]) -> int:
    """Do one after the other what no other job has picked, `limit` rows a query; return how many were tried.

    What can't be done now holds up no other: it was given a later time when it was picked. A provider that answers
    nobody is left in peace until the next run, and one that is slow gets no more than RUN_S of a worker at a time.
    """
    tried, deadline = 0, time.monotonic() + RUN_S
    for row in _read_on(rows, limit):
        if time.monotonic() > deadline:
            break
        if not pick(row):
            continue
        tried += 1
        try:
            act(row)
        except ProviderSilent as error:
            logger.warning("%s: %s", row, error)
            break
        except (ProviderAway, StockBusy) as error:
            logger.warning("%s: %s %s", row, type(error).__name__, error)
        except Exception:
            logger.exception("%s could not be followed up", row)
    return tried


def _read_on(rows: QuerySet[T], limit: int) -> Iterator[T]:
    """Read rows by the `limit`, anew each time: those that were picked meanwhile are not among them any more."""
    while batch := list(rows.all()[:limit]):
        yield from batch
        if len(batch) < limit:
            return


def _pick_look(payment: Payment) -> bool:
    age = clock.now() - payment.created_at
    is_last = payment.state != State.OPEN and age > LATE_FOR
    pause = min(max(age, payments.FIRST_LOOK), LONGEST_PAUSE)
    ours = Payment.objects.filter(pk=payment.pk, next_look_at=payment.next_look_at)
    return bool(ours.update(next_look_at=None if is_last else Now() + pause))


def _pick_close(payment: Payment) -> bool:
    ours = Payment.objects.filter(pk=payment.pk, state=State.OPEN, close_asked_at=None)
    return bool(ours.update(close_asked_at=Now(), next_look_at=Now() + payments.FIRST_LOOK))


def _pick_refund(refund: Refund) -> bool:
    ours = Refund.objects.filter(pk=refund.pk, state=Refund.State.PENDING, tried_at=refund.tried_at)
    return bool(ours.update(tried_at=Now()))


def _look(payment: Payment) -> None:
    """Fetch a payment; one that nobody should pay any more is closed first, for it may be paid in the last moment."""
    is_wanted = Order.objects.filter(pk=payment.order_id, state=Order.State.CREATED).exists()
    if payment.state == State.OPEN and not is_wanted:
        get_provider(payment.provider).close(payment.ref)
    payments.refresh(payment)
