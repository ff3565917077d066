"""The archive's months: one partition each, by the UTC month of `terminal_at`.

There is no partition for the rest: it would have to be searched under a lock of the whole table each time a month is
added. A month that is missing is made when it is needed; a job makes the next ones ahead.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from orders.archive.router import ALIAS

TABLE = "orders_archivedorder"
AHEAD = 3  # months beyond this one
# Two that make the same month: the second waits and finds it made. Any number that nobody else locks there.
LOCK = 0xA2C


def ensure(moments: Iterable[datetime | date]) -> list[str]:
    """Make the partitions that hold these moments, unless they are there; return the names of new ones."""
    return make(connections[ALIAS], moments)


def ensure_ahead() -> list[str]:
    """Make this month's partition and those of the months to come; return the names of new ones."""
    return ensure(months_ahead())


def months_ahead() -> list[date]:
    month = timezone.now().date().replace(day=1)
    months = [month]
    for _ in range(AHEAD):
        months.append(_next(months[-1]))
    return months


def make(connection: BaseDatabaseWrapper, moments: Iterable[datetime | date]) -> list[str]:
    """Make partitions on a connection. A new one is attached when it is whole, so that nobody who reads waits."""
    wanted = {_name(month): month for month in {_month(moment) for moment in moments}}
    if not wanted.keys() - _existing(connection):
        return []
    made = []
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        for name in sorted(wanted.keys() - _existing(connection)):
            month = wanted[name]
            cursor.execute(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING ALL)")
            cursor.execute(
                f"ALTER TABLE {TABLE} ATTACH PARTITION {name}"
                f" FOR VALUES FROM ('{month} 00:00+00') TO ('{_next(month)} 00:00+00')"
            )
            made.append(name)
    return made


def _existing(connection: BaseDatabaseWrapper) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [TABLE])
        return {name for (name,) in cursor.fetchall()}


def _month(moment: datetime | date) -> date:
    day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
    return day.replace(day=1)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _name(month: date) -> str:
    return f"{TABLE}_y{month:%Ym%m}"
