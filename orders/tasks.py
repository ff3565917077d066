"""What Celery does for orders. Each task may run anywhere, twice, or be killed half-way."""

import logging

from celery import shared_task

from orders import expiry, payments
from orders.providers import sandbox


@shared_task(time_limit=60)
def sweep() -> int:
    """Expire what is overdue, batch by batch."""
    expired = 0
    while batch := expiry.sweep():
        expired += batch
    return expired


@shared_task(time_limit=120)
def follow_up_payments() -> None:
    """Close what nobody should pay any more, send what is owed, hear of payments that said nothing."""
    payments.close_stale()
    payments.send_refunds()


@shared_task(autoretry_for=(requests.RequestException,), retry_backoff=1, retry_backoff_max=60, max_retries=8)
def deliver_sandbox_webhook(ref: str) -> None:
    sandbox.deliver_webhook(ref)
    payments.poll()
