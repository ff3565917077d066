"""What `manage.py up` says to the person who started it: progress, faults, addresses."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape

NAME_WIDTH = 9
PROGRESS_EVERY_S = 2


class Terminal:
    """Colour and a spinner on a terminal, plain lines in a file or a pipe."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True, emoji=False)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

    def title(self, text: str) -> None:
        self._console.print(f"[bold]{escape(text)}[/]")

    @contextmanager
    def step(self, doing: str) -> Iterator["Step"]:
        """Show that something is being done, then that it is done and how long it took."""
        began = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(f"{escape(doing)} …") as status:
                step = Step(doing, lambda text: status.update(f"{escape(doing)} … [dim]{escape(text)}[/]"))
                yield step
        else:
            self.line(f"  · {doing} …")
            step = Step(doing, self._now_and_then(lambda text: self.line(f"    {text}")))
            yield step
        self._console.print(f"  [green]✓[/] {escape(step.done)} [dim]{time.monotonic() - began:.1f} s[/]")

    def _now_and_then(self, show: Callable[[str], None]) -> Callable[[str], None]:
        """Thin out progress where each line stays."""
        shown_at = time.monotonic()

        def progress(text: str) -> None:
            nonlocal shown_at
            if time.monotonic() - shown_at > PROGRESS_EVERY_S:
                shown_at = time.monotonic()
                show(text)

        return progress

    def line(self, text: str = "") -> None:
        self._console.print(escape(text))

    def note(self, name: str, text: str) -> None:
        """Print one line that a program (or we, about it) had to say."""
        self._console.print(f"[yellow]{escape(name.ljust(NAME_WIDTH))}[/] [dim]|[/] {escape(text)}")

    def fault(self, text: str) -> None:
        self._errors.print(f"[red]{escape(text)}[/]")

    def ready(self, url: str) -> None:
        """Print the line that scripts wait for, alone and unadorned."""
        sys.stdout.write(f"READY {url}\n")
        sys.stdout.flush()

    def table(self, rows: list[tuple[str, str]]) -> None:
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            self._console.print(f"  [dim]{escape(name.ljust(width))}[/]  {escape(value)}")


@dataclass
class Step:
    """One step under way; `done` is what is said of it at the end, `progress` shows how far it is."""

    done: str
    progress: Callable[[str], None]
