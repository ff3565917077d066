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

import pytest


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


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


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


@pytest.fixture(autouse=True)
def empty_redis(request: pytest.FixtureRequest, servers: None) -> None:
    """Start each test with an empty Redis, unless its module's servers live on one (marker `keeps_redis`)."""
    if request.node.get_closest_marker("keeps_redis"):
        return
    import redis
    from django.conf import settings

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushall()
