"""Real PostgreSQL and Redis for the tests, in a home of their own, so that two runs go side by side.

pytest-django reads the settings before any conftest if it is told their name by pyproject.toml;
here the environment comes first, so this file names them.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.showfloor import Showfloor, new_showfloor

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


# As root, PostgreSQL runs as another user, who must be able to pass through the home.
HOME = Path(tempfile.mkdtemp(prefix="showfloor-test-"))
HOME.chmod(0o711)
for name in (
    "DATABASE_URL",
    "REDIS_URL",
    "CACHE_URL",
    "MEDIA_BASE_URL",
    "REALTIME_URL",
    "SITE_URL",
    "EMAIL_URL",
    "BIND",
):
    os.environ.pop(name, None)
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "SECRET_KEY": "only-for-tests-" + "0123456789" * 4,
    "SHOWFLOOR_HOME": str(HOME),
    "DEBUG": "0",
    **{name: str(_free_port()) for name in ("PORT", "REALTIME_PORT", "RTMP_PORT", "SRT_PORT")},
}

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
# In CI there must be one: nothing is left out there.
HAS_NO_BROWSER = CHROMIUM is None and not os.environ.get("CI")


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a browser where there is none."""
    if HAS_NO_BROWSER:
        left_out = [item for item in items if item.get_closest_marker("browser")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if HAS_NO_BROWSER:
        terminalreporter.section("no browser", yellow=True)
        terminalreporter.line(
            "Browser tests were left out: Chromium is not installed. On Debian and Ubuntu: "
            "apt-get install chromium; then run make test again."
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def servers() -> Iterator[None]:
    """PostgreSQL and Redis, once for all tests."""
    from config import processes
    from config.embedded import postgres, redis

    programs = [
        postgres.prepare(HOME, is_durable=False, max_connections=400),
        redis.prepare(HOME, is_durable=False),
    ]
    started: list[tuple[subprocess.Popen[bytes], processes.Program]] = []
    try:
        for program in programs:
            with (HOME / f"{program.name}.log").open("wb") as log:
                started.append((processes.spawn(program, output=log), program))
        for process, program in started:
            processes.wait_until_ready(process, program, within_s=30)
        yield
    finally:
        for process, program in reversed(started):
            processes.stop(process, program)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None) -> None:
    """Have the database made only once its server runs."""


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Empty the tables quickly after a test with real commits.

    Django truncates all, which makes some two hundred files anew, and then fills content types and permissions with
    the same rows again. Here those two last, and the rest is deleted under the lock that truncating takes.
    """
    from django.core.management.commands import flush
    from django.db.backends.postgresql.operations import DatabaseOperations

    lasting = {"auth_permission", "django_content_type"}

    def sql_flush(self: DatabaseOperations, style: object, tables: list[str], **options: bool) -> list[str]:
        names = [self.quote_name(table) for table in tables if table not in lasting]
        return [
            "SET LOCAL session_replication_role = replica",  # no triggers, no order among foreign keys
            f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE",
            *[f"DELETE FROM {name}" for name in names],  # noqa: S608 (our own tables)
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *arguments: None)
        yield


@pytest.fixture(autouse=True)
def empty_redis(request: pytest.FixtureRequest, servers: None) -> None:
    """Start each test with an empty Redis, unless its module's servers live on one (marker `keeps_redis`)."""
    if request.node.get_closest_marker("keeps_redis"):
        return
    import redis
    from django.conf import settings

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushall()


@pytest.fixture(scope="session")
def demo_site() -> Iterator[Showfloor]:
    """A whole Showfloor with its demo and live show, as `make run` starts it, shared by all browser tests."""
    with new_showfloor() as showfloor:
        showfloor.up()
        yield showfloor


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium without a window. Its loop lives as long as the module, so async tests live in other modules."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()
