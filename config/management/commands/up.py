"""`manage.py up`: everything on one machine, until Ctrl-C."""

import asyncio
import os
import signal
import ssl
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections

from config import environment
from config.embedded import postgres, redis
from config.embedded.exceptions import EmbeddedError
from config.launcher import front_door, preflight, preparations, programs
from config.launcher.front_door import DoorError
from config.launcher.preflight import PreflightError
from config.launcher.processes import Program, ProgramError
from config.launcher.supervisor import Supervisor, clear_leftovers
from config.launcher.terminal import Terminal

FIRST_PAGE_WITHIN_S = 60
BROKEN_PAGE_WITHIN_S = 5
DISK_CHECK_EVERY_S = 20

Result = TypeVar("Result")


class Command(BaseCommand):
    help = "Start Showfloor whole: databases, web, realtime, media, workers. Ctrl-C stops all of it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="start with an empty shop, and push no demo show")
        parser.add_argument(
            "--https", action="store_true", help="serve https://localhost, with a certificate that we make ourselves"
        )

    def handle(self, *args: Any, no_demo: bool, https: bool, **options: Any) -> None:
        if https and not settings.USE_HTTPS:
            restart_with(SITE_URL=f"https://localhost:{settings.PORT}")
        terminal = Terminal()
        terminal.title(f"Showfloor, with its data in {settings.HOME}")
        try:
            lock = preflight.lock_home(settings.HOME)
            run = Run(terminal, has_demo=not no_demo)
            status = asyncio.run(run.until_stopped())
            lock.close()
        except (PreflightError, EmbeddedError) as error:
            terminal.fault(str(error))
            raise SystemExit(1) from error
        sys.stdout.flush()
        sys.stderr.flush()
        # A preparation that a signal cut short may still hold its thread; nothing is left that waits for it.
        os._exit(status)


class Run:
    """One run of everything, from the checks to the last process gone."""

    def __init__(self, terminal: Terminal, *, has_demo: bool) -> None:
        self._terminal = terminal
        self._has_demo = has_demo
        self._stopping = asyncio.Event()
        self._signals = 0
        self._supervisor = Supervisor(settings.HOME, tell=terminal.note)

    async def until_stopped(self) -> int:
        """Start everything, wait for a signal, stop everything; return the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._take_signal)
        check()
        status = 0
        try:
            if await self._unless_stopped(self._start()):
                await self._unless_stopped(self._watch_disk())
        except (ProgramError, EmbeddedError, DatabaseError) as error:
            self._terminal.fault(str(error).strip())
            status = 1
        began = time.monotonic()
        await self._supervisor.stop(programs.STOP_STAGES)
        self._terminal.line(f"Stopped in {time.monotonic() - began:.1f} s.")
        return status

    def _take_signal(self) -> None:
        self._signals += 1
        if self._signals == 1:
            self._terminal.line("\nStopping …")
            self._stopping.set()
        else:
            self._supervisor.kill()

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Run `work`, and leave it where it is when a signal comes; return whether it came to its end."""
        task, stop = asyncio.ensure_future(work), asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not task.done():
            task.cancel()
            return False
        task.result()
        return True

    async def _start(self) -> None:
        if warning := preflight.check_disk(settings.HOME):
            self._terminal.note("disk", warning)
        if left := await in_thread(partial(clear_leftovers, settings.HOME)):
            self._terminal.line(f"  The last run was killed; {left} of its processes were left and are gone now.")
        preparations.make_folders()
        await self._start_databases()
        with self._terminal.step("Preparing the database and the static files") as step:
            await asyncio.gather(
                in_thread(partial(preparations.migrate, step.progress)), in_thread(preparations.collect_static)
            )
            step.done = "Database and static files are up to date"
        servers = await in_thread(self._servers)
        for program in servers:
            self._supervisor.start(program)
        if self._has_demo:
            with self._terminal.step("Looking after the demo") as step:
                self._has_demo = await in_thread(partial(preparations.seed_demo, step.progress))
                step.done = "Demo is in the shop" if self._has_demo else "The shop has goods of its own, and no demo"
        with self._terminal.step("Starting web, realtime, media and workers") as step:
            await self._supervisor.wait_until_ready([server.name for server in servers], within_s=FIRST_PAGE_WITHIN_S)
            for program in [*([programs.source()] if self._has_demo else []), *programs.background()]:
                self._supervisor.start(program)
            await first_page()
            step.done = "Web, realtime, media and workers are up"
        self._terminal.ready(settings.SITE_URL)
        self._show_addresses()

    def _servers(self) -> list[Program]:
        try:
            return programs.servers()
        except DoorError as error:
            self._terminal.note("door", front_door.WITHOUT.format(why=error))
            return programs.servers_without_door()

    async def _start_databases(self) -> None:
        servers: list[tuple[str, Callable[[Path], Program]]] = []
        if not environment.text("DATABASE_URL"):
            servers.append(("PostgreSQL", postgres.prepare))
        if not environment.text("REDIS_URL"):
            servers.append(("Valkey", redis.prepare))
        if not servers:
            return
        names = " and ".join(name for name, _ in servers)
        with self._terminal.step(f"Starting {names}") as step:
            prepared = [await in_thread(partial(prepare, settings.HOME)) for _, prepare in servers]
            for program in prepared:
                self._supervisor.start(program)
            await self._supervisor.wait_until_ready([program.name for program in prepared], within_s=60)
            if not environment.text("DATABASE_URL"):
                await in_thread(partial(postgres.ensure_databases, settings.HOME))
            step.done = f"{names} {'run' if len(servers) > 1 else 'runs'}"

    async def _watch_disk(self) -> None:
        """Wait for ever; say so when the disk gets full."""
        last = ""
        while True:
            await asyncio.sleep(DISK_CHECK_EVERY_S)
            try:
                warning = preflight.check_disk(settings.HOME)
            except PreflightError as error:
                warning = f"the disk is full: {error}"
            if warning and not last:
                self._terminal.note("disk", warning)
            last = warning

    def _show_addresses(self) -> None:
        site = settings.SITE_URL
        rows = [("Home", f"{site}/"), ("Shop", f"{site}/shop/"), ("Host's studio", f"{site}/host/")]
        if self._has_demo:
            rows.insert(1, ("Live show", f"{site}/shows/{preparations.DEMO_LIVE}/"))
        rows += [("Admin", f"{site}/admin/"), ("API", f"{site}/api/docs/")]
        rows.append(("Encoders", f"rtmp://{settings.PUBLIC_HOST}:{settings.RTMP_PORT}/live"))
        self._terminal.table(rows)
        if root := front_door.root_certificate():
            self._terminal.line(f"\nBrowsers warn of this certificate until they trust {root}; nothing was installed.")
        if self._has_demo:
            self._terminal.line()
            people = [("Shopper", "shopper@example.com"), ("Another", "shopper2@example.com")]
            people += [("Host", "host@example.com"), ("Admin", "admin@example.com")]
            self._terminal.table([(role, f"{email}   password showfloor") for role, email in people])
        self._terminal.line("\nCtrl-C stops everything.")


