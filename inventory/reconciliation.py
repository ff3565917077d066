"""Do the books agree? Checks over everything, in one snapshot of the database; nothing is ever changed here.

Each app registers its checks when it starts. A check is one statement over sets that returns only what is wrong. All
run in one REPEATABLE READ transaction, so that a shop in full rush shows no difference that isn't there: what belongs
together is written in one transaction, and a snapshot sees all of it or nothing. Deep checks are the exception: they
compare with another database, take long, and run by hand and once a day.

What can be put right, and how, is in `shop.repair.registry`; docs/reconciliation.md tells the whole.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inventory.models import Reconciliation

logger = logging.getLogger(__name__)

SHOWN = 100  # of what one check finds, the first so many are named; all are counted
PATIENCE_MS = 120_000
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Drift:
    """One thing that does not agree. `subject` is an opaque word as in the audit log; the rest is for people."""

    check: str
    subject: str
    expected: str
    found: str
    hint: str


@dataclass(frozen=True)
class Finding:
    """What one check found: the first rows as (subject, expected, found), and how many there are in all."""

    rows: Sequence[tuple[str, str, str]]
    total: int


@dataclass(frozen=True)
class Check:
    """Something that must hold (`title`), how to find what breaks it, and what a person should do about that.

    A deep one runs outside the snapshot, in no transaction, and looks twice.
    """

    name: str
    title: str | Promise
    hint: str | Promise
    find: Callable[[], Finding]
    is_deep: bool = False


@dataclass(frozen=True)
class Report:
    """What one run found. `counts` has every check that ran, also those that found nothing."""

    at: datetime
    took_ms: int
    counts: dict[str, int]
    drifts: list[Drift]

    @property
    def is_good(self) -> bool:
        return not any(self.counts.values())


_checks: dict[str, Check] = {}


def register(*checks: Check) -> None:
    """Add checks. Apps do so in modules that their `ready()` imports."""
    _checks.update({check.name: check for check in checks})


def list_checks() -> list[Check]:
    return list(_checks.values())


def by_sql(statement: str, **parameters: Any) -> Callable[[], Finding]:
    """Return what finds drift by one statement, which gives a row of (subject, expected, found) for each.

    `parameters` stand in it as `%(name)s`; one that can be called is called at each run.
    """

    def find() -> Finding:
        values = {name: value() if callable(value) else value for name, value in parameters.items()}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT subject, expected, found, count(*) OVER ()"  # noqa: S608 (our own statements)
                f" FROM ({statement}) AS drift (subject, expected, found) ORDER BY subject, found LIMIT {SHOWN}",
                values,
            )
            rows = cursor.fetchall()
        return Finding([(subject, expected, found) for subject, expected, found, _ in rows], rows[0][3] if rows else 0)

    return find


def reconcile(*, is_deep: bool = False) -> Report:
    """Run the checks, write the result down for the pages and the metrics, and log what was found."""
    report = examine(is_deep=is_deep)
    keep(report)
    for name, count in report.counts.items():
        if count:
            first = next(drift for drift in report.drifts if drift.check == name)
            logger.error("drift: %s: %d, the first: %s", name, count, first.subject)
    return report


def keep(report: Report) -> None:
    """Write a result down, with what was last found by checks that did not run now; forget what is old."""
    with transaction.atomic():
        Reconciliation.objects.filter(at__lt=Now() - KEPT_FOR).delete()
        last = Reconciliation.objects.first() or Reconciliation(counts={}, drifts=[])
        others = {name: count for name, count in last.counts.items() if name in _checks and name not in report.counts}
        Reconciliation.objects.create(
            at=report.at,
            took_ms=report.took_ms,
            counts=report.counts | others,
            drifts=[asdict(drift) for drift in report.drifts]
            + [drift for drift in last.drifts if drift["check"] in others],
        )


def examine(*, is_deep: bool = True) -> Report:
    """Run the checks in one snapshot, then the deep ones; change nothing. Can't be called within a transaction."""
    with snapshot():
        report = run_checks()
    if not is_deep:
        return report
    deep = run_checks(is_deep=True)
    return Report(
        report.at, report.took_ms + deep.took_ms, report.counts | deep.counts, [*report.drifts, *deep.drifts]
    )


def run_checks(*prefixes: str, is_deep: bool = False) -> Report:
    """Run the checks whose names begin so (all, if none is given), in the transaction that is open, if any."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (at,) = cursor.fetchone()
    counts: dict[str, int] = {}
    drifts: list[Drift] = []
    for check in _checks.values():
        if check.is_deep is is_deep and check.name.startswith(prefixes or ("",)):
            finding = check.find()
            counts[check.name] = finding.total
            drifts += [Drift(check.name, *row, hint=str(check.hint)) for row in finding.rows]
    return Report(at, round((time.monotonic() - began) * 1000), counts, drifts)


@contextmanager
def snapshot() -> Iterator[None]:
    """See the main database as it is at this moment until left, and change nothing."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
            cursor.execute("SET LOCAL work_mem = '128MB'")  # to join a million rows in memory
        yield


_COUNTER = """
    SELECT 'stock:' || item.id,
           coalesce(promised.units, 0) || ' {counter}',
           item.{counter} || ' {counter} (' || item.sku || ', ' || place.code || ')'
    FROM inventory_stockitem AS item
    JOIN inventory_warehouse AS place ON place.id = item.warehouse_id
    LEFT JOIN (
        SELECT stock_item_id, sum(quantity) AS units
        FROM inventory_reservation
        -- as the condition of the index reservation_live, so that what is over is not read
        WHERE state IN ('held', 'committed') AND state = '{counter}'
        GROUP BY stock_item_id
    ) AS promised ON promised.stock_item_id = item.id
    WHERE item.{counter} <> coalesce(promised.units, 0)
"""

_ON_HAND = """
    SELECT 'stock:' || item.id,
           coalesce(ledger.units, 0) || ' on hand',
           item.on_hand || ' on hand (' || item.sku || ', ' || place.code || ')'
    FROM inventory_stockitem AS item
    JOIN inventory_warehouse AS place ON place.id = item.warehouse_id
    LEFT JOIN (
        SELECT stock_item_id, sum(delta) AS units FROM inventory_stockmovement GROUP BY stock_item_id
    ) AS ledger ON ledger.stock_item_id = item.id
    WHERE item.on_hand <> coalesce(ledger.units, 0)
"""

register(
    Check(
        "stock.on_hand",
        _("What is on hand is what the ledger's movements add up to"),
        _("Set the counter to what the ledger says, then count the shelf and enter the count."),
        by_sql(_ON_HAND),
    ),
    Check(
        "stock.held",
        _("What is held is what unpaid orders have reserved"),
        _("Set the counter to what the reservations say."),
        by_sql(_COUNTER.format(counter="held")),
    ),
    Check(
        "stock.committed",
        _("What is committed is what paid orders have reserved"),
        _("Set the counter to what the reservations say."),
        by_sql(_COUNTER.format(counter="committed")),
    ),
)
