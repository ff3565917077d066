"""`manage.py first_admin EMAIL`: the one account that no other account can make."""

import os
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import connection, transaction

from shop.models import User

# Any number that nothing else locks: two who start this at once make one admin.
LOCK = 0x61646D696E


class Command(BaseCommand):
    help = "Make the first admin. The password is asked for, or read from ADMIN_PASSWORD."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        email = User.objects.normalize_email(email.strip()).lower()
        password = os.environ.get("ADMIN_PASSWORD") or _asked()
        try:
            validate_email(email)
            validate_password(password, User(email=email))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            if User.objects.filter(is_superuser=True, is_active=True).exists():
                raise CommandError("There is an admin already, who can make others in the admin.")
            if User.objects.filter(email__iexact=email).exists():
                raise CommandError(f"{email} has an account already; choose another address.")
            User.objects.create_superuser(email, password)
        self.stdout.write(f"{email} is the first admin, and signs in at /admin/.")


def _asked() -> str:
    if not sys.stdin.isatty():
        raise CommandError("ADMIN_PASSWORD is not set, and there is no terminal to ask at.", returncode=2)
    password = getpass("Password: ")
    if getpass("The same again: ") != password:
        raise CommandError("The two passwords differ.", returncode=2)
    return password
