"""Real PostgreSQL and Redis for the tests, and real browsers."""

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support import page_checks
from tests.support.home import HOME
from tests.support.showfloor import Showfloor, new_showfloor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from orders.models import Order
    from tests.support.realtime_servers import Server

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
MOST_WORKERS = 4
REALTIME_SERVERS = ("daphne", "uvicorn")
DEMO = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    hypothesis.settings.register_profile("showfloor", deadline=None)  # machines are busy at times
    hypothesis.settings.load_profile("showfloor")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Start one worker more than cores, for many tests wait. A single file is not worth a second PostgreSQL."""
    files = {argument.partition("::")[0] for argument in config.args}
    return 0 if len(files) == 1 and files.pop().endswith(".py") else min(1 + (os.cpu_count() or 1), MOST_WORKERS)


class SharedServers(LoadScopeScheduling):
    """Keeps on one worker what shares its servers: each file's tests, and all that look at the demo.

    (The marker `xdist_group` would say the same, but pytest-xdist 3.8 overlooks it with pytest 9.2.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if file == "tests/test_api_schema.py":  # long, and each test alone: a part for each role
            return file + test.rpartition("-")[2]
        return "demo" if file.startswith("tests/test_browser_") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedServers:
    return SharedServers(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what can't run here. Files that may take long come first: nobody waits for them.

    The demo's tests follow one another: it ends with the last of them.
    """
    lacking = {"browser": HAS_NO_BROWSER, "standards": page_checks.are_left_out()}
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in lacking if lacking[name])]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    longest: Counter[Path] = Counter()
    for item in items:
        longest[item.path] = max(longest[item.path], *(marker.args[0] for marker in item.iter_markers("timeout")), 0)
        _open_databases(item)
    items.sort(key=lambda item: ("demo_site" not in item.fixturenames, -longest[item.path]))


def _open_databases(item: pytest.Item) -> None:
    """Let a test that uses the database use the archive, too: code reads both."""
    marker = item.get_closest_marker("django_db")
    if marker:
        marker.kwargs["databases"] = "__all__"
    elif {"db", "transactional_db"} & set(getattr(item, "fixturenames", ())):
        item.add_marker(pytest.mark.django_db(databases="__all__"))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if HAS_NO_BROWSER:
        terminalreporter.section("no browser", yellow=True)
        terminalreporter.line(
            "Browser tests were left out: Chromium is not installed. On Debian and Ubuntu: "
            "apt-get install chromium; then run make test again."
        )
    if page_checks.are_left_out():
        terminalreporter.section("no page checks", yellow=True)
        terminalreporter.line(f"Pages were not checked against the standards: {'; '.join(page_checks.missing())}.")


@pytest.fixture(scope="session", autouse=True)
def servers() -> Iterator[None]:
    """PostgreSQL and Redis, once for all tests."""
    from config.embedded import postgres, redis
    from config.launcher import processes

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


@pytest.fixture(scope="module")
def lasting_past(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, "Order"]]:
    """A shop with a past, made once for all tests of a module and undone after them; each undoes its own changes."""
    from tests.support import backdating

    with django_db_blocker.unblock(), undone():
        yield backdating.make_past()


@contextmanager
def undone() -> Iterator[None]:
    """Undo what is written inside, within which tests with transactions of their own may run."""
    around: Any = transaction.atomic()
    around._from_testcase = True  # lets durable blocks open inside
    with around:
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session")
def demo_site(pytestconfig: pytest.Config) -> Iterator[Showfloor]:
    """A whole Showfloor with its demo and live show, as `make run` starts it, shared by all browser tests."""
    with ExitStack() as stack:
        showfloor = stack.enter_context(new_showfloor())
        showfloor.up()
        pytestconfig.stash[DEMO] = stack
        yield showfloor


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End the demo, which encodes video all the time, with the last test that looks at it."""
    if DEMO in item.config.stash and not (nextitem and "demo_site" in nextitem.fixturenames):
        item.config.stash[DEMO].close()


@pytest.fixture(scope="module")
def servers_by_kind(
    servers: None, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, "Server"]]:
    """A realtime server of each kind, shared by a file's tests."""
    from tests.support.realtime_servers import running

    with django_db_blocker.unblock(), running(*REALTIME_SERVERS) as started:
        yield dict(zip(REALTIME_SERVERS, started, strict=True))


@pytest.fixture(params=REALTIME_SERVERS)
def server(request: pytest.FixtureRequest, servers_by_kind: dict[str, "Server"]) -> "Server":
    """Each kind of realtime server in turn: the same tests on both."""
    return servers_by_kind[request.param]


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium without a window. Its loop lives as long as the module, so async tests live in other modules."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()
