"""Start and stop child processes so that none of them outlives its parent, whatever kills the parent."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1
# Looked up before any fork: nothing may be imported between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ProgramError(Exception):
    """A program ended, or did not start to serve in time."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A command that runs in the foreground until it is asked to stop.

    `stop_signal` asks for an orderly end. `uid` is the user (and group) it drops to; None keeps ours.
    `is_ready` says whether it serves, and returns at once; None: as soon as it was started.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path("/")
    uid: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    is_ready: Callable[[], bool] | None = None


def _follow_parent(parent: int, stop_signal: int) -> None:
    """Run in the child: have the kernel send `stop_signal` when the parent's thread ends."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os.kill(os.getpid(), stop_signal)


def popen_options(program: Program) -> dict[str, Any]:
    """Return the options that make any Popen of `program` a group of its own that follows its parent.

    Start it from a thread that lives as long as the parent: the kernel's signal is tied to the thread.
    """
    options: dict[str, Any] = {
        "env": {**os.environ, **program.environment},
        "cwd": program.folder,
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
        # The kernel forgets the death signal when the user changes; this runs after that.
        "preexec_fn": partial(_follow_parent, os.getpid(), program.stop_signal),
    }
    if program.uid is not None:
        options |= {"user": program.uid, "group": program.uid, "extra_groups": []}
    return options


def spawn(program: Program, *, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """Start a program; its standard output and error both go to `output`."""
    return subprocess.Popen(list(program.argv), stdout=output, stderr=subprocess.STDOUT, **popen_options(program))


def signal_group(pid: int, number: signal.Signals) -> bool:
    """Signal a program and all it started in its group; False if none of them is left."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return False
    return True


def wait_until_ready(process: subprocess.Popen[bytes], program: Program, *, within_s: float) -> None:
    """Block until a program serves. Raises ProgramError if it ends or takes too long."""
    deadline = time.monotonic() + within_s
    while program.is_ready and not program.is_ready():
        if process.poll() is not None:
            raise ProgramError(f"{program.name} ended with status {process.returncode}")
        if time.monotonic() > deadline:
            raise ProgramError(f"{program.name} did not answer within {within_s:.0f} s")
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes], program: Program, *, within_s: float = 8) -> None:
    """Ask a program to end, wait, and kill what is left of its group. Calling it twice is safe."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    signal_group(process.pid, signal.SIGKILL)


def listens(host: str, port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True
