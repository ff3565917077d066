"""Keep a set of programs running: start, watch, restart with backoff, and stop so that nothing stays behind.

honcho, which also runs a Procfile's programs, was turned down: it ends everything when one program ends, knows
no restart, no readiness and no order of stopping, and loses grandchildren when it is killed itself.

Three things together leave no process: each program is a group of its own that the kernel signals when we
die; what a program leaves in its group is killed when it ends; and orphans that made groups of their own
come to us (Linux calls that a subreaper), so that they are found as our children and killed too.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from config.launcher.process_logs import ProgramLog, Tell
from config.launcher.processes import Program, ProgramError, signal_group, spawn

BACKOFF_S = (0.5, 1, 2, 4, 8, 15, 30)
STEADY_AFTER_S = 30  # a program that ran this long has earned a quick restart
STARTS_BEFORE_GIVING_UP = 3  # before it ever served
TICK_S = 0.1
PR_SET_CHILD_SUBREAPER = 36
PROGRAM_MARK = "SHOWFLOOR_PROGRAM"


class Supervisor:
    """Runs programs from the main thread of one event loop. `tell(name, line)` is for the operator."""

    def __init__(self, home_dir: Path, *, tell: Tell) -> None:
        self._logs = home_dir / "logs"
        self._book = home_dir / "run" / "children.json"
        self._tell = tell
        self._kept: dict[str, _Kept] = {}
        self._not_ours = set(psutil.Process().children())
        _adopt_orphans()

    def start(self, program: Program) -> None:
        """Start a program and keep it running until `stop`."""
        log = ProgramLog(program.name, self._logs, self._tell)
        program = replace(program, environment={**program.environment, PROGRAM_MARK: program.name})
        kept = _Kept(program, log, tell=self._tell, changed=self._write_book)
        self._kept[program.name] = kept
        kept.start()

    async def wait_until_ready(self, names: Sequence[str], *, within_s: float) -> None:
        """Wait until all these programs serve. Raises ProgramError with the end of the log of one that doesn't."""
        deadline = time.monotonic() + within_s
        for kept in [self._kept[name] for name in names]:
            while not kept.has_served:
                if kept.failures >= STARTS_BEFORE_GIVING_UP:
                    raise ProgramError(f"{kept.program.name} does not start: {kept.last_end}\n{kept.log.tail()}")
                if time.monotonic() > deadline:
                    raise ProgramError(f"{kept.program.name} did not answer in time\n{kept.log.tail()}")
                await asyncio.sleep(0.02)

    async def stop(self, stages: Sequence[tuple[Sequence[str], float]]) -> None:
        """Stop programs in stages: the names of each, and the second, counted from now, by which they must be gone.

        Programs that no stage names are killed at the end.
        """
        began = time.monotonic()
        for names, gone_by_s in stages:
            stage = [self._kept[name] for name in names if name in self._kept]
            await asyncio.gather(*(kept.stop(began + gone_by_s) for kept in stage))
        await asyncio.gather(*(kept.stop(began) for kept in self._kept.values()))
        for kept in self._kept.values():
            kept.log.close()
        self._kill_descendants()
        self._book.unlink(missing_ok=True)

    def kill(self) -> None:
        """End everything at once."""
        for kept in self._kept.values():
            kept.is_stopping = True
        self._kill_descendants()

    def _kill_descendants(self) -> None:
        """Kill and reap everything below us that came after us."""
        ours = [child for child in psutil.Process().children() if child not in self._not_ours]
        _kill([*ours, *(below for child in ours for below in _descendants(child))])

    def _write_book(self) -> None:
        """Note who our children are, so that the next start finds them if we are killed."""
        children = [
            {"pid": kept.process.pid, "started": psutil.Process(kept.process.pid).create_time()}
            for kept in self._kept.values()
            if kept.process and kept.process.poll() is None
        ]
        unfinished = self._book.with_suffix(".unfinished")
        with contextlib.suppress(OSError):  # a full disk must not end the shop
            unfinished.write_text(json.dumps(children))
            unfinished.rename(self._book)


