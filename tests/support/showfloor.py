"""A whole Showfloor, started as an operator starts it, for tests that need real processes."""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import psutil

from config.launcher.processes import Program, popen_options

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Showfloor:
    """One home with its ports, and the `manage.py up` that runs on it, if any."""

    home: Path
    ports: dict[str, int]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    is_secure: bool = False

    @property
    def url(self) -> str:
        if self.is_secure:
            return f"https://localhost:{self.ports['PORT']}"
        return f"http://127.0.0.1:{self.ports['PORT']}"

    @property
    def websocket_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    @property
    def output(self) -> str:
        """What `up` has printed so far, to both its outputs."""
        return (self.home.parent / "up.log").read_text(errors="replace")

    def up(self, *arguments: str, within_s: float = 150) -> None:
        """Start everything and wait for READY. Raises AssertionError with the output if it does not come."""
        self.is_secure = "--https" in arguments
        program = Program(name="up", argv=[sys.executable, "manage.py", "up", *arguments], folder=PROJECT)
        with (self.home.parent / "up.log").open("wb") as log:
            # It ends with the tests, even when they are killed.
            options = popen_options(program) | {"env": self._env(), "stdout": log, "stderr": subprocess.STDOUT}
            self.process = subprocess.Popen(program.argv, **options)
        wait_until(lambda: self._is_ready() or self._has_ended(), within_s=within_s, what=lambda: self.output)
        assert self._is_ready(), self.output

    def refused(self) -> subprocess.CompletedProcess[str]:
        """Run an `up` that ought to end by itself."""
        return subprocess.run(
            [sys.executable, "manage.py", "up", "--no-demo"],
            cwd=PROJECT,
            env=self._env(),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def manage(self, *arguments: str, is_checked: bool = True) -> subprocess.CompletedProcess[str]:
        """Run another command of manage.py on the same home; unless `is_checked` is false, it must end well."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self._env(),
            capture_output=True,
            text=True,
            timeout=120,
            check=is_checked,
        )

    def processes(self) -> list[psutil.Process]:
        """Return every process that `up` has started, however far below it."""
        assert self.process
        return psutil.Process(self.process.pid).children(recursive=True)

    def program(self, word: str) -> psutil.Process:
        """Return the program right below `up` whose command line has this word."""
        assert self.process
        running = [p for p in psutil.Process(self.process.pid).children() if p.status() != psutil.STATUS_ZOMBIE]
        [found] = [p for p in running if word in p.cmdline()]
        return found

    def show_processes(self) -> dict[str, psutil.Process]:
        """Return what the demo's live show needs: `run_media`, its `ffmpeg`, and the `camera`, which is one, too."""
        media = self.program("run_media")
        [ffmpeg] = [child for child in media.children() if "hls" in child.cmdline()]
        [camera] = self.program("push_demo").children()
        return {"ffmpeg": ffmpeg, "run_media": media, "camera": camera}

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal `up` and return its exit status; it has ten seconds."""
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=10)

    def _is_ready(self) -> bool:
        return bool(re.search(rf"^READY {re.escape(self.url)}$", self.output, re.MULTILINE))

    def _has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def _env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR", "CI"}}
        ports = {name: str(port) for name, port in self.ports.items()}
        return {**kept, "SHOWFLOOR_HOME": str(self.home), **ports, **self.environment}


@contextmanager
def new_showfloor(**environment: str) -> Iterator[Showfloor]:
    """Make an empty home with ports of its own; whatever runs on it at the end is stopped, and the home removed."""
    # Not pytest's own folder: as root, PostgreSQL's user could not pass it.
    folder = Path(tempfile.mkdtemp(prefix="showfloor-up-"))
    folder.chmod(0o711)
    showfloor = Showfloor(home=folder / "var", ports=free_ports(), environment=environment)
    try:
        yield showfloor
    finally:
        if showfloor.process and showfloor.process.poll() is None:
            try:
                showfloor.stop()
            except subprocess.TimeoutExpired:
                showfloor.process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(condition: Callable[[], object], *, within_s: float, what: Callable[[], str]) -> None:
    """Wait for a condition; fail with `what()` when it does not come true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


def free_ports() -> dict[str, int]:
    """Return ports that nobody uses; other ones each time, for it takes a while until what they are for listens."""
    while True:
        base = next(BASES)
        if all(_is_free(base + step, kind) for step in range(20) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            names = ("PORT", "REALTIME_PORT", "RTMP_PORT", "SRT_PORT")
            return {name: base + step for step, name in enumerate(names)}


def _bases() -> Iterator[int]:
    """Return where to look for ports: below those that the system hands out for outgoing connections.

    Each of pytest-xdist's workers (gw0, gw1 …) looks elsewhere.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    first, last = (20000 + int(worker) * 3000, 23000 + int(worker) * 3000) if worker else (20000, 32000)
    return cycle(random.sample(range(first, last, 20), (last - first) // 20))


BASES = _bases()


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
