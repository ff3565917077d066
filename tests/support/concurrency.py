"""Many at once: real threads, real connections, one barrier."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, connections

from inventory.models import StockItem

T = TypeVar("T")

BARRIER_TIMEOUT_S = 30


def together(calls: Sequence[Callable[[], T]], *, is_connected: bool = True) -> list[T | Exception]:
    """Start all calls at the same moment, each in a thread with a connection of its own; return results or errors.

    Without `is_connected` a call gets its connection when it first asks for one.
    """
    barrier = threading.Barrier(len(calls), timeout=BARRIER_TIMEOUT_S)

    def run(call: Callable[[], T]) -> T | Exception:
        try:
            if is_connected:
                connection.ensure_connection()
            barrier.wait()
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(run, calls))


@contextmanager
def without_oversell_check() -> Iterator[None]:
    """Take the database's own guard away, for a control that must go wrong."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inventory_stockitem DROP CONSTRAINT stock_never_oversold")
    try:
        yield
    finally:
        StockItem.objects.update(on_hand=1_000_000)
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE inventory_stockitem ADD CONSTRAINT stock_never_oversold"
                " CHECK (on_hand >= held + committed)"
            )
