"""Expiry: a backlog of overdue orders swept at once, and how late orders expire while they fall due all the time.

The backlog is swept by the task in this process; the steady part by Celery's beat and sweeper as `manage.py up` runs
them, and watched from outside.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from typing import Any

from bench import lab
from bench.report import Figures, percentile

BACKLOG = 50_000
BATCH = 500
SKUS = [f"BENCH-{number}" for number in range(100)]
STEADY_S = 30
STEADY_A_SECOND = 200
STEP_S = 0.25


def run() -> Figures:
    with lab.databases():
        lab.make_goods(SKUS, units=1_000_000)
        return {**_backlog(), **_steady()}


def _backlog() -> Figures:
    from django.db import connection

    from orders import tasks

    began = time.monotonic()
    for _ in range(BACKLOG // BATCH):
        _order(BATCH)
    made_s = time.monotonic() - began
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_order SET expires_at = now() - interval '1 hour'")
        cursor.execute("VACUUM ANALYZE")
    began = time.monotonic()
    expired = tasks.sweep()
    swept_s = time.monotonic() - began
    if expired != BACKLOG or _held():
        raise RuntimeError(f"{expired} orders expired, {_held()} units are still held")
    return {
        "backlog: orders": BACKLOG,
        f"backlog: written in batches of {BATCH}, a second": round(BACKLOG / made_s),
        "backlog: swept in s": round(swept_s, 1),
        "backlog: swept a second": round(BACKLOG / swept_s),
    }


def _steady() -> Figures:
    """Have orders fall due a second after they were made, and see when they are gone."""
    from django.conf import settings
    from django.db import connection

    due: dict[uuid.UUID, float] = {}
    lags: list[float] = []
    with _sweeper(), connection.cursor() as cursor:
        ends = time.monotonic() + STEADY_S
        while time.monotonic() < ends or (due and time.monotonic() < ends + 15):
            began = time.monotonic()
            if began < ends:
                ids = _order(round(STEADY_A_SECOND * STEP_S))
                cursor.execute(
                    "UPDATE orders_order SET expires_at = now() - make_interval(secs => %s) WHERE id = ANY(%s)"
                    " RETURNING id, extract(epoch FROM expires_at) + %s",
                    [settings.PAYMENT_SWEEP_GRACE_S - 1, ids, settings.PAYMENT_SWEEP_GRACE_S],
                )
                due |= {order: float(at) for order, at in cursor.fetchall()}
            cursor.execute(
                "SELECT id, extract(epoch FROM clock_timestamp()) FROM orders_order"
                " WHERE id = ANY(%s) AND state = 'cancelled'",
                [list(due)],
            )
            lags += [float(seen) - due.pop(order) for order, seen in cursor.fetchall()]
            time.sleep(max(0.0, STEP_S - (time.monotonic() - began)))
    if due:
        raise RuntimeError(f"{len(due)} orders never expired")
    return {
        "steady: orders due a second": STEADY_A_SECOND,
        "steady: orders": len(lags),
        "steady: lag p50 s": round(percentile(lags, 0.5), 2),
        "steady: lag p99 s": round(percentile(lags, 0.99), 2),
        "steady: lag worst s": round(max(lags), 2),
    }


def _order(count: int) -> list[uuid.UUID]:
    """Write orders of one unit, in one transaction."""
    from django.db import transaction

    from orders.checkout import write_orders

    with transaction.atomic():
        orders: list[Any] = write_orders(list(islice(_requests(), count)))
    return [order.pk for order in orders]


def _requests() -> Iterator[Any]:
    from orders.checkout import OrderRequest, ShippingAddress

    address = ShippingAddress("A", "4 Example Lane", "Delhi", "110001", "IN")
    for number, sku in enumerate(cycle(SKUS)):
        yield OrderRequest(lines=[(sku, 1)], email=f"buyer{number}@example.com", address=address)


def _held() -> int:
    from django.db.models import Sum

    from inventory.models import StockItem

    return StockItem.objects.aggregate(held=Sum("held"))["held"]


@contextmanager
def _sweeper() -> Iterator[None]:
    from config.launcher import programs

    with lab.running(programs.sweeper(), programs.beat()):
        yield
