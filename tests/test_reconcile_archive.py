"""What reconciliation says of the two databases: nothing while orders move, and everything that stays wrong."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections, transaction

from inventory import reconciliation
from inventory.reconciliation import Report
from orders import locks
from orders.archive import partitions
from orders.archiving import copies, mover
from orders.models import ArchivedOrder, Order
from shop.exceptions import NothingToRepair
from shop.models import AuditEntry
from shop.repair import registry
from tests.support import backdating, invariants
from tests.support.archivable_orders import make_archived, make_over

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once: nothing moves in most of these tests."""
    monkeypatch.setattr("orders.archiving.reconciliation.A_MOMENT_S", 0)


def deep() -> Report:
    return reconciliation.run_checks("archive.", is_deep=True)


def said(report: Report) -> list[tuple[str, str, str]]:
    return [(drift.check, drift.subject, drift.found) for drift in report.drifts]


def make_copied() -> Order:
    """Make an order that was copied by one who was killed before he could delete it."""
    order = make_over()
    assert order.terminal_at
    partitions.ensure([order.terminal_at])
    copies.write(copies.read([order.pk]))
    return order


def test_orders_here_and_there_agree() -> None:
    make_archived()
    make_over(("BOWL", 1))
    backdating.paid(("BOWL", 1))

    report = deep()

    assert report.counts == {"archive.lost": 0, "archive.double": 0}
    assert ArchivedOrder.objects.count() == 1
    invariants.check()


def test_a_payment_whose_order_is_nowhere_is_found() -> None:
    order = make_archived()
    ArchivedOrder.objects.all().delete()

    assert said(deep()) == [
        ("archive.lost", f"order:{order.pk}", f"its payment alone (sandbox paid-{order.pk}, succeeded)")
    ]


def test_a_copy_that_is_alike_is_no_drift_and_one_that_is_not_is() -> None:
    order = make_copied()
    assert said(deep()) == []

    Order.objects.filter(pk=order.pk).update(city="Elsewhere")

    assert said(deep()) == [("archive.double", f"order:{order.pk}", f"another in the archive ({order.number})")]


def test_a_copy_too_many_is_removed() -> None:
    order = make_copied()
    Order.objects.filter(pk=order.pk).update(city="Elsewhere")

    registry.repair("remove-copy", order.holder, actor="user:staff", reason="seen by Eve")

    assert said(deep()) == []
    assert Order.objects.get(pk=order.pk).city == "Elsewhere"
    assert AuditEntry.objects.get(action="mended").data == {"check": "archive.double", "mend": "remove-copy"}


def test_an_order_that_is_archived_alone_keeps_its_copy() -> None:
    order = make_archived()

    with pytest.raises(NothingToRepair):
        registry.repair("remove-copy", order.holder, actor="user:staff", reason="by mistake")

    assert ArchivedOrder.objects.filter(pk=order.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_found_while_orders_move_and_come_back() -> None:
    order = make_archived()

    with moving(order):
        reports = [deep() for _ in range(15)]

    assert [said(report) for report in reports] == [[]] * len(reports)


@pytest.mark.django_db(transaction=True)
def test_control_who_looks_once_sees_orders_that_are_nowhere() -> None:
    order = make_archived()

    with moving(order):
        ends_at = time.monotonic() + 60
        while time.monotonic() < ends_at:
            if not Order.objects.filter(pk=order.pk).exists() and not ArchivedOrder.objects.exists():
                return
    pytest.fail("it was always somewhere")


@contextmanager
def moving(order: Order) -> Iterator[None]:
    """Have an order brought back and archived again, over and over."""
    is_over = threading.Event()
    faults: list[Exception] = []

    def move() -> None:
        try:
            while not is_over.is_set():
                with transaction.atomic():
                    locks.lock_order(order.pk)
                mover.move()
        except Exception as error:
            faults.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(30)
    assert faults == []
