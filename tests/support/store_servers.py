"""A real S3 server (moto's, a process of its own), and a gate before it that fails, is slow, or remembers."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import boto3
import requests

from tests.support.playlist_conformance import named
from tests.support.realtime_servers import eventually

BUCKET = "showfloor"
PREFIX = "live"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "only-for-tests",
    "AWS_SECRET_ACCESS_KEY": "only-for-tests",
    "AWS_DEFAULT_REGION": "us-east-1",
}

# What S3 answers when it removes all files of a request but one.
KEPT = "<DeleteResult><Error><Key>{key}</Key><Code>AccessDenied</Code></Error></DeleteResult>"


@dataclass
class Gate:
    """Hands requests on to the S3 server. `put` names, in their order, the files that the server took.

    Of `fail_every` uploads one is answered 503, before the server sees it; `is_closed` answers all of them so.
    `keeps` is a file that it says it can't remove.
    """

    port: int = 0
    put: list[str] = field(default_factory=list)
    bodies: list[tuple[str, str]] = field(default_factory=list)
    fail_every: int = 0
    failed: int = 0
    is_closed: bool = False
    slow_s: float = 0.0
    keeps: str = ""
    asked: int = 0
    waiting: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reset(self) -> None:
        self.put.clear()
        self.bodies.clear()
        self.fail_every = self.failed = self.asked = 0
        self.is_closed, self.slow_s, self.keeps = False, 0.0, ""

    def refuses(self) -> bool:
        with self.lock:
            self.asked += 1
            is_refused = self.is_closed or bool(self.fail_every and self.asked % self.fail_every == 0)
            self.failed += is_refused
        return is_refused

    def note(self, path: str, body: bytes) -> None:
        with self.lock:
            name = path.partition("/sessions/")[2].partition("/")[2]
            self.put.append(name)
            if name.endswith(".m3u8"):
                self.bodies.append((name, body.decode()))


@dataclass
class Store:
    """The S3 server itself, and the gate that Showfloor is told of."""

    url: str
    gate: Gate

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process of ours use it."""
        return {
            **ENVIRONMENT,
            "AWS_ENDPOINT_URL_S3": self.gate.url,
            "MEDIA_STORE_URL": f"s3://{BUCKET}/{PREFIX}",
            "MEDIA_BASE_URL": f"{self.url}/{BUCKET}/{PREFIX}",
        }

    def get(self, name: str, **headers: str) -> requests.Response:
        """Ask as a viewer does."""
        return requests.get(f"{self.url}/{BUCKET}/{PREFIX}/{name}", headers=headers, timeout=10)

    def names(self, folder: str) -> list[str]:
        """Return the files below a folder of the bucket."""
        client = boto3.client("s3", endpoint_url=self.url)
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{PREFIX}/{folder}/")
        return [one["Key"].partition(f"{folder}/")[2] for page in pages for one in page.get("Contents", ())]


def broken_promises(gate: Gate) -> list[str]:
    """Return what a playlist named before the server had it."""
    there: set[str] = set()
    texts = iter(gate.bodies)
    missing = []
    for name in gate.put:
        if name.endswith(".m3u8"):
            _, text = next(texts)
            missing += [f"{name}: {one}" for one in named(text) if one not in there]
        there.add(name)
    return missing


@contextmanager
def running_store() -> Iterator[Store]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= ENVIRONMENT
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: _listens(port), within_s=30)
        url = f"http://127.0.0.1:{port}"
        client = boto3.client("s3", endpoint_url=url)
        client.create_bucket(Bucket=BUCKET, ACL="public-read")
        with _open_gate(port) as gate:
            yield Store(url, gate)
    finally:
        process.kill()
        process.wait()
        for name in ENVIRONMENT:
            os.environ.pop(name, None)


@contextmanager
def _open_gate(behind: int) -> Iterator[Gate]:
    gate = Gate()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_put = self.command == "PUT" and "?" not in self.path
            if is_put:
                gate.waiting += 1
                time.sleep(gate.slow_s)
                gate.waiting -= 1
                if gate.refuses():
                    self._answer(503, [], b"")
                    return
            if gate.keeps and gate.keeps.encode() in body:
                self._answer(200, [("Content-Type", "text/xml")], KEPT.format(key=gate.keeps).encode())
                return
            server = http.client.HTTPConnection("127.0.0.1", behind, timeout=10)
            server.request(self.command, self.path, body, dict(self.headers))
            answer = server.getresponse()
            if is_put and answer.status == 200:
                gate.note(urlsplit(self.path).path, body)
            self._answer(answer.status, answer.getheaders(), answer.read())
            server.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass  # noqa: N815

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            with suppress(OSError):
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in {"content-length", "connection", "date", "server", "transfer-encoding"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def handle(self) -> None:
            with suppress(OSError):  # a client that was killed
                super().handle()

        def handle_expect_100(self) -> bool:
            self.send_response_only(100)
            self.end_headers()
            return True

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    gate.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()


def _listens(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False
