"""`/metrics` of the web process: its own counters, what the last reconciliation found, and how late the store is.

A reconciliation runs in a Celery process, and a store is waited for in a media process, which nobody scrapes. What
they found stands in the database and in Redis, and every web process reads it at each scrape; which is asked does not
matter.
"""

import logging
from collections.abc import Iterator

import redis
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from config.insiders_only import insiders_only
from inventory.models import Reconciliation
from streams.store import upload_lag

logger = logging.getLogger(__name__)


class LastReconciliation(Collector):
    """The newest result, as gauges; none before the first run, or while the database is away."""

    def collect(self) -> Iterator[Metric]:
        try:
            last = Reconciliation.objects.order_by("-at").first()
        except DatabaseError as error:
            logger.warning("no result of a reconciliation for the metrics: %s", error)
            return
        if last is None:
            return
        drift = GaugeMetricFamily("showfloor_drift", "What the last reconciliation found", labels=["check"])
        for check, count in last.counts.items():
            drift.add_metric([check], count)
        yield drift
        yield GaugeMetricFamily(
            "showfloor_reconciled_timestamp_seconds", "When the last reconciliation was", value=last.at.timestamp()
        )
        yield GaugeMetricFamily(
            "showfloor_reconciliation_seconds", "How long the last reconciliation took", value=last.took_ms / 1000
        )


class StoreBehind(Collector):
    """How long the oldest segment of any show has been waiting for the store; nothing while Redis is away."""

    def collect(self) -> Iterator[Metric]:
        try:
            waiting = upload_lag.read_all()
        except redis.RedisError as error:
            logger.warning("whether the store is behind is unknown, Redis is away: %s", error)
            return
        yield GaugeMetricFamily(
            "showfloor_store_behind_seconds",
            "How long the oldest segment has been waiting for the store",
            value=max(waiting.values(), default=0),
        )


# Not the process's own registry: that one is read by the realtime server too, whose loop must not ask a database.
_from_elsewhere = CollectorRegistry()
_from_elsewhere.register(LastReconciliation())
_from_elsewhere.register(StoreBehind())


@insiders_only
def metrics(request: HttpRequest) -> HttpResponse:
    answer: HttpResponse = ExportToDjangoView(request)
    answer.write(generate_latest(_from_elsewhere))
    return answer
