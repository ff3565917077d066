"""Move orders that are over into the archive now, by hand."""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from orders.archiving import mover

BATCH_MAX = 10_000
WAITING = {
    "open_payment": "a payment is still open",
    "pending_refund": "a refund is on its way",
    "live_reservation": "units are still reserved: run reconcile",
}


class Command(BaseCommand):
    help = (
        "Moves orders that were delivered or cancelled longer ago than RETURN_WINDOW_DAYS into the archive: copies, "
        "verifies, deletes. Celery does this every night. Killed at any moment, it goes on where it was when run "
        "again. Exit status 1: some copy was not right, and its order was kept; or units of an order that is over "
        "are still reserved."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=_batch, default=mover.BATCH, metavar="N", help="orders a transaction")
        parser.add_argument("--limit", type=_count, metavar="N", help="move no more than so many")
        parser.add_argument("--dry-run", action="store_true", help="say how many would be moved, and move none")
        parser.add_argument("--json", action="store_true", help="report as JSON")

    def handle(self, *args: Any, batch: int, limit: int | None, dry_run: bool, **options: Any) -> None:
        began = time.monotonic()
        try:
            report = mover.Report()
            if not dry_run:
                report = mover.move(batch=batch, limit=limit)
            due = mover.list_movable(mover.due_before()).count() - len(report.refused)
            waiting = {why: count for why, count in mover.count_waiting().items() if count}
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"A database does not answer; what was moved is safe: {str(error).strip()}") from error
        seconds = round(time.monotonic() - began, 1)
        if options["json"]:
            facts = {"moved": report.moved, "due": due, "refused": report.refused, "waiting": waiting}
            self.stdout.write(json.dumps(facts | {"seconds": seconds}))
        else:
            self.stdout.write(f"{report.moved} moved in {seconds} s, {due} due")
            for why, count in waiting.items():
                self.stdout.write(f"{count} wait: {WAITING[why]}")
            for number in report.refused:
                self.stderr.write(f"{number} was kept: its copy does not read back as it was written")
        if report.refused or "live_reservation" in waiting:
            raise SystemExit(1)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"must be a number from 1 on, not {text!r}")
    return int(text)


def _batch(text: str) -> int:
    size = _count(text)
    if size > BATCH_MAX:
        raise ArgumentTypeError(f"at most {BATCH_MAX}: their locks are held together")
    return size
