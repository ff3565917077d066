"""Real realtime servers on free ports, against the tests' database and Redis, and clients that speak the protocol."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import requests
from django.conf import settings
from django.db import connections
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_socket

from config.launcher import programs
from realtime import identity
from realtime.identity import Person
from shop.models import User
from tests.support.showfloor import free_ports

ROOT = Path(__file__).resolve().parent.parent.parent
WITHIN_S = 10.0

Matches = Callable[[dict[str, Any]], bool]


class Server:
    """One realtime process."""

    def __init__(self, kind: str, **environment: str) -> None:
        self.port = free_ports()["REALTIME_PORT"]
        self.kind = kind
        self.environment = environment
        self.start()

    def start(self) -> None:
        """Start, or start again at the same port."""
        self.process = subprocess.Popen(
            programs.realtime(port=self.port, server=self.kind).argv,
            cwd=ROOT,
            env={**os.environ, **database_urls(), "REALTIME_PORT": str(self.port), **self.environment},
        )

    def wait_until_ready(self) -> None:
        eventually(self._answers, within_s=60)

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"{self.kind} ended with {self.process.returncode}"
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/health", timeout=1).json() == {"status": "OK"}
        except requests.RequestException:
            return False

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)


@contextmanager
def running(*kinds: str, **environment: str) -> Iterator[list[Server]]:
    """Start one server of each kind, side by side."""
    servers = [Server(kind, **environment) for kind in kinds]
    try:
        for server in servers:
            server.wait_until_ready()
        yield servers
    finally:
        for server in servers:
            server.stop()


def database_urls() -> dict[str, str]:
    """Return the environment of a process that is to use the tests' databases."""
    found = {"DATABASE_URL": "default", "ARCHIVE_DATABASE_URL": "archive"}
    settings_of = {name: connections[alias].settings_dict for name, alias in found.items()}
    return {name: f"postgres://{its['USER']}@/{its['HOST']}/{its['NAME']}" for name, its in settings_of.items()}


class Reader:
    """Remembers every frame, and knows how to wait for one."""

    frames: list[dict[str, Any]]

    def receive(self, within_s: float = WITHIN_S) -> dict[str, Any]:
        """Return the next frame, and keep it in `frames`."""
        raise NotImplementedError

    def wait_for(self, kind: str, *, within_s: float = WITHIN_S, where: Matches = bool) -> dict[str, Any]:
        """Return the next frame of a kind (and like this); what comes before it is kept in `frames`."""
        deadline = time.monotonic() + within_s
        while True:
            frame = self.receive(max(0.01, deadline - time.monotonic()))
            if frame["type"] == kind and where(frame):
                return frame

    def wait_for_event(self, kind: str, *, within_s: float = WITHIN_S, where: Matches = bool) -> dict[str, Any]:
        """Return the first event of a kind (and like this), from a batch that came or comes."""
        deadline = time.monotonic() + within_s
        looked_at = 0
        while True:
            for frame in self.frames[looked_at:]:
                for event in frame.get("events", ()):
                    if event["type"] == kind and where(event):
                        return dict(event)
            looked_at = len(self.frames)
            self.receive(max(0.01, deadline - time.monotonic()))

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of a kind that came so far."""
        return [event for frame in self.frames for event in frame.get("events", ()) if event["type"] == kind]


class Client(Reader):
    """A client of the protocol over a socket."""

    def __init__(
        self, server: Server, path: str, *, origin: str | None = "", headers: dict[str, str] | None = None
    ) -> None:
        if origin == "":
            origin = our_origin()
        self.frames = []
        self._opening = open_socket(
            f"ws://127.0.0.1:{server.port}{path}",
            origin=origin,  # type: ignore[arg-type]
            additional_headers=headers,
            compression=None,
            max_size=None,
        )
        self.socket: ClientConnection = self._opening.__enter__()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, **frame: Any) -> None:
        self.socket.send(orjson.dumps(frame).decode())

    def hello(self, **more: Any) -> dict[str, Any]:
        """Say hello and return the welcome."""
        self.send(type="hello", v=1, **more)
        return self.wait_for("welcome")

    def receive(self, within_s: float = WITHIN_S) -> dict[str, Any]:
        frame: dict[str, Any] = orjson.loads(self.socket.recv(timeout=within_s))
        self.frames.append(frame)
        return frame

    def wait_for_close(self) -> int:
        """Read to the end; return the close code."""
        try:
            while True:
                self.receive()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


class Stream(Reader):
    """A client of a stream of server-sent events; `ids` are those of the frames that had one."""

    def __init__(self, server: Server, path: str, **headers: str) -> None:
        self.frames = []
        self.ids: list[str] = []
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=WITHIN_S)
        self._connection.request("GET", path, headers=headers)
        self.answer = self._connection.getresponse()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answer.close()
        self._connection.close()

    def receive(self, within_s: float = WITHIN_S) -> dict[str, Any]:
        """Return the next frame. Raises EOFError at the stream's end."""
        deadline = time.monotonic() + within_s
        while True:
            assert time.monotonic() < deadline, "no frame came"
            line = self.answer.readline()
            if not line:
                raise EOFError
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                self.ids.append(value)
            if name == "data":
                frame: dict[str, Any] = orjson.loads(value)
                self.frames.append(frame)
                return frame

    def wait_for_end(self) -> None:
        try:
            while True:
                self.receive()
        except EOFError:
            return


def our_origin() -> str:
    return f"http://127.0.0.1:{settings.PORT}"


@contextmanager
def unread_socket(server: Server, path: str) -> Iterator[socket.socket]:
    """A viewer that says hello; it reads what the test reads."""
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    with _unread(server, path, upgrade + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") as unread:
        assert unread.recv(12).endswith(b"101")
        hello = b'{"type":"hello","v":1}'
        unread.sendall(bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
        yield unread


@contextmanager
def unread_stream(server: Server, path: str) -> Iterator[socket.socket]:
    """The same over a stream of events."""
    with _unread(server, path) as unread:
        assert unread.recv(12).endswith(b"200")
        yield unread


@contextmanager
def _unread(server: Server, path: str, headers: str = "") -> Iterator[socket.socket]:
    with socket.socket() as unread:
        unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        unread.settimeout(WITHIN_S)
        unread.connect(("127.0.0.1", server.port))
        unread.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode())
        yield unread


def ticket_of(user: User) -> str:
    return identity.issue(Person(user_id=user.pk))


def eventually(condition: Callable[[], Any], within_s: float = 20) -> Any:
    """Return what a condition gives once it is true."""
    deadline = time.monotonic() + within_s
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
