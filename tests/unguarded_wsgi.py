"""The web server as it would be without the stock's locks: the control of test_races_http, for nothing else."""

import time
from collections.abc import Iterable

from config.wsgi import application
from inventory import reservations
from inventory.models import StockItem

PAUSE_S = 0.3


def read_without_lock(*, skus: Iterable[str] = (), ids: Iterable[int] = ()) -> list[StockItem]:
    items = list(StockItem.objects.filter(sku__in=set(skus)).order_by("pk"))
    time.sleep(PAUSE_S)  # long enough for others to read the same before any of us writes
    return items


reservations.lock_stock = read_without_lock

__all__ = ["application"]
