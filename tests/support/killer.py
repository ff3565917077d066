"""Kills parts of a running Showfloor, one after the other, at random. `manage.py up` starts them again."""

import random
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import requests

from tests.support.showfloor import Showfloor


@dataclass(frozen=True)
class Victim:
    """What is killed, and how. `word` is of its command line.

    `has_below`: sometimes one of its children instead. `when_open`: only while the shop answers, or nobody would ever
    get in.
    """

    name: str
    word: str
    numbers: tuple[signal.Signals, ...] = (signal.SIGKILL,)
    has_below: bool = False
    when_open: bool = False


VICTIMS = (
    Victim("web", "granian", has_below=True, when_open=True),  # below is who has the requests and webhooks
    Victim("worker", "worker@%h", has_below=True),
    Victim("sweeper", "sweeper@%h", has_below=True),
    Victim("beat", "beat"),
    Victim("postgres", "postgres", (signal.SIGQUIT,)),  # PostgreSQL's word for an immediate end
    Victim("redis", "valkey-server", (signal.SIGKILL, signal.SIGTERM)),
)


class Killer:
    """Works in a thread of its own until stopped, with pauses of about `pause_s`; `killed` is what it has done."""

    def __init__(self, showfloor: Showfloor, *, seed: int, pause_s: float) -> None:
        self.killed: list[str] = []
        self._showfloor = showfloor
        self._pause_s = pause_s
        self._mind = random.Random(f"{seed} killer")
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join(30)

    def _work(self) -> None:
        for victim in self._in_turn():
            if self._is_over.wait(self._pause_s * self._mind.uniform(0.6, 1.4)):
                return
            if self._kill(victim):
                self.killed.append(victim.name)

    def _in_turn(self) -> Iterator[Victim]:
        """Give each victim once in random order, then again in another: nobody is left out."""
        while True:
            yield from self._mind.sample(VICTIMS, len(VICTIMS))

    def _kill(self, victim: Victim) -> bool:
        """Kill a victim that lives at this moment; False for one that is just being started."""
        if victim.when_open and not self._is_open():
            return False
        try:
            process = self._find(victim)
            if process:
                process.send_signal(self._mind.choice(victim.numbers))
        except psutil.NoSuchProcess:
            return False
        return process is not None

    def _is_open(self) -> bool:
        try:
            return requests.get(f"{self._showfloor.url}/health", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def _find(self, victim: Victim) -> psutil.Process | None:
        assert self._showfloor.process
        above = psutil.Process(self._showfloor.process.pid)
        for process in above.children():
            if victim.word in process.cmdline() or victim.word == process.name():
                return self._mind.choice([process, *process.children()] if victim.has_below else [process])
        return None
