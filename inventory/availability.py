"""What may still be sold of a SKU, over all warehouses, and the news of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from inventory import statements
from inventory.signals import stock_changed
from inventory.transactions import after_commit

_SUMS = "SELECT sku, sum(available), sum(version) FROM inventory_stockitem WHERE sku = ANY(%s) GROUP BY sku"


@dataclass(frozen=True)
class Availability:
    """`version` rises with every change of the SKU: of two numbers, the one with the higher version is newer."""

    sku: str
    available: int
    version: int
    as_of: datetime


def read(skus: Iterable[str]) -> dict[str, Availability]:
    """Read these SKUs from the primary database, in one statement; a SKU without stock items is absent.

    Units and versions are summed by the same statement: two warehouses changed in parallel would otherwise tell two
    truths under one version.
    """
    now = timezone.now()
    sums = statements.run(_SUMS, [sorted(set(skus))])
    return {sku: Availability(sku, int(units), int(version), now) for sku, units, version in sums}


def announce(skus: Iterable[str]) -> None:
    """Send `stock_changed` for these SKUs once the transaction has committed, with the numbers of that moment."""
    after_commit(_send, sorted(set(skus)))


def _send(skus: list[str]) -> None:
    for news in read(skus).values():
        stock_changed.send_robust(sender=None, sku=news.sku, available=news.available, version=news.version)
