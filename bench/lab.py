"""A place to measure in: embedded servers with data, ports and a folder of their own."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def new_environment(home: Path) -> dict[str, str]:
    """Return settings for an instance of its own in `home`, embedded servers included."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "only-for-benchmarks-" + "0123456789" * 4,
        "SHOWFLOOR_HOME": str(home),
        **{name: str(free_port()) for name in ("PORT", "REALTIME_PORT", "RTMP_PORT", "SRT_PORT")},
    }


@contextmanager
def new_home() -> Iterator[Path]:
    """Make a folder for an instance's data, and remove it in the end."""
    home = Path(tempfile.mkdtemp(prefix="showfloor-bench-"))
    home.chmod(0o711)  # as root, PostgreSQL runs as another user, who must be able to pass
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def databases() -> Iterator[Path]:
    """Run embedded PostgreSQL (durable) and Redis, migrated, with Django set up on them in this process."""
    with new_home() as home:
        os.environ |= new_environment(home)
        import django

        django.setup()
        from django.core.management import call_command

        from config import processes
        from config.embedded import postgres, redis

        started: list[tuple[subprocess.Popen[bytes], processes.Program]] = []
        try:
            for program in (postgres.prepare(home), redis.prepare(home)):
                with (home / f"{program.name}.log").open("wb") as log:
                    process = processes.spawn(program, output=log)
                started.append((process, program))
                processes.wait_until_ready(process, program, within_s=60)
            postgres.ensure_database(home)
            call_command("migrate", verbosity=0)
            yield home
        finally:
            for process, program in reversed(started):
                processes.stop(process, program)
