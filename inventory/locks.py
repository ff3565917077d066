"""The only place that locks stock. docs/locking.md has the order of all locks."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg.errors
from django.db import OperationalError, connection
from django.db.models import Q

from inventory.exceptions import NotInTransaction, StockBusy
from inventory.models import StockItem

LOCK_TIMEOUT_MS = 2000


def lock_stock(*, skus: Iterable[str] = (), ids: Iterable[int] = ()) -> list[StockItem]:
    """Lock every stock item of these SKUs, and those with these ids, in the order of their ids.

    Waits at most two seconds for rows locked by others. Needs an open transaction, which keeps the locks to its end;
    all stock that a transaction touches must be locked by one call, or two transactions may wait for each other.

    Raises StockBusy (try again) or NotInTransaction (a bug).
    """
    require_transaction()
    rows = StockItem.objects.filter(Q(sku__in=set(skus)) | Q(pk__in=set(ids)))
    with limited_wait():
        return list(rows.order_by("pk").select_for_update(no_key=True))


def require_transaction() -> None:
    if not connection.in_atomic_block:
        raise NotInTransaction


@contextmanager
def limited_wait() -> Iterator[None]:
    """Turn a lock waited for too long, or a deadlock, into StockBusy. For any row lock of an order or its stock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(LOCK_TIMEOUT_MS)])
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
            raise StockBusy from error
        raise
