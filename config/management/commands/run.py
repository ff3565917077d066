"""`manage.py run web|realtime|…`: one process, by the same command that `up` runs, with what the settings say."""

import os
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.launcher import preparations, programs
from config.launcher.front_door import DoorError
from config.launcher.processes import Program, ProgramError

ADDRESSED: dict[str, Callable[..., Program]] = {"web": programs.web, "realtime": programs.realtime}


class Command(BaseCommand):
    help = "Run one process of Showfloor in the foreground. Any number may run, of beat one."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=programs.ALONE)
        parser.add_argument("--host", help="web and realtime: listen there, not on loopback, for a door elsewhere")
        parser.add_argument("--port", type=int, help="web and realtime: listen at this port")

    def handle(self, *args: Any, name: str, host: str | None, port: int | None, **options: Any) -> None:
        address = {key: value for key, value in (("host", host), ("port", port)) if value}
        if address and name not in ADDRESSED:
            raise CommandError("only web and realtime take --host and --port", returncode=2)
        preparations.make_folders()
        try:
            program = ADDRESSED[name](**address) if address else programs.ALONE[name]()
        except DoorError as error:
            raise CommandError(f"Caddy does not run on this machine: {error}") from error
        except ProgramError as error:
            raise CommandError(str(error)) from error
        os.chdir(program.folder)
        os.execvpe(program.argv[0], list(program.argv), {**os.environ, **program.environment})  # noqa: S606
