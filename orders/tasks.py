"""What Celery does for orders. Each task may run anywhere, twice, or be killed half-way."""

import logging

from celery import shared_task

from orders import expiry, idempotency, payment_follow_up
from orders.archive import partitions
from orders.archiving import mover
from orders.providers import sandbox

logger = logging.getLogger(__name__)

ARCHIVE_WITHIN_S = 240


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
    payment_follow_up.close_stale()
    payment_follow_up.send_refunds()
    payment_follow_up.poll()


@shared_task(time_limit=120)
def deliver_sandbox_webhooks() -> int:
    """Have the bundled provider tell the shop what is due."""
    return sandbox.deliver_due()


@shared_task(time_limit=120)
def forget_idempotency_keys() -> None:
    while idempotency.forget():
        pass


@shared_task(time_limit=ARCHIVE_WITHIN_S + 50)
def archive_orders() -> int:
    """Make the archive's next months, and move what is over; what is left after four minutes waits a night."""
    partitions.ensure_ahead()
    report = mover.move(within_s=ARCHIVE_WITHIN_S)
    for number in report.refused:
        logger.error("archive: %s was kept: its copy does not read back as it was written", number)
    return report.moved
