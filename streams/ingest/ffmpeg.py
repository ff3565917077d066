"""Start ffmpeg so that it never outlives this process."""

import asyncio
import ctypes
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from functools import cache, partial

import imageio_ffmpeg
import psutil

PR_SET_PDEATHSIG = 1
# Looked up before any fork: nothing may be imported between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@cache
def ffmpeg() -> str:
    """Return the path of ffmpeg: the one that IMAGEIO_FFMPEG_EXE names, or the wheel's."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


async def spawn(argv: Sequence[str], *, has_output: bool = False, niceness: int = 0) -> asyncio.subprocess.Process:
    """Start a program with pipes for stdin and stderr, and for stdout if `has_output`.

    Call it from the main thread, which the child follows.
    """
    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE if has_output else asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C is for us to pass on, in our own order
        preexec_fn=partial(follow_parent, os.getpid(), niceness),
    )


def follow_parent(parent: int, niceness: int = 0) -> None:
    """Run in the child: have the kernel kill it when the parent's thread ends."""
    if niceness:
        os.nice(niceness)
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os.kill(os.getpid(), signal.SIGKILL)


def processor_s(process: asyncio.subprocess.Process) -> float:
    """Return for how many seconds a program has kept a processor busy so far; 0 once it has ended."""
    try:
        times = psutil.Process(process.pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


async def listen(process: asyncio.subprocess.Process, words: deque[str]) -> None:
    """Keep a program's last words, for the log, until it closes stderr; an unread pipe would stop it."""
    if process.stderr is None:
        return
    while True:
        try:
            line = await process.stderr.readline()
        except ValueError:  # a line longer than the reader's limit
            continue
        if not line:
            return
        words.append(line.decode(errors="replace").strip())


async def stop(process: asyncio.subprocess.Process, *, within_s: float) -> None:
    """Wait for a program that was told to end, then kill it. Calling it twice is safe."""
    try:
        async with asyncio.timeout(within_s):
            await process.wait()
    except TimeoutError:
        if process.returncode is None:
            process.kill()
        await process.wait()
