"""Stock: the ledger, promises, locks, news."""

import pytest
from django.db import IntegrityError, connection, transaction

from inventory import availability, stock
from inventory.exceptions import CountBelowPromises, NotInTransaction, StockBusy, UnknownStock
from inventory.locks import lock_stock
from inventory.models import Reservation, StockItem, StockMovement
from inventory.reservations import Shelf, Shortage
from inventory.signals import stock_changed
from tests.support import invariants
from tests.support.concurrency import together
from tests.support.factories import make_stock, make_warehouse

pytestmark = pytest.mark.django_db


def counters(sku: str) -> list[tuple[int, int, int, int]]:
    rows = StockItem.objects.filter(sku=sku).order_by("pk")
    return list(rows.values_list("on_hand", "held", "committed", "available"))


def test_receive_makes_the_item_and_a_movement() -> None:
    make_warehouse("north")

    stock.receive(sku="MUG", warehouse="north", quantity=5, actor="user:1", note="first delivery")
    stock.receive(sku="MUG", warehouse="north", quantity=2, actor="user:1")

    assert counters("MUG") == [(7, 0, 0, 7)]
    assert list(StockMovement.objects.order_by("pk").values_list("delta", "reason")) == [
        (5, "received"),
        (2, "received"),
    ]


def test_count_writes_the_difference_only() -> None:
    make_stock("MUG", 5)

    stock.count(sku="MUG", warehouse="main", counted=3, actor="user:1")
    stock.count(sku="MUG", warehouse="main", counted=3, actor="user:1")

    assert counters("MUG") == [(3, 0, 0, 3)]
    assert StockMovement.objects.filter(reason="counted").count() == 1
    invariants.check()


def test_count_below_what_is_promised_is_refused() -> None:
    make_stock("MUG", 5)
    with Shelf.open(skus=["MUG"]) as shelf:
        shelf.hold("order:1", {"MUG": 4})

    with pytest.raises(CountBelowPromises) as refused:
        stock.count(sku="MUG", warehouse="main", counted=3, actor="user:1")

    assert (refused.value.counted, refused.value.promised) == (3, 4)
    assert counters("MUG") == [(5, 4, 0, 1)]


def test_write_off_of_an_unknown_item_is_refused() -> None:
    make_warehouse()
    with pytest.raises(UnknownStock):
        stock.write_off(sku="NONE", warehouse="main", quantity=1, actor="user:1")


@pytest.mark.parametrize(
    "statement", ["UPDATE inventory_stockmovement SET delta = 9", "DELETE FROM inventory_stockmovement"]
)
def test_the_ledger_refuses_changes(statement: str) -> None:
    make_stock("MUG", 5)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert StockMovement.objects.get().delta == 5


def test_the_database_itself_refuses_to_oversell() -> None:
    make_stock("MUG", 5)
    with pytest.raises(IntegrityError), transaction.atomic():
        StockItem.objects.update(held=3, committed=3)


def test_hold_takes_everything_or_nothing_and_names_every_short_line() -> None:
    make_stock("MUG", 2)
    make_stock("BOWL", 1)
    make_stock("VASE", 9)

    with Shelf.open(skus=["MUG", "BOWL", "VASE"]) as shelf:
        shortages = shelf.hold("order:1", {"MUG": 3, "BOWL": 2, "VASE": 1})

    assert shortages == [Shortage("MUG", 3, 2), Shortage("BOWL", 2, 1)]
    assert counters("VASE") == [(9, 0, 0, 9)]
    assert not Reservation.objects.exists()


