"""Units that nobody paid for go back. A sweep, not a timer for each order: it finds what is due, whatever died."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from orders import clock, locks
from orders.lifecycle import Event, advance

BATCH = 200


def sweep(*, limit: int = BATCH) -> int:
    """Expire up to `limit` unpaid orders, the longest overdue first; return how many.

    Shoppers see `expires_at`; the sweep gives PAYMENT_SWEEP_GRACE_S more, so that paying in the last second works.
    Safe to run anywhere, any number of times at once: an order that another works on is left to it.
    """
    with transaction.atomic(durable=True):
        before = clock.now() - timedelta(seconds=settings.PAYMENT_SWEEP_GRACE_S)
        overdue = locks.lock_overdue_orders(before=before, limit=limit)
        advance(overdue, Event.EXPIRED, actor="system")
    return len(overdue)
