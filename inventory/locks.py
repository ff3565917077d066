"""The only place that locks stock. docs/locking.md has the order of all locks."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg.errors
from django.db import OperationalError, connection

from inventory import statements
from inventory.exceptions import NotInTransaction, StockBusy
from inventory.models import StockItem

LOCK_TIMEOUT_MS = 2000
QUEUE = 1  # the first number of the advisory locks on stock items; the second is the item's id
QUEUE_MAX = 500  # places that one transaction takes: unlike row locks, they fill a table of the server's

_COLUMNS = [field.attname for field in StockItem._meta.concrete_fields]
# Who waits for a row while others change it comes to its next version, and there to the end of the wait: some wait
# very long, and the last may be served first. An advisory lock is a queue; who is next in it has the row to himself.
# `patience` is read before any place in the queue is taken or any row is locked.
_LOCK = f"""
    WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', %s, true)),
    asked AS MATERIALIZED (
        SELECT id, row_number() OVER (ORDER BY id) AS number
        FROM patience, inventory_stockitem
        WHERE sku = ANY(%s) OR id = ANY(%s)
        ORDER BY id
    ),
    queue AS MATERIALIZED (
        SELECT id, CASE WHEN number <= {QUEUE_MAX} THEN pg_advisory_xact_lock({QUEUE}, id::int) END FROM asked
    )
    SELECT {", ".join(f"item.{column}" for column in _COLUMNS)}
    FROM queue
    JOIN inventory_stockitem AS item ON item.id = queue.id
    ORDER BY item.id
    FOR NO KEY UPDATE OF item
"""  # noqa: S608 (the model's own columns)

_LOCK_NAMES = """
    WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', %s, true)),
    asked AS MATERIALIZED (
        SELECT key FROM patience, unnest(%s::bigint[]) WITH ORDINALITY AS given (key, number) ORDER BY number
    )
    SELECT pg_advisory_xact_lock(key) FROM asked
"""


def lock_stock(*, skus: Iterable[str] = (), ids: Iterable[int] = ()) -> list[StockItem]:
    """Lock every stock item of these SKUs, and those with these ids, in the order of their ids.

    Waits at most two seconds for rows locked by others. Needs an open transaction, which keeps the locks to its end;
    all stock that a transaction touches must be locked by one call, or two transactions may wait for each other.

    Raises StockBusy (try again) or NotInTransaction (a bug).
    """
    require_transaction()
    with _busy_when_waited_for():
        rows = statements.run(_LOCK, [str(LOCK_TIMEOUT_MS), sorted(set(skus)), sorted(set(ids))])
    return [StockItem.from_db(connection.alias, _COLUMNS, row) for row in rows]


def lock_names(names: Iterable[str]) -> None:
    """Have everybody else who locks one of these names wait until the transaction ends; all of them by one call.

    For what has no row to lock. Waits and raises like `lock_stock`. One statement.
    """
    require_transaction()
    digests = (hashlib.sha256(name.encode()).digest()[:8] for name in names)
    keys = sorted({int.from_bytes(digest, signed=True) for digest in digests})
    with _busy_when_waited_for():
        statements.run(_LOCK_NAMES, [str(LOCK_TIMEOUT_MS), keys])


def require_transaction() -> None:
    if not connection.in_atomic_block:
        raise NotInTransaction


@contextmanager
def limited_wait() -> Iterator[None]:
    """Wait at most two seconds for locks in this block; a longer wait, or a deadlock, raises StockBusy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(LOCK_TIMEOUT_MS)])
    with _busy_when_waited_for():
        yield


@contextmanager
def _busy_when_waited_for() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
            raise StockBusy from error
        raise
