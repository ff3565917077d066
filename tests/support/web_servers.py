"""Real web processes on free ports, against the tests' database and Redis."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.support.realtime_servers import ROOT, database_urls, eventually
from tests.support.showfloor import free_ports


class WebServer:
    """One Granian, as `manage.py up` starts it."""

    def __init__(self, application: str, **environment: str) -> None:
        self.port = free_ports()["PORT"]
        options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        options += ["--blocking-threads", "32", "--backpressure", "128", "--no-ws", "--log-level", "warning"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "granian", *options, application],
            cwd=ROOT,
            env={**os.environ, **database_urls(), **environment},
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> None:
        eventually(self._answers, within_s=30)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"the web server ended with {self.process.returncode}"
        try:
            return requests.get(f"{self.url}/health", timeout=1).status_code == 200
        except requests.RequestException:
            return False


@contextmanager
def running(
    *, count: int = 2, application: str = "config.wsgi:application", **environment: str
) -> Iterator[list[str]]:
    """Start so many web servers side by side; yield their addresses."""
    servers = [WebServer(application, **environment) for _ in range(count)]
    try:
        for server in servers:
            server.wait_until_ready()
        yield [server.url for server in servers]
    finally:
        for server in servers:
            server.stop()
