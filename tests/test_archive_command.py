"""`manage.py archive_orders` and the nightly job: what they say, and the exit status."""

import json
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import OperationalError

from inventory.models import Reservation
from orders import tasks
from orders.archive.router import Router
from orders.archiving import copies
from orders.models import ArchivedOrder, Order, Payment
from tests.support.archivable_orders import make_over

pytestmark = pytest.mark.django_db


def run(*options: str) -> str:
    out = StringIO()
    call_command("archive_orders", *options, stdout=out)
    return out.getvalue()


def report(*options: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(run("--json", *options))
    del facts["seconds"]
    return facts


def test_what_was_moved_is_reported() -> None:
    for _ in range(3):
        make_over()

    assert report("--limit", "2", "--batch", "1") == {"moved": 2, "due": 1, "refused": [], "waiting": {}}
    assert run().startswith("1 moved in ")
    assert (Order.objects.count(), ArchivedOrder.objects.count()) == (0, 3)


def test_a_dry_run_moves_nothing() -> None:
    make_over()

    assert report("--dry-run") == {"moved": 0, "due": 1, "refused": [], "waiting": {}}
    assert not ArchivedOrder.objects.exists()


def test_what_waits_is_no_problem_but_units_that_are_still_reserved_are() -> None:
    order = make_over(is_paid=False)
    Payment.objects.create(order=order, provider="sandbox", ref="open", amount_minor=1, currency="USD")
    assert "1 wait: a payment is still open" in run()

    Reservation.objects.update(state="held")
    with pytest.raises(SystemExit) as exit_:
        run()
    assert exit_.value.code == 1


def test_a_copy_that_is_not_right_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    make_over()
    monkeypatch.setattr(copies, "sound", lambda documents, **months: [])

    with pytest.raises(SystemExit) as exit_:
        run()

    assert exit_.value.code == 1
    assert Order.objects.exists()


def test_an_archive_that_is_away_is_said_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    make_over()

    def away(documents: object) -> None:
        raise OperationalError("connection refused\n")

    monkeypatch.setattr(copies, "write", away)

    with pytest.raises(CommandError, match="what was moved is safe: connection refused"):
        run()
    assert Order.objects.exists()


@pytest.mark.parametrize(
    "options", [["--batch", "0"], ["--batch", "10001"], ["--limit", "-1"], ["--limit", "x"], ["--nonsense"]]
)
def test_bad_usage_is_refused(options: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*options)


def test_the_nightly_job_moves_what_is_due() -> None:
    make_over()

    assert tasks.archive_orders() == 1
    assert tasks.archive_orders() == 0


@pytest.mark.parametrize(
    ("database", "model", "hints", "allowed"),
    [
        ("default", "order", {}, True),
        ("default", "archivedorder", {}, False),
        ("archive", "order", {}, False),
        ("archive", "archivedorder", {}, True),
        ("archive", None, {}, False),
        ("archive", None, {"target_db": "archive"}, True),
        ("default", None, {"target_db": "archive"}, False),
    ],
)
def test_each_database_has_its_own_tables_only(
    settings: LazySettings, database: str, model: str | None, hints: dict[str, str], allowed: bool
) -> None:
    assert Router().allow_migrate(database, "orders", model, **hints) is allowed
    settings.ARCHIVE_IS_APART = False
    assert Router().allow_migrate(database, "orders", model, **hints) is True


def test_rows_are_looked_for_where_they_live() -> None:
    router = Router()

    assert (router.db_for_read(ArchivedOrder), router.db_for_write(ArchivedOrder)) == ("archive", "archive")
    assert router.db_for_read(Order, instance=ArchivedOrder()) == "default"
