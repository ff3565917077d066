"""Tables with a partition for each UTC month: made ahead, or when one is needed, and dropped whole.

There is no partition for the rest: it would have to be searched under a lock of the whole table each time a month is
added, and no month could be taken off while others read.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg
from django.db import IntegrityError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

logger = logging.getLogger(__name__)

LOCK_TIMEOUT_MS = 2000


@dataclass(frozen=True)
class Months:
    """One such table, in the database `alias`; `ahead` is how many months beyond this one are made beforehand."""

    table: str
    alias: str = "default"
    ahead: int = 3

    def ensure(self, moments: Iterable[datetime | date]) -> list[str]:
        """Make the partitions that hold these moments, unless they are there; return the names of new ones."""
        return self.make(connections[self.alias], moments)

    def ensure_ahead(self) -> list[str]:
        """Make this month's partition and those of the months to come; return the names of new ones."""
        return self.ensure(self.months_ahead())

    def months_ahead(self) -> list[date]:
        months = [_month(timezone.now())]
        for _ in range(self.ahead):
            months.append(_next(months[-1]))
        return months

    def make(self, connection: BaseDatabaseWrapper, moments: Iterable[datetime | date]) -> list[str]:
        """Make partitions on a connection. A new one is attached when it is whole, so that nobody who reads waits."""
        wanted = {self._name(month): month for month in {_month(moment) for moment in moments}}
        if not wanted.keys() - self._existing(connection):
            return []
        made = []
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            # Two that make the same month: the second waits and finds it made.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [self._lock])
            for name in sorted(wanted.keys() - self._existing(connection)):
                month = wanted[name]
                cursor.execute(f"CREATE TABLE {name} (LIKE {self.table} INCLUDING ALL)")
                cursor.execute(
                    f"ALTER TABLE {self.table} ATTACH PARTITION {name}"
                    f" FOR VALUES FROM ('{month} 00:00+00') TO ('{_next(month)} 00:00+00')"
                )
                made.append(name)
        return made

    def drop_before(self, limit: datetime) -> list[str]:
        """Drop the months that ended by a moment; return the names of those that are gone.

        Nobody who reads or writes waits: a month is taken off concurrently, and dropped when no transaction sees it.
        One that somebody is still reading is left, out of sight of new transactions, to the next call, as is what an
        interrupted call has left. Needs a connection of its own, since it can't be done in a transaction.
        """
        dropped: list[str] = []
        with self._alone() as direct:
            if direct is None:
                return dropped
            try:
                for name, is_pending in self._over(direct, limit):
                    how = "FINALIZE" if is_pending else "CONCURRENTLY"
                    direct.execute(f"ALTER TABLE {self.table} DETACH PARTITION {name} {how}".encode())
                for name in self._off(direct, limit):
                    direct.execute(f"DROP TABLE {name}".encode())
                    dropped.append(name)
            except psycopg.errors.LockNotAvailable:
                logger.info("%s: a month is still being read, and is dropped another time", self.table)
        return dropped

    @contextmanager
    def _alone(self) -> Iterator[psycopg.Connection[Any] | None]:
        """Give a direct connection that waits little, or None while another process drops months of this table."""
        with psycopg.connect(**connections[self.alias].get_connection_params(), autocommit=True) as direct:
            got = direct.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 1))", [self._lock]).fetchone()
            direct.execute("SELECT set_config('lock_timeout', %s, false)", [str(LOCK_TIMEOUT_MS)])
            yield direct if got == (True,) else None

    def _over(self, direct: psycopg.Connection[Any], limit: datetime) -> list[tuple[str, bool]]:
        """Return the attached months that ended by a moment, and whether each is half taken off already."""
        rows = direct.execute(
            "SELECT inhrelid::regclass::text, inhdetachpending FROM pg_inherits WHERE inhparent = %s::regclass"
            " ORDER BY inhdetachpending DESC, 1",  # what is half off must be finished before another can begin
            [self.table],
        )
        return [(name, pending) for name, pending in rows if (month := self._month_of(name)) and _end(month) <= limit]

    def _off(self, direct: psycopg.Connection[Any], limit: datetime) -> list[str]:
        """Return the months that ended by a moment and were taken off."""
        rows = direct.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND NOT relispartition"
            " AND pg_table_is_visible(oid) AND starts_with(relname, %s) ORDER BY 1",
            [f"{self.table}_y"],
        )
        return [name for (name,) in rows if (month := self._month_of(name)) and _end(month) <= limit]

    def _existing(self, connection: BaseDatabaseWrapper) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [self.table]
            )
            return {name for (name,) in cursor.fetchall()}

    @property
    def _lock(self) -> str:
        return f"months:{self.table}"

    def _name(self, month: date) -> str:
        return f"{self.table}_y{month:%Ym%m}"

    def _month_of(self, name: str) -> date | None:
        found = re.fullmatch(rf"{self.table}_y(\d{{4}})m(\d\d)", name)
        return date(int(found[1]), int(found[2]), 1) if found else None


def is_missing(error: IntegrityError) -> bool:
    """Whether a row was refused because its month has no partition yet."""
    cause = error.__cause__
    # A check that somebody wrote has a name.
    return isinstance(cause, psycopg.errors.CheckViolation) and cause.diag.constraint_name is None


def _month(moment: datetime | date) -> date:
    day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
    return day.replace(day=1)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _end(month: date) -> datetime:
    return datetime.combine(_next(month), datetime.min.time(), UTC)
