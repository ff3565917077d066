"""The programs that `manage.py up` runs on one machine, and the order in which they stop.

Production runs the same commands one by one; docs/operations.md lists them.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings

from config.home import PROJECT
from config.launcher import front_door
from config.launcher.front_door import LOOPBACK
from config.launcher.processes import Program, listens

WEB_THREADS = 32
# Requests that may wait for a thread. Behind the front door every connection holds a request, and is soon done;
# without it they may be idle, so that there must be room for many.
WEB_CONNECTIONS = 1024
WEB_CONNECTIONS_DIRECT = 8192
WORKER_PROCESSES = 2
BACKLOG = 4096

# Names, and the second by which they must be gone; all of it within ten seconds.
STOP_STAGES = (
    (("source",), 1.0),
    (("media",), 3.0),
    (("web", "realtime", "worker", "sweeper", "beat"), 5.0),
    (("door",), 6.0),
    (("redis", "postgres"), 7.5),
)


def door() -> Program:
    """The front door: Caddy. Raises DoorError or ProgramError."""
    return front_door.program()


def web(host: str = LOOPBACK, port: int = settings.WEB_PORT, *, connections: int = WEB_CONNECTIONS) -> Program:
    """Pages, REST API and admin: Granian, WSGI."""
    options = ["--interface", "wsgi", "--host", host, "--port", str(port)]
    options += ["--workers", "1", "--blocking-threads", str(WEB_THREADS), "--backpressure", str(connections)]
    options += ["--no-ws", "--workers-kill-timeout", "2", "--log-level", "warning"]
    return _python("web", "granian", *options, "config.wsgi:application", address=(host, port))


def realtime(
    host: str = LOOPBACK, port: int = settings.REALTIME_PORT, *, server: str = settings.REALTIME_SERVER
) -> Program:
    """Sockets and streams of events: Daphne or uvicorn, ASGI."""
    if server == "uvicorn":
        options = ["uvicorn", "--host", host, "--port", str(port), "--ws", "websockets-sansio"]
        options += ["--lifespan", "off", "--no-access-log", "--log-level", "warning"]
        options += ["--timeout-graceful-shutdown", "2"]
        options += ["--no-proxy-headers"]  # shop/http/network.py judges what proxies say
        # Compressing 170-byte frames one socket at a time costs more than it saves.
        options += ["--ws-per-message-deflate", "false"]
    else:
        # Twisted's own backlog of 50 would turn most of a crowd away that comes back at once, for seconds.
        address = host.replace(":", r"\:")
        options = ["daphne", "--endpoint", f"tcp:port={port}:interface={address}:backlog={BACKLOG}"]
        # A handshake that waits its turn in such a crowd is no attack yet.
        options += ["--websocket_connect_timeout", "20", "--application-close-timeout", "2"]
        options += ["--verbosity", "0", "--no-server-name"]
    return _python("realtime", *options, "config.asgi:application", address=(host, port))


def media() -> Program:
    """Ingest, ffmpeg and playlists."""
    return _manage("media", "run_media", address=(settings.PUBLIC_HOST, settings.RTMP_PORT))


def worker() -> Program:
    """Every queue but the sweep's."""
    return _celery("worker", "worker", "--queues", "celery", "--concurrency", str(WORKER_PROCESSES))


def sweeper() -> Program:
    """The expiry sweep, alone in one process, so that no import can make it wait."""
    # Not `--pool solo`, though it is one process less: there nobody ends a sweep that is past its time limit, and one
    # whose database connection hangs would be the last.
    return _celery("sweeper", "worker", "--queues", "sweep", "--concurrency", "1")


def beat() -> Program:
    return _celery("beat", "beat", "--schedule", str(settings.HOME / "run" / "beat"))


def source() -> Program:
    """The demo's live picture and sound, pushed by RTMP like any encoder's."""
    return _manage("source", "push_demo")


def servers() -> list[Program]:
    """Return what serves people and encoders. Raises DoorError or ProgramError."""
    return [door(), web(), realtime(), media()]


def servers_without_door() -> list[Program]:
    """Return what serves people where Caddy does not run: each at a port of its own, and open to all."""
    elsewhere = {
        "REALTIME_URL": settings.REALTIME_URL or _socket_url(settings.REALTIME_PORT),
        "CAMERA_URL": settings.CAMERA_URL or _socket_url(settings.CAMERA_PORT),
        "CAMERA_BIND": settings.BIND,
    }
    direct = [
        web(settings.BIND, settings.PORT, connections=WEB_CONNECTIONS_DIRECT),
        realtime(settings.BIND),
        media(),
    ]
    return [replace(program, environment={**program.environment, **elsewhere}) for program in direct]


def background() -> list[Program]:
    """Return what works unseen; started once the servers are up, so that these come up sooner."""
    return [sweeper(), worker(), beat()]


ALONE: dict[str, Callable[[], Program]] = {
    "door": door,
    "web": web,
    "realtime": realtime,
    "media": media,
    "worker": worker,
    "sweeper": sweeper,
    "beat": beat,
}
"""What `manage.py run` runs one of."""


def _socket_url(port: int) -> str:
    host = urlsplit(settings.SITE_URL).hostname or LOOPBACK
    return f"ws://{f'[{host}]' if ':' in host else host}:{port}"


def _celery(name: str, command: str, *options: str) -> Program:
    arguments = ["--quiet", "--app", "config", command, "--loglevel", "warning", *options]
    if command == "worker":
        arguments += ["--hostname", f"{name}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return _python(name, "celery", *arguments)


def _manage(name: str, command: str, address: tuple[str, int] | None = None) -> Program:
    return _program(name, str(PROJECT / "manage.py"), command, address=address)


def _python(name: str, module: str, *arguments: str, address: tuple[str, int] | None = None) -> Program:
    return _program(name, "-m", module, *arguments, address=address)


def _program(name: str, *arguments: str, address: tuple[str, int] | None) -> Program:
    return Program(
        name=name,
        argv=[sys.executable, *arguments],
        environment={
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SHOWFLOOR_HOME": str(settings.HOME),
            "PYTHONUNBUFFERED": "1",
        },
        folder=PROJECT,
        is_ready=partial(listens, *address) if address else None,
    )
