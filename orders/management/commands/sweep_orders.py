"""Expire unpaid orders now, by hand."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from orders import expiry


class Command(BaseCommand):
    help = "Expires unpaid orders whose deadline has passed. Celery does this every second; this is for when it can't."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        expired = 0
        while batch := expiry.sweep():
            expired += batch
        self.stdout.write(json.dumps({"expired": expired}) if options["json"] else f"{expired} expired")
