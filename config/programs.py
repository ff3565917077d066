"""The programs that `manage.py up` runs on one machine, and the order in which they stop.

Production runs the same commands one by one; docs/operations.md lists them.
"""

import socket
import sys
from functools import partial

from django.conf import settings

from config.home import PROJECT
from config.processes import Program

WEB_THREADS = 32
WORKER_PROCESSES = 2
BACKLOG = 4096

# Names, and the second by which they must be gone; all of it within ten seconds.
STOP_STAGES = (
    (("source",), 1.0),
    (("media",), 3.0),
    (("web", "realtime", "worker", "sweeper", "beat"), 5.0),
    (("redis", "postgres"), 7.5),
)


def web(port: int = settings.PORT) -> Program:
    """Pages, REST API and admin: Granian, WSGI."""
    options = ["--interface", "wsgi", "--host", settings.BIND, "--port", str(port)]
    options += ["--workers", "1", "--blocking-threads", str(WEB_THREADS), "--backpressure", str(4 * WEB_THREADS)]
    options += ["--no-ws", "--workers-kill-timeout", "2", "--log-level", "warning"]
    return _python("web", "granian", *options, "config.wsgi:application", port=port)


def realtime(server: str = settings.REALTIME_SERVER, port: int = settings.REALTIME_PORT) -> Program:
    """Sockets and streams of events: Daphne or uvicorn, ASGI."""
    if server == "uvicorn":
        options = ["uvicorn", "--host", settings.BIND, "--port", str(port), "--ws", "websockets-sansio"]
        options += ["--lifespan", "off", "--no-access-log", "--log-level", "warning"]
        options += ["--timeout-graceful-shutdown", "2"]
        options += ["--no-proxy-headers"]  # shop/network.py judges what proxies say
        # Compressing 170-byte frames one socket at a time costs more than it saves.
        options += ["--ws-per-message-deflate", "false"]
    else:
        # Twisted's own backlog of 50 would turn most of a crowd away that comes back at once, for seconds.
        address = settings.BIND.replace(":", r"\:")
        options = ["daphne", "--endpoint", f"tcp:port={port}:interface={address}:backlog={BACKLOG}"]
        # A handshake that waits its turn in such a crowd is no attack yet.
        options += ["--websocket_connect_timeout", "20", "--application-close-timeout", "2"]
        options += ["--verbosity", "0", "--no-server-name"]
    return _python("realtime", *options, "config.asgi:application", port=port)


def media() -> Program:
    """Ingest, ffmpeg and playlists."""
    return _manage("media", "run_media", port=settings.RTMP_PORT)


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
    """Return what people and encoders connect to."""
    return [web(), realtime(), media()]


def background() -> list[Program]:
    """Return what works unseen; started once the servers are up, so that these come up sooner."""
    return [sweeper(), worker(), beat()]


def _celery(name: str, command: str, *options: str) -> Program:
    arguments = ["--quiet", "--app", "config", command, "--loglevel", "warning", *options]
    if command == "worker":
        arguments += ["--hostname", f"{name}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return _python(name, "celery", *arguments)


def _manage(name: str, command: str, port: int = 0) -> Program:
    return _program(name, str(PROJECT / "manage.py"), command, port=port)


def _python(name: str, module: str, *arguments: str, port: int = 0) -> Program:
    return _program(name, "-m", module, *arguments, port=port)


def _program(name: str, *arguments: str, port: int) -> Program:
    return Program(
        name=name,
        argv=[sys.executable, *arguments],
        environment={
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SHOWFLOOR_HOME": str(settings.HOME),
            "PYTHONUNBUFFERED": "1",
        },
        folder=PROJECT,
        is_ready=partial(_listens, port) if port else None,
    )


def _listens(port: int) -> bool:
    try:
        socket.create_connection((settings.PUBLIC_HOST, port), timeout=0.5).close()
    except OSError:
        return False
    return True
