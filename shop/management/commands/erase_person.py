"""Erase a person, by hand."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from inventory.exceptions import StockBusy
from shop.exceptions import ErasureRefused
from shop.people import erasure


class Command(BaseCommand):
    help = (
        "Erases the person who has an e-mail address, with an account or without: the account, what is kept for it, "
        "name and address on orders, archived ones included. Figures stay. Refused while an order of theirs is not "
        "over. Safe to run twice, and to run again after it was killed. Exit status: 0 erased, or nobody has the "
        "address; 1 refused; 2 bad usage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", type=_email, metavar="EMAIL")
        parser.add_argument("--no-input", action="store_true", help="do not ask again")
        parser.add_argument("--json", action="store_true", help="report as JSON")

    def handle(self, *args: Any, email: str, no_input: bool, **options: Any) -> None:
        if not no_input and sys.stdin.isatty() and not _is_sure(email):
            raise CommandError("Nothing was erased.")
        try:
            counts = erasure.erase(email, actor="system")
        except ErasureRefused as refusal:
            raise CommandError(f"Not erased. {refusal}") from refusal
        except StockBusy as error:
            raise CommandError("Orders are busy at the moment; what was erased stays erased. Run it again.") from error
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        done = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count]
        self.stdout.write(f"Erased: {', '.join(done)}." if done else "Nobody has this address; nothing was changed.")


def _is_sure(email: str) -> bool:
    return input(f"Erase {email} for good? This can't be undone. Type yes: ").strip().lower() == "yes"


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise ArgumentTypeError(f"not an e-mail address: {text!r}") from None
    return text