def check() -> None:
    """Refuse ports that are taken. Raises PreflightError."""
    outside, inside = settings.BIND, front_door.LOOPBACK
    tcp = {name: (outside, getattr(settings, name)) for name in ("PORT", "RTMP_PORT")}
    tcp |= {name: (inside, getattr(settings, name)) for name in ("REALTIME_PORT", "SRT_PORT", "WEB_PORT")}
    srt = range(settings.SRT_PORT, settings.SRT_PORT + preflight.SRT_PORTS)
    preflight.check_ports(tcp, {"SRT_PORT": (outside, srt)})


def restart_with(**environment: str) -> NoReturn:
    """Begin this command anew with other settings, which every process reads once."""
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **environment})  # noqa: S606 (ourselves)


async def first_page() -> None:
    """Wait until the home page answers. Raises ProgramError if it does not, or with an error."""
    # Whether the certificate is good is for browsers to judge; one from an authority may still be on its way.
    tls = ssl._create_unverified_context() if front_door.ends_tls() else None  # noqa: S323
    answer, deadline = "it takes no connection", time.monotonic() + FIRST_PAGE_WITHIN_S
    while time.monotonic() < deadline:
        try:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection(
                    settings.PUBLIC_HOST, settings.PORT, ssl=tls, server_hostname=_own_host() if tls else None
                )
                writer.write(f"GET / HTTP/1.1\r\nHost: {_own_host()}\r\nConnection: close\r\n\r\n".encode())
                answer = (await reader.readline()).decode(errors="replace").strip()
                writer.close()
        except OSError as error:
            answer = str(error)
        if " 200 " in answer or " 30" in answer:
            return
        if answer.startswith("HTTP"):  # it runs, so waiting for long won't help
            deadline = min(deadline, time.monotonic() + BROKEN_PAGE_WITHIN_S)
        await asyncio.sleep(0.2)
    raise ProgramError(f"The home page does not answer as it should ({answer}); see {settings.HOME}/logs/web.log")


def _own_host() -> str:
    if front_door.ends_tls():
        return urlsplit(settings.SITE_URL).hostname or "localhost"
    host = settings.ALLOWED_HOSTS[0].lstrip(".")
    return settings.PUBLIC_HOST if host == "*" else host


async def in_thread(work: Callable[[], Result]) -> Result:
    """Run blocking work beside the event loop, in a thread that a stop need not wait for."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Result] = loop.create_future()

    def give(call: Callable[..., None], value: Any) -> None:
        if not result.done():
            call(value)

    def run() -> None:
        try:
            value = work()
        except BaseException as error:  # handed on to whoever waits
            loop.call_soon_threadsafe(give, result.set_exception, error)
        else:
            loop.call_soon_threadsafe(give, result.set_result, value)
        finally:
            connections.close_all()

    threading.Thread(target=run, daemon=True).start()
    return await result