class _Kept:
    """One program, its present process and its history."""

    def __init__(self, program: Program, log: ProgramLog, *, tell: Tell, changed: Callable[[], None]) -> None:
        self.program = program
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.has_served = False
        self.failures = 0
        self.last_end = ""
        self.is_stopping = False
        self._tell = tell
        self._changed = changed
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep(), name=self.program.name)

    async def stop(self, deadline: float) -> None:
        """Ask for an orderly end, kill at the deadline (of the monotonic clock). Calling it twice is safe."""
        self.is_stopping = True
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.program.stop_signal)
            while self.process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110 (no event to wait for)
                await asyncio.sleep(0.02)
            if self.process.poll() is None:
                self._tell(self.program.name, "did not stop in time and was killed")
                self.process.kill()
                self.process.wait()
            self._clear_group()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _keep(self) -> None:
        while True:
            started_at = time.monotonic()
            try:
                await self._run()
            except OSError as error:
                self.last_end = f"it can't be started: {error}"
            if self.is_stopping:
                return
            if time.monotonic() - started_at > STEADY_AFTER_S:
                self.failures = 0
            delay_s = BACKOFF_S[min(self.failures, len(BACKOFF_S) - 1)]
            self.failures += 1
            self._tell(self.program.name, f"{self.last_end}; starting it again in {delay_s:g} s")
            await asyncio.sleep(delay_s)

    async def _run(self) -> None:
        """Run the program once, until it ends."""
        loop = asyncio.get_running_loop()
        output, its_output = os.pipe()
        os.set_blocking(output, False)
        try:
            self.process = spawn(self.program, output=its_output)
        except BaseException:
            os.close(output)
            raise
        finally:
            os.close(its_output)
        loop.add_reader(output, self._read, output)
        try:
            self._changed()
            while self.process.poll() is None:
                if not self.has_served:
                    self.has_served = self.program.is_ready is None or self.program.is_ready()
                await asyncio.sleep(TICK_S if self.has_served else 0.03)
            self.last_end = f"ended ({describe_status(self.process.returncode)})"
        finally:
            if self.process.poll() is not None:
                self._clear_group()
            self._read(output)
            loop.remove_reader(output)
            os.close(output)

    def _clear_group(self) -> None:
        """Kill what the program left behind: it would hold its port, or go on writing."""
        if not self.process:
            return
        signal_group(self.process.pid, signal.SIGKILL)
        for _ in range(3):  # those below an orphan come to us when it is gone
            _kill([child for child in psutil.Process().children() if self._is_orphan(child)])

    def _is_orphan(self, child: psutil.Process) -> bool:
        """Whether a child of ours came from our program: by its group (a dead one has no other sign) or its mark."""
        own = self.process.pid if self.process else 0
        try:
            return child.pid != own and (
                os.getpgid(child.pid) == own or child.environ().get(PROGRAM_MARK) == self.program.name
            )
        except (psutil.Error, ProcessLookupError):
            return False

    def _read(self, output: int) -> None:
        try:
            while chunk := os.read(output, 65536):
                self.log.feed(chunk)
        except BlockingIOError:
            return
        # Every writer has closed its end: the descriptor would be readable for ever.
        asyncio.get_running_loop().remove_reader(output)


def describe_status(status: int) -> str:
    """Say in words how a process ended.

    >>> describe_status(-9)
    'killed by SIGKILL'
    """
    if status >= 0:
        return f"status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


def clear_leftovers(home_dir: Path, *, within_s: float = 6) -> int:
    """End what a killed run of the same home left behind; return how many processes that were.

    The caller holds the home's lock, so none of them can belong to a living run.
    """
    book = home_dir / "run" / "children.json"
    try:
        children = json.loads(book.read_text())
    except (FileNotFoundError, ValueError):
        return 0
    left: list[psutil.Process] = []
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(child["pid"])
            if abs(process.create_time() - child["started"]) < 0.1:
                left += [*_descendants(process), process]
    # The kernel has already asked them to end.
    _, stubborn = psutil.wait_procs(left, timeout=within_s)
    _kill(stubborn)
    book.unlink(missing_ok=True)
    return len(left)


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _kill(victims: Sequence[psutil.Process]) -> None:
    for process in victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(victims, timeout=2)


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
