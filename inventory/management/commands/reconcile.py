"""Check that stock, orders and money agree, by hand."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from inventory import reconciliation
from inventory.reconciliation import Drift, Report


class Command(BaseCommand):
    help = (
        "Checks that stock, orders and money agree, in one snapshot, and names what does not. Changes nothing. "
        "Exit status: 0 all agrees, 1 something does not, 2 bad usage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = reconciliation.reconcile(is_deep=True)
        except DatabaseError as error:
            raise CommandError(f"The database can't be asked: {error}".strip()) from error
        self.stdout.write(_as_json(report) if options["json"] else _in_words(report))
        if not report.is_good:
            raise SystemExit(1)


def _as_json(report: Report) -> str:
    return json.dumps({**asdict(report), "at": report.at.isoformat()}, indent=2)


def _in_words(report: Report) -> str:
    if report.is_good:
        return f"All agrees: {len(report.counts)} checks in {report.took_ms} ms."
    drifts = {name: [drift for drift in report.drifts if drift.check == name] for name in report.counts}
    return "\n".join(_group(name, report.counts[name], found) for name, found in drifts.items() if found)


def _group(name: str, count: int, drifts: list[Drift]) -> str:
    lines = [f"{name}: {count}. {drifts[0].hint}"]
    lines += [f"  {drift.subject}: expected {drift.expected}, found {drift.found}" for drift in drifts]
    if count > len(drifts):
        lines.append(f"  and {count - len(drifts)} more")
    return "\n".join(lines)
