"""Durable news: written in the transaction of the deed, handed to its handlers at least once after the commit.

A handler runs inside the drain's transaction, so one that only writes rows (a notice, a delivery to make) does so
exactly once. Sending, which can't be undone, is the work of jobs over those rows. Events are taken by what is due,
never by "id greater than the last": ids are given out in another order than transactions commit in.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from shop import bulk_insert
from shop.models import OutboxEvent

logger = logging.getLogger(__name__)

Handler = Callable[[OutboxEvent], None]
H = TypeVar("H", bound=Handler)

KEEP = timedelta(days=14)
LONGEST_PAUSE_S = 3600

_handlers: dict[str, list[Handler]] = defaultdict(list)


def publish(topic: str, subject: str, data: Mapping[str, Any] | None = None) -> None:
    """Write one event. `data` holds ids and figures, nothing about a person."""
    bulk_insert.insert(make_all(topic, {subject: data or {}}))


def make_all(topic: str, events: Mapping[str, Mapping[str, Any]]) -> list[OutboxEvent]:
    """Make an event for each subject, with its data, to be written with the rows that it tells of (`rows.insert`)."""
    return [OutboxEvent(topic=topic, subject=subject, data=dict(data)) for subject, data in events.items()]


def handles(*topics: str) -> Callable[[H], H]:
    """Register a handler for these topics. Apps do so in modules that their `ready()` imports."""

    def register(handler: H) -> H:
        for topic in topics:
            _handlers[topic].append(handler)
        return handler

    return register


def drain(*, limit: int = 200) -> int:
    """Handle up to `limit` events that are due; return how many were taken.

    Safe to run anywhere, any number of times at once: an event that another works on is left to it. An event whose
    handler fails is undone alone and tried again, after ever longer pauses, for ever; `reconcile` names it.
    """
    with transaction.atomic(durable=True):
        due = OutboxEvent.objects.filter(handled_at=None, next_try_at__lte=Now()).order_by("next_try_at", "id")
        events = list(due.select_for_update(skip_locked=True, no_key=True)[:limit])
        done = [event.pk for event in events if _handle(event)]
        OutboxEvent.objects.filter(pk__in=done).update(handled_at=Now(), attempts=F("attempts") + 1, last_error="")
    return len(events)


def prune() -> int:
    """Delete events handled longer ago than `KEEP`; return how many."""
    deleted, _ = OutboxEvent.objects.filter(handled_at__lt=Now() - KEEP).delete()
    return deleted


def _handle(event: OutboxEvent) -> bool:
    try:
        with transaction.atomic():
            for handler in _handlers[event.topic]:
                handler(event)
    except Exception as error:
        logger.exception("outbox: %s failed", event)
        pause_s = min(2**event.attempts, LONGEST_PAUSE_S)
        event.attempts += 1
        event.last_error = f"{type(error).__name__}: {error}"[:200]
        event.next_try_at = Now() + timedelta(seconds=pause_s)
        event.save(update_fields=["attempts", "last_error", "next_try_at"])
        return False
    return True
