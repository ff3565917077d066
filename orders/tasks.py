"""What Celery does for orders. Each task may run anywhere, twice, or be killed half-way."""

from celery import shared_task

from orders import expiry, idempotency, payments
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
    payments.poll()


@shared_task(time_limit=120)
def deliver_sandbox_webhooks() -> int:
    """Have the bundled provider tell the shop what is due."""
    return sandbox.deliver_due()


@shared_task(time_limit=120)
def forget_idempotency_keys() -> None:
    while idempotency.forget():
        pass