def test_hold_prefers_one_warehouse_and_else_splits() -> None:
    near, far = make_stock("MUG", 2, warehouse="near"), make_stock("MUG", 5, warehouse="far")
    order = [near.warehouse_id, far.warehouse_id]

    with Shelf.open(skus=["MUG"]) as shelf:
        shelf.hold("order:small", {"MUG": 2}, warehouses=order)
    with Shelf.open(skus=["MUG"]) as shelf:
        shelf.hold("order:middle", {"MUG": 1}, warehouses=order)
    assert counters("MUG") == [(2, 2, 0, 0), (5, 1, 0, 4)]

    with Shelf.open(holders=["order:small"]) as shelf:
        shelf.release(["order:small"])
    with Shelf.open(skus=["MUG"]) as shelf:
        assert shelf.hold("order:big", {"MUG": 6}, warehouses=order) == []
    assert counters("MUG") == [(2, 2, 0, 0), (5, 5, 0, 0)]
    assert list(invariants.stock_faults()) == []


def test_hold_leaves_out_warehouses_that_do_not_serve_the_address() -> None:
    near = make_stock("MUG", 2, warehouse="near")
    make_stock("MUG", 5, warehouse="far")

    with Shelf.open(skus=["MUG"]) as shelf:
        shortages = shelf.hold("order:1", {"MUG": 3}, warehouses=[near.warehouse_id])

    assert shortages == [Shortage("MUG", 3, 2)]


def test_a_promise_is_committed_fulfilled_and_released_once() -> None:
    make_stock("MUG", 5)
    with Shelf.open(skus=["MUG"]) as shelf:
        shelf.hold("order:1", {"MUG": 3})
        shelf.hold("order:2", {"MUG": 1})
    for _ in range(2):
        with Shelf.open(holders=["order:1"]) as shelf:
            shelf.commit(["order:1"])
    assert counters("MUG") == [(5, 1, 3, 1)]

    for _ in range(2):
        with Shelf.open(holders=["order:1"]) as shelf:
            shelf.fulfil(["order:1"], actor="user:1")
        with Shelf.open(holders=["order:2"]) as shelf:
            shelf.release(["order:2"])
    assert counters("MUG") == [(2, 0, 0, 2)]
    assert StockMovement.objects.get(reason="shipped").delta == -3
    invariants.check()


@pytest.mark.django_db(transaction=True)
def test_locks_outside_a_transaction_are_a_bug() -> None:
    with pytest.raises(NotInTransaction):
        lock_stock(skus=["MUG"])


@pytest.mark.django_db(transaction=True)
def test_a_lock_waited_for_too_long_says_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    make_stock("MUG", 5)
    monkeypatch.setattr("inventory.locks.LOCK_TIMEOUT_MS", 100)

    def wait_for_it() -> None:
        with transaction.atomic():
            lock_stock(skus=["MUG"])

    with transaction.atomic():
        lock_stock(skus=["MUG"])
        [outcome] = together([wait_for_it])

    assert isinstance(outcome, StockBusy)


def test_availability_sums_warehouses_and_versions_in_one_statement(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    make_stock("MUG", 2, warehouse="near")
    make_stock("MUG", 5, warehouse="far")
    make_stock("BOWL", 1)

    with django_assert_num_queries(1):
        found = availability.read(["MUG", "BOWL", "NONE"])

    assert {sku: (news.available, news.version) for sku, news in found.items()} == {"MUG": (7, 2), "BOWL": (1, 1)}


@pytest.mark.django_db(transaction=True)
def test_news_is_sent_after_the_commit_with_the_committed_number() -> None:
    make_stock("MUG", 5)
    heard = []

    def listen(sku: str, available: int, version: int, **_: object) -> None:
        heard.append((sku, available, version, connection.in_atomic_block))

    stock_changed.connect(listen)
    try:
        with transaction.atomic():
            with Shelf.open(skus=["MUG"]) as shelf:
                shelf.hold("order:1", {"MUG": 2})
            assert heard == []
        with transaction.atomic():
            with Shelf.open(skus=["MUG"]) as shelf:
                shelf.hold("order:2", {"MUG": 2})
            transaction.set_rollback(True)
    finally:
        stock_changed.disconnect(listen)

    assert heard == [("MUG", 3, 2, False)]
