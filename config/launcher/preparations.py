"""What must be done to the data before the programs start; each step does nothing when nothing changed."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from streams.models import StreamSession

DEMO_LIVE = "demo-live"


class LineWriter:
    """A text stream that hands on whole lines."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).replace("\r", "\n").split("\n")
        for line in lines:
            if line.strip():
                self._take(line.strip())
        return len(text)

    def flush(self) -> None:
        return None

    def isatty(self) -> bool:
        return False


def make_folders() -> None:
    """Make the folders that processes expect. Mail may hold addresses: nobody else may read it."""
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    (settings.HOME / "mail").mkdir(exist_ok=True, mode=0o700)


def migrate(progress: Callable[[str], None]) -> bool:
    """Bring the main database and the archive up to date; return whether there was anything to do."""
    changed = [_migrate(alias, progress) for alias in connections]
    return any(changed)


def _migrate(alias: str, progress: Callable[[str], None]) -> bool:
    executor = MigrationExecutor(connections[alias])
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", database=alias, interactive=False, stdout=LineWriter(progress), no_color=True)
    return True


def collect_static() -> bool:
    """Collect, hash and compress the static files, unless they are as they were; return whether it did."""
    stamp = settings.STATIC_ROOT.parent / "run" / "static.stamp"
    digest = _static_digest()
    if stamp.exists() and stamp.read_text() == digest and (settings.STATIC_ROOT / "staticfiles.json").exists():
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(digest)
    return True


def seed_demo(progress: Callable[[str], None]) -> bool:
    """Fill an empty shop with the demo, once; return whether its live show is there."""
    call_command("seed_demo", stdout=LineWriter(progress), no_color=True)
    return StreamSession.objects.filter(slug=DEMO_LIVE).exists()


def _static_digest() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(f"{path}\0{_mtime(storage, path)}\n".encode())
    return digest.hexdigest()


def _mtime(storage: Any, path: str) -> float:
    return float(storage.get_modified_time(path).timestamp())
