"""What Celery does with news. Each task may run anywhere, twice, or be killed half-way."""

from celery import shared_task

from shop import mails, notices, outbox
from shop.webhooks import deliveries

BATCHES_MOST = 10
"""Of one run, so that a backlog leaves the worker to other jobs in between."""


@shared_task(time_limit=60)
def drain_outbox() -> None:
    """Hand what is due to its handlers."""
    for _ in range(BATCHES_MOST):
        if not outbox.drain():
            break


@shared_task(time_limit=200)
def send_mails() -> None:
    """Send the mails that are due."""
    mails.send_due()


@shared_task(time_limit=120)
def send_webhooks() -> None:
    """Deliver to the merchant's endpoints what is due."""
    for _ in range(BATCHES_MOST):
        if not deliveries.send_due():
            break


@shared_task(time_limit=300)
def tidy_news() -> None:
    """Delete what was handled, delivered or told long ago."""
    outbox.prune()
    deliveries.prune()
    notices.prune()
