"""Moving what is over into the archive: what goes, what stays, and that nothing is lost on the way."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, connections

from inventory.models import Reservation, StockItem, StockMovement
from orders import locks
from orders.archive import partitions
from orders.archiving import copies, mover
from orders.models import ArchivedOrder, IdempotencyKey, Order, OrderLine, Payment, ProviderEvent, Refund
from shop.models import AuditEntry
from tests.support import invariants
from tests.support.archivable_orders import make_over
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db


def test_an_order_moves_whole() -> None:
    buyer = make_user()
    order = make_over(("VASE", 2), ("CUP", 1), buyer=buyer, session="demo-live")
    IdempotencyKey.objects.create(scope="guest", key="k" * 16, body_hash="", order=order)

    report = mover.move()

    assert (report.moved, report.refused) == (1, [])
    archived = ArchivedOrder.objects.get()
    kept = {field.attname for field in Order._meta.local_concrete_fields} - set(Order.NOT_ARCHIVED)
    for name in kept:
        assert getattr(archived, name) == getattr(order, name), name
    assert not {field.attname for field in ArchivedOrder._meta.fields} & set(Order.NOT_ARCHIVED)
    assert [(line["sku"], line["quantity"], line["unit_price_minor"]) for line in archived.lines] == [
        ("VASE", 2, 8600),
        ("CUP", 1, 8600),
    ]
    assert [(row["state"], row["quantity"]) for row in archived.reservations] == [("fulfilled", 2), ("fulfilled", 1)]
    for model in (Order, OrderLine, IdempotencyKey, Reservation):
        assert not model.objects.exists()


def test_what_tells_of_money_and_deeds_stays() -> None:
    order = make_over()
    ProviderEvent.objects.create(provider="sandbox", event_id="e1", kind="paid", payment_ref="", outcome="applied")

    mover.move()

    assert Payment.objects.get().order_id == order.pk
    assert ProviderEvent.objects.exists()
    assert AuditEntry.objects.filter(subject=order.holder).count() == 3
    assert StockMovement.objects.filter(note=order.holder).get().delta == -1
    assert StockItem.objects.get().on_hand == 99
    invariants.check()


@pytest.mark.parametrize(("days", "window_days", "moves"), [(31, 30, 1), (29, 30, 0), (6, 1, 0), (8, 1, 1)])
def test_the_return_window_and_the_week_of_late_webhooks_are_waited_for(
    settings: LazySettings, days: float, window_days: int, moves: int
) -> None:
    settings.RETURN_WINDOW_DAYS = window_days
    make_over(days=days)

    assert mover.move().moved == moves
    assert Order.objects.count() == 1 - moves


def test_orders_that_are_not_over_stay_however_old() -> None:
    order = make_over()
    Order.objects.filter(pk=order.pk).update(state="in_transit", terminal_at=None)

    assert mover.move().moved == 0


def test_an_order_waits_for_its_refund_and_its_open_payment() -> None:
    refunded, open_, live = make_over(), make_over(is_paid=False), make_over()
    refund = Refund.objects.create(payment=Payment.objects.get(order=refunded), amount_minor=1, reason="refunded")
    Payment.objects.create(order=open_, provider="sandbox", ref="open", amount_minor=1, currency="USD")
    Reservation.objects.filter(holder=live.holder).update(state="committed")

    assert mover.move().moved == 0
    assert mover.count_waiting() == {"open_payment": 1, "pending_refund": 1, "live_reservation": 1}

    Refund.objects.filter(pk=refund.pk).update(state="failed")
    assert mover.move().moved == 1
    assert ArchivedOrder.objects.get().pk == refunded.pk


def test_the_oldest_go_first_and_a_limit_is_kept() -> None:
    orders = [make_over(days=days) for days in (40, 60, 50)]

    assert mover.move(batch=1, limit=2).moved == 2

    assert Order.objects.get() == orders[0]


def test_a_copy_that_is_there_already_is_replaced_not_doubled() -> None:
    order = make_over()
    partitions.ensure([order.terminal_at])
    copies.write(copies.read([order.pk]))
    Order.objects.filter(pk=order.pk).update(terminal_at=order.terminal_at - timedelta(days=70))  # another month

    mover.move()

    assert ArchivedOrder.objects.get().terminal_at == order.terminal_at - timedelta(days=70)


def test_a_copy_that_reads_back_otherwise_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = make_over(), make_over()
    write = copies.write

    def spoil(documents: dict[object, str]) -> None:
        write(documents)  # type: ignore[arg-type]
        ArchivedOrder.objects.filter(pk=bad.pk).update(total_minor=1)

    monkeypatch.setattr(copies, "write", spoil)
    report = mover.move()

    assert (report.moved, report.refused) == (1, [bad.number])
    assert [order.pk for order in Order.objects.all()] == [bad.pk]
    assert set(ArchivedOrder.objects.values_list("pk", flat=True)) == {good.pk, bad.pk}


def test_a_column_that_the_archive_lacks_keeps_the_order() -> None:
    order = make_over()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE orders_order ADD COLUMN newer text DEFAULT 'x'")

    assert mover.move().refused == [order.number]
    assert Order.objects.exists()


def test_a_run_stops_when_every_copy_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        make_over()
    monkeypatch.setattr(mover, "REFUSED_MAX", 2)
    monkeypatch.setattr(copies, "sound", lambda documents, **months: [])

    assert len(mover.move(batch=1).refused) == 2
    assert Order.objects.count() == 4


def test_a_refund_written_while_its_order_was_being_locked_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, moved = make_over(days=50), make_over()
    lock = locks.lock_finished_orders

    def meanwhile(*args: Any, **kwargs: Any) -> list[uuid.UUID]:
        locked = lock(*args, **kwargs)
        Refund.objects.get_or_create(payment=Payment.objects.get(order=kept), amount_minor=1, reason="refunded")
        return locked

    monkeypatch.setattr(locks, "lock_finished_orders", meanwhile)

    assert mover.move(batch=1).moved == 1
    assert Order.objects.get() == kept
    assert ArchivedOrder.objects.get().pk == moved.pk


def test_nothing_refers_to_an_order_but_what_moves_with_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text FROM pg_constraint WHERE confrelid = 'orders_order'::regclass ORDER BY 1"
        )
        assert [name for (name,) in cursor.fetchall()] == ["orders_idempotencykey", "orders_orderline"]


def test_months_are_made_ahead_and_when_they_are_needed() -> None:
    moment = datetime(1999, 12, 31, 23, 59, tzinfo=UTC)
    before = months()

    assert partitions.ensure([moment, moment.replace(day=1)]) == ["orders_archivedorder_y1999m12"]
    assert partitions.ensure([moment]) == []
    assert partitions.ensure_ahead() == []  # the migration has made them

    assert len(before) > partitions.AHEAD
    assert months() == before | {"orders_archivedorder_y1999m12"}


def months() -> set[str]:
    with connections["archive"].cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'orders_archivedorder'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def test_years_apart_find_their_months() -> None:
    order = make_over(terminal_at=datetime(2019, 1, 31, 23, 59, 59, 999999, tzinfo=UTC))

    assert mover.move().moved == 1
    assert ArchivedOrder.objects.get().terminal_at == order.terminal_at


def test_nothing_to_move_is_no_problem() -> None:
    assert mover.move() == mover.Report()
    assert mover.count_waiting() == {"open_payment": 0, "pending_refund": 0, "live_reservation": 0}
