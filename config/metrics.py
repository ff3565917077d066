"""`/metrics` of the web process: its own counters, and what the last reconciliation found.

A reconciliation runs in a Celery process, which nobody scrapes. Its result stands in the database, and every web
process reads the newest at each scrape; which of them is asked does not matter.
"""

import logging
from collections.abc import Iterator

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from inventory.models import Reconciliation

log = logging.getLogger(__name__)


class LastReconciliation(Collector):
    """The newest result, as gauges; none before the first run, or while the database is away."""

    def collect(self) -> Iterator[Metric]:
        try:
            last = Reconciliation.objects.order_by("-at").first()
        except DatabaseError as error:
            log.warning("no result of a reconciliation for the metrics: %s", error)
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


# Not the process's own registry: that one is read by the realtime server too, whose loop must not ask a database.
_from_database = CollectorRegistry()
_from_database.register(LastReconciliation())


def metrics(request: HttpRequest) -> HttpResponse:
    answer: HttpResponse = ExportToDjangoView(request)
    answer.write(generate_latest(_from_database))
    return answer
