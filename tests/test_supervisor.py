"""The supervisor with small real programs: they end, hang, leave children behind and come back."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from config.launcher.process_logs import ProgramLog, trouble
from config.launcher.processes import Program, ProgramError
from config.launcher.supervisor import Supervisor, clear_leftovers, describe_status

SLEEP = "import time; time.sleep(600)"


class Bench:
    """A supervisor, and what it told the operator."""

    def __init__(self, home: Path) -> None:
        (home / "run").mkdir()
        self.home = home
        self.told: list[tuple[str, str]] = []
        self.supervisor = Supervisor(home, tell=lambda name, text: self.told.append((name, text)))

    def start(self, name: str, script: str, **fields: object) -> None:
        self.supervisor.start(Program(name=name, argv=[sys.executable, "-c", script], **fields))  # type: ignore[arg-type]

    def pids_of(self, mark: str) -> list[int]:
        return [child.pid for child in psutil.Process().children(recursive=True) if mark in command_of(child)]

    def log(self, name: str) -> str:
        path = self.home / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it is ending
        return ""


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    await bench.supervisor.stop([])


async def until(condition: Callable[[], object], within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 (conditions of the operating system)
            await asyncio.sleep(0.02)


async def test_program_that_dies_is_started_again_and_the_operator_told(bench: Bench) -> None:
    bench.start("sleeper", SLEEP + " # again")
    await until(lambda: bench.pids_of("# again"))
    [first] = bench.pids_of("# again")

    os.kill(first, signal.SIGKILL)
    await until(lambda: bench.pids_of("# again") not in ([], [first]))

    assert bench.told == [("sleeper", "ended (killed by SIGKILL); starting it again in 0.5 s")]


async def test_program_that_keeps_failing_is_given_up_while_starting(bench: Bench) -> None:
    bench.start("broken", "raise SystemExit('no such setting')", is_ready=lambda: False)

    with pytest.raises(ProgramError, match=r"(?s)broken does not start: ended \(status 1\).*no such setting"):
        await bench.supervisor.wait_until_ready(["broken"], within_s=15)

    assert [text.rpartition("in ")[2] for _, text in bench.told][:3] == ["0.5 s", "1 s", "2 s"]


async def test_stop_kills_a_program_that_does_not_listen(bench: Bench) -> None:
    script = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); {SLEEP}"
    bench.start("stubborn", script)
    await until(lambda: "deaf" in bench.log("stubborn"))

    await bench.supervisor.stop([(("stubborn",), 0.3)])

    assert bench.pids_of("deaf") == []
    assert bench.told == [("stubborn", "did not stop in time and was killed")]


async def test_stop_goes_stage_by_stage(bench: Bench) -> None:
    farewell = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye', flush=True)))"
    for name in ("web", "database"):
        bench.start(name, f"{farewell}; print('up', flush=True); {SLEEP}")
        await until(lambda name=name: "up" in bench.log(name))

    await bench.supervisor.stop([(("web",), 5), (("database",), 9)])

    web, database = (bench.home / "logs" / f"{name}.log" for name in ("web", "database"))
    assert web.read_text() == database.read_text() == "up\nbye\n"
    assert web.stat().st_mtime_ns < database.stat().st_mtime_ns
    assert bench.told == []


@pytest.mark.parametrize("escape", [False, True], ids=["same group", "group of its own"])
async def test_grandchildren_of_a_killed_program_are_killed(bench: Bench, escape: bool) -> None:
    child = f"subprocess.Popen([sys.executable, '-c', {SLEEP!r}, 'left-behind'], start_new_session={escape})"
    bench.start("parent", f"import subprocess, sys; {child}; print('made', flush=True); {SLEEP} # parent")
    # The parent names it, too; and until the child runs its own program, it looks like the parent.
    await until(lambda: (len(bench.pids_of("# parent")), len(bench.pids_of("left-behind"))) == (1, 2))
    [parent] = bench.pids_of("# parent")
    [orphan] = set(bench.pids_of("left-behind")) - {parent}

    os.kill(parent, signal.SIGKILL)

    await until(lambda: not psutil.pid_exists(orphan))


async def test_only_trouble_reaches_the_terminal_and_once(bench: Bench) -> None:
    lines = ["INFO all is well", "ERROR: no room", "ERROR: no room", '{"level": "warning", "event": "slow"}', "end"]
    bench.start("talker", f"[print(line, flush=True) for line in {lines!r}]; {SLEEP}")

    await until(lambda: "end" in bench.log("talker"))

    assert bench.log("talker").splitlines() == lines
    assert bench.told == [("talker", "ERROR: no room"), ("talker", "slow")]


async def test_leftovers_of_a_killed_run_are_cleared(bench: Bench) -> None:
    bench.start("sleeper", SLEEP + " # leftover")
    await until(lambda: (bench.home / "run" / "children.json").exists() and bench.pids_of("# leftover"))
    [pid] = bench.pids_of("# leftover")

    cleared = await asyncio.to_thread(clear_leftovers, bench.home, within_s=0.1)

    assert cleared == 1
    assert bench.pids_of("# leftover") != [pid]
    assert not (bench.home / "run" / "children.json").exists()
    assert clear_leftovers(bench.home) == 0


def test_a_full_disk_is_told_once_and_survived(tmp_path: Path) -> None:
    told: list[str] = []
    log = ProgramLog("web", tmp_path, lambda name, text: told.append(text))
    log.path.symlink_to("/dev/full")

    log.feed(b"one\ntwo\n")

    assert told == [f"the disk is full: {log.path} can't be written"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("LOG:  database system is ready to accept connections", ""),
        (
            "FATAL:  could not write to file: No space left on device",
            "FATAL:  could not write to file: No space left on device",
        ),
        ('{"level": "info", "event": "an ERROR in words only"}', ""),
        ('{"level": "error", "event": "bad\\nday", "exception": "Traceback\\nValueError: x"}', "bad (ValueError: x)"),
        ("{not json, with an ERROR", "{not json, with an ERROR"),
        ("# WARNING Memory overcommit must be enabled!", ""),
    ],
)
def test_what_is_trouble(line: str, shown: str) -> None:
    assert trouble(line) == shown


def test_how_a_process_ended() -> None:
    assert describe_status(3) == "status 3"
    assert describe_status(-signal.SIGTERM) == "killed by SIGTERM"
