"""`manage.py seed_demo`: goods, people and shows for looking around."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from config.demo import seeding

LIVE = {
    "waiting": "The live show waits for its encoder again.",
    "planned": "The live show had ended: it is a replay now, and the next one is planned.",
}


class Command(BaseCommand):
    help = (
        "Fill an empty shop with the demo: goods with pictures, stock, people and shows. A second run changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print what there is as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        report = seeding.seed()
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report)))
            return
        if report.is_foreign:
            self.stdout.write("The shop has goods of its own; the demo was not added.")
            return
        if not any((report.is_new, report.postponed, report.live, report.replay)):
            self.stdout.write("The demo is there already; nothing was changed.")
        if report.is_new:
            self.stdout.write(
                f"{report.products} products in {report.categories} categories, {report.variants} variants, "
                f"{report.pictures} pictures, {report.shows} shows."
            )
        if report.postponed:
            self.stdout.write(f"Planned shows moved on by whole weeks: {report.postponed}.")
        if report.live:
            self.stdout.write(LIVE[report.live])
        if report.replay == "failed":
            self.stdout.write("The replay could not be recorded; the next start tries again. The log says why.")
