"""Deliveries of news to the merchant's endpoints: written with the outbox's drain, sent by a job, at least once.

No HTTP happens inside a transaction: a batch is claimed (its next try moved past the time the batch can take, so that
a killed sender's deliveries come round again), posted side by side, and written down. An endpoint that fails is given
a rest, and one delivery at a time, until it answers again: dead endpoints hold up no others.
"""

import logging
import random
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shop import audit
from shop.models import WebhookDelivery, WebhookEndpoint
from shop.notifications import notices
from shop.notifications.notices import News
from shop.webhooks import posting, signing
from shop.webhooks.exceptions import NotDelivered

logger = logging.getLogger(__name__)

State = WebhookDelivery.State

TOPICS = (
    "order.created",
    "order.placed",
    "order.in_transit",
    "order.delivered",
    "order.cancelled",
    "order.refunded",
    "order.returned",
    "payment.returned",
    "refund.sent",
    "refund.refused",
)
PING = "webhook.ping"

AT_ONCE = 16
LEASE = timedelta(seconds=60)
FIRST_PAUSE_S = 5
LONGEST_PAUSE_S = 6 * 3600
LONGEST_REST_S = 600
GIVE_UP_AFTER = timedelta(days=3)
DISABLE_AFTER = timedelta(days=5)
KEEP = timedelta(days=30)
GONE = 410


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended. `error` empty: it was delivered."""

    status_code: int | None = None
    error: str = ""


def list_endpoints(topic: str) -> QuerySet[WebhookEndpoint]:
    """Return the active endpoints that want to hear of a topic."""
    return WebhookEndpoint.objects.filter(Q(topics=[]) | Q(topics__contains=[topic]), is_active=True)


def queue(
    endpoints: Iterable[WebhookEndpoint], occasion: str, topic: str, *, at: datetime, data: Mapping[str, Any]
) -> None:
    """Write a delivery to each of these endpoints; the same occasion twice is once.

    `data` holds public ids and figures. Call it in the transaction that is told about, or in the outbox's drain.
    """
    payload = {"type": topic, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": dict(data)}
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(endpoint=endpoint, occasion=occasion, topic=topic, payload=payload)
            for endpoint in endpoints
        ],
        ignore_conflicts=True,
    )


def ping(endpoint: WebhookEndpoint) -> None:
    """Write a delivery that means nothing, for trying an endpoint out."""
    queue([endpoint], f"ping:{uuid.uuid4()}", PING, at=timezone.now(), data={})


def send_again(delivery: WebhookDelivery) -> None:
    """Have a delivery sent once more, with the same id."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(state=State.DUE, next_try_at=Now())


def send_due() -> int:
    """Send a batch of what is due; return how many were tried. Safe to run anywhere, any number of times at once."""
    batch = _claim()
    if not batch:
        return 0
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        outcomes = list(pool.map(_post, batch))
    for delivery, outcome in zip(batch, outcomes, strict=True):
        _write_down(delivery, outcome)
    return len(batch)


def prune() -> int:
    """Delete deliveries that came to an end long ago; return how many."""
    old = WebhookDelivery.objects.exclude(state=State.DUE).filter(created_at__lt=Now() - KEEP)
    deleted, _rows = old.delete()
    return deleted


def _claim() -> list[WebhookDelivery]:
    """Take deliveries that are due, `AT_ONCE` at most, and of an endpoint that failed lately only one."""
    awake = Q(endpoint__paused_until=None) | Q(endpoint__paused_until__lte=Now())
    due = WebhookDelivery.objects.filter(awake, state=State.DUE, next_try_at__lte=Now(), endpoint__is_active=True)
    with transaction.atomic(durable=True):
        locked = due.select_related("endpoint").select_for_update(skip_locked=True, no_key=True, of=("self",))
        probed: set[uuid.UUID] = set()
        batch = []
        for delivery in locked.order_by("next_try_at")[:AT_ONCE]:
            if delivery.endpoint.failures and delivery.endpoint_id in probed:
                continue
            probed.add(delivery.endpoint_id)
            delivery.attempts += 1
            batch.append(delivery)
        claimed = WebhookDelivery.objects.filter(pk__in=[delivery.pk for delivery in batch])
        claimed.update(attempts=F("attempts") + 1, next_try_at=Now() + LEASE)
    return batch


def _post(delivery: WebhookDelivery) -> Outcome:
    """Make one request. Runs in a thread of its own and touches no database."""
    body = orjson.dumps(delivery.payload)
    headers = signing.headers(delivery.endpoint, message_id=str(delivery.pk), body=body)
    headers |= {"Content-Type": "application/json", "User-Agent": "Showfloor-Webhooks/1"}
    try:
        return Outcome(posting.post(delivery.endpoint.url, body=body, headers=headers))
    except NotDelivered as error:
        return Outcome(error.status_code, str(error)[:200] or type(error).__name__)
    except Exception as error:
        logger.exception("webhook %s", delivery.pk)
        return Outcome(None, f"{type(error).__name__}: {error}"[:200])


def _write_down(delivery: WebhookDelivery, outcome: Outcome) -> None:
    # Only while this attempt is the last one: after its lease another sender may be at work.
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
    if not outcome.error:
        mine.update(state=State.DELIVERED, delivered_at=Now(), status_code=outcome.status_code, last_error="")
        WebhookEndpoint.objects.filter(pk=delivery.endpoint_id, failures__gt=0).update(
            failures=0, failing_since=None, paused_until=None
        )
        return
    is_over = timezone.now() - delivery.created_at > GIVE_UP_AFTER
    mine.update(
        state=State.FAILED if is_over else State.DUE,
        next_try_at=Now() + _pause(delivery.attempts, LONGEST_PAUSE_S),
        status_code=outcome.status_code,
        last_error=outcome.error,
    )
    _note_failure(delivery.endpoint, is_gone=outcome.status_code == GONE)


def _note_failure(endpoint: WebhookEndpoint, *, is_gone: bool) -> None:
    """Let a failing endpoint rest; one that failed for days, or says that it is gone, is told nothing more."""
    found = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=True)
    # Sixteen that failed side by side are one failure: the count is raised only from what it was at the claim.
    found.filter(failures=endpoint.failures).update(
        failures=F("failures") + 1,
        failing_since=Coalesce("failing_since", Now()),
        paused_until=Now() + _pause(endpoint.failures + 1, LONGEST_REST_S),
    )
    with transaction.atomic():
        too_long = Q() if is_gone else Q(failing_since__lt=Now() - DISABLE_AFTER)
        if not found.filter(too_long).update(is_active=False):
            return
        audit.record(actor="system", action="webhook_disabled", subject=f"webhook:{endpoint.pk}")
        notices.tell_seller(
            f"webhook:{endpoint.pk}:{timezone.now():%Y%m%dT%H%M%S}",
            News(
                kind="seller.webhook_disabled",
                title=_("A webhook was turned off"),
                text=_(
                    "%(endpoint)s has not answered as it should for days. What waits for it is kept a while; what "
                    "happens from now on is not sent. Turn it on again once it works."
                )
                % {"endpoint": endpoint},
                url=reverse("admin:shop_webhookendpoint_change", args=[endpoint.pk]),
            ),
        )


def _pause(attempts: int, longest_s: int) -> timedelta:
    """Return the time to the next attempt: twice the last, up to an end, and never the same for all."""
    seconds = min(FIRST_PAUSE_S * 2 ** min(attempts - 1, 20), longest_s)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311
