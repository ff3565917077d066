"""Ways to run the checks: the command, the job, beside a shop in full rush; and what is left to be read of a run."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.db.models import Sum
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from inventory import reconciliation, tasks
from inventory.models import Reconciliation, Reservation, StockItem
from orders import lifecycle
from tests.support import backdating
from tests.support.factories import make_product, make_warehouse

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_S = 60
RUNS = 15


@pytest.fixture
def drifted() -> StockItem:
    """A stock item that holds two units which nobody has reserved."""
    make_product(skus=("VASE",), stock=5)
    backdating.ordered(("VASE", 2))
    Reservation.objects.all().delete()
    return StockItem.objects.get()


def wrong(counts: dict[str, int]) -> dict[str, int]:
    return {check: number for check, number in counts.items() if number}


def test_the_command_says_that_all_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    backdating.make_past()

    call_command("reconcile")

    assert capsys.readouterr().out.startswith(f"All agrees: {len(reconciliation.list_checks())} checks in ")


def test_the_command_names_rows_and_exits_with_1(drifted: StockItem, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("reconcile")

    assert ended.value.code == 1
    assert f"\n  stock:{drifted.pk}: expected 0 held, found 2 held (VASE, main)\n" in capsys.readouterr().out


def test_the_command_speaks_json(drifted: StockItem, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("reconcile", "--json")

    report = json.loads(capsys.readouterr().out)
    assert wrong(report["counts"]) == {"stock.held": 1, "orders.units": 1}
    assert report["drifts"][0] == {
        "check": "stock.held",
        "subject": f"stock:{drifted.pk}",
        "expected": "0 held",
        "found": "2 held (VASE, main)",
        "hint": "Set the counter to what the reservations say.",
    }


def test_the_command_refuses_what_it_does_not_know() -> None:
    with pytest.raises(CommandError, match="unrecognized arguments: --quickly"):
        call_command("reconcile", "--quickly")


def test_many_drifts_are_counted_and_the_first_named() -> None:
    StockItem.objects.bulk_create(
        StockItem(sku=f"SKU-{number}", warehouse=make_warehouse(), on_hand=1) for number in range(130)
    )

    report = reconciliation.examine()

    assert wrong(report.counts) == {"stock.on_hand": 130}
    assert len(report.drifts) == reconciliation.SHOWN


def test_a_look_changes_nothing(drifted: StockItem) -> None:
    before = rows_written()

    report = reconciliation.examine()

    assert not report.is_good
    assert rows_written() == before
    with pytest.raises(RuntimeError), transaction.atomic():  # a snapshot can't begin half-way
        reconciliation.examine()


def rows_written() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables")
        (number,) = cursor.fetchone()
    return int(number)


def test_the_job_keeps_its_result_and_tells_the_log_and_the_metrics(
    drifted: StockItem, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert gauges(client) == {}

    tasks.reconcile()

    last = Reconciliation.objects.get()
    assert wrong(last.counts) == {"stock.held": 1, "orders.units": 1}
    assert f"drift: stock.held: 1, the first: stock:{drifted.pk}" in caplog.text
    told = gauges(client)
    assert (told["showfloor_drift", "stock.held"], told["showfloor_drift", "money.paid"]) == (1, 0)
    assert told["showfloor_reconciled_timestamp_seconds", ""] == pytest.approx(last.at.timestamp())

    # When it agrees again, the next run says so; what is a month old is forgotten.
    Reconciliation.objects.update(at=timezone.now() - reconciliation.KEPT_FOR - timedelta(days=1))
    StockItem.objects.update(held=0)
    tasks.reconcile()
    assert gauges(client)["showfloor_drift", "stock.held"] == 0
    assert Reconciliation.objects.count() == 1


def gauges(client: Client) -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(client.get("/metrics").content.decode())
    return {
        (sample.name, sample.labels.get("check", "")): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith(("showfloor_drift", "showfloor_reconcil"))
    }


def test_metrics_are_told_while_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    answer = client.get("/metrics")

    assert answer.status_code == 200
    assert b"python_info" in answer.content
    assert b"showfloor_drift" not in answer.content


def test_nothing_is_found_in_a_shop_in_full_rush() -> None:
    make_product(skus=("VASE", "BOWL"), stock=10_000)

    with rush() as deeds:
        reports = [reconciliation.examine() for _ in until(RUNS, deeds)]

    assert [report.drifts for report in reports] == [[]] * len(reports)
    assert reconciliation.examine().is_good


def test_control_two_looks_at_a_shop_in_full_rush_disagree() -> None:
    """Were the reads not of one snapshot, the rush would be enough to show drift where there is none."""
    make_product(skus=("VASE", "BOWL"), stock=10_000)

    with rush() as deeds:
        assert any(two_looks_differ() for _ in until(10_000, deeds))


def two_looks_differ() -> bool:
    held = StockItem.objects.aggregate(units=Sum("held"))["units"]
    reserved = Reservation.objects.filter(state="held").aggregate(units=Sum("quantity", default=0))["units"]
    return bool(held != reserved)


def until(runs: int, deeds: Callable[[], int]) -> Iterator[int]:
    """Count runs, each after something has happened in the shop since the last."""
    deadline = time.monotonic() + PATIENCE_S
    for run in range(runs):
        before = deeds()
        while deeds() == before:
            assert time.monotonic() < deadline, "the rush stands still"
            time.sleep(0.001)
        yield run


@contextmanager
def rush() -> Iterator[Callable[[], int]]:
    """Have buyers order, pay, cancel and be sent things, side by side; yield what counts their deeds so far."""
    is_over = threading.Event()
    numbers = count()
    faults: list[Exception] = []
    done = [0, 0, 0]

    def buy(buyer: int) -> None:
        try:
            while not is_over.is_set():
                number = next(numbers)
                order = backdating.ordered(("VASE", 1), ("BOWL", 2)) if number % 2 else backdating.ordered(("BOWL", 1))
                done[buyer] += 1
                if number % 3:
                    backdating.pay(order)
                    done[buyer] += 1
                end = lifecycle.ship if number % 3 == 1 else lifecycle.cancel
                end(order.pk, actor="user:rush")
                done[buyer] += 1
        except Exception as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=buy, args=(buyer,)) for buyer in range(len(done))]
    for thread in threads:
        thread.start()
    try:
        yield lambda: sum(done)
    finally:
        is_over.set()
        for thread in threads:
            thread.join(PATIENCE_S)
    assert faults == []
