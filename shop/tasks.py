"""What Celery does with news. Each task may run anywhere, twice, or be killed half-way."""

import time
from collections.abc import Callable

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache

from shop import outbox
from shop.notifications import mails, notices
from shop.people import tokens
from shop.webhooks import deliveries

ALONE_S = 60


@shared_task(time_limit=60)
def drain_outbox() -> None:
    """Hand what is due to its handlers."""
    _repeat(outbox.drain, for_s=5)


@shared_task(time_limit=240)
def send_mails() -> None:
    """Send the mails that are due."""
    _alone("mails", mails.send_due)


@shared_task(time_limit=120)
def send_webhooks() -> None:
    """Deliver to the merchant's endpoints what is due."""
    _alone("webhooks", deliveries.send_due)


@shared_task(time_limit=300)
def tidy_news() -> None:
    """Delete what was handled, delivered or told long ago, and sessions and API tokens that have ended."""
    outbox.prune()
    deliveries.prune()
    notices.prune()
    tokens.delete_expired()
    SessionStore.clear_expired()


def _repeat(step: Callable[[], int], *, for_s: float) -> None:
    """Do a step while there is work for it, and leave the worker to other jobs after a while."""
    ends_at = time.monotonic() + for_s
    while step() and time.monotonic() < ends_at:
        pass


def _alone(name: str, step: Callable[[], int]) -> None:
    """Repeat a step in one process at a time: a mail server or receiver that is slow keeps no second worker waiting.

    Nothing depends on it but that; where the cache is away, or a run takes longer than a minute, two may run.
    """
    key = f"sending:{name}"
    if not cache.add(key, 1, ALONE_S):
        return
    try:
        _repeat(step, for_s=10)
    finally:
        cache.delete(key)
