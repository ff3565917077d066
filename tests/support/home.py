"""The home and environment of one process of tests, so that several run side by side.

pytest loads this by name (`-p` in pyproject.toml), for it has to come before pytest-django, which reads the settings
before any conftest.py. pytest-xdist's workers inherit the environment of the process that started them: each makes
all of this anew, with its home inside that process's, which removes both.

COVERAGE=1 measures which lines and branches of the apps each such process runs (`make check` sets it). It begins here,
before the apps are imported. Programs that the tests start are not measured: that would slow down all of them.
"""

import os
import shutil
import tempfile
from pathlib import Path

from tests.support.showfloor import free_ports

MEASURED = None
if os.environ.get("COVERAGE") == "1":
    from coverage import Coverage

    MEASURED = Coverage(data_suffix=True)
    MEASURED.start()

# As root, PostgreSQL runs as another user, who must be able to pass through the home.
WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER:
    HOME = Path(os.environ["SHOWFLOOR_HOME"]) / WORKER
    HOME.mkdir()
else:
    HOME = Path(tempfile.mkdtemp(prefix="showfloor-test-"))
HOME.chmod(0o711)
for name in (
    "DATABASE_URL",
    "ARCHIVE_DATABASE_URL",
    "REDIS_URL",
    "CACHE_URL",
    "MEDIA_STORE_URL",
    "MEDIA_BASE_URL",
    "PLAYLIST_TOKENS",
    "REALTIME_URL",
    "SITE_URL",
    "EMAIL_URL",
    "MAX_CONCURRENT_STREAMS",
    "STREAM_LIMIT_TOKEN",
    "BIND",
):
    os.environ.pop(name, None)
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "SECRET_KEY": "only-for-tests-" + "0123456789" * 4,
    "SHOWFLOOR_HOME": str(HOME),
    "DEBUG": "0",
    **{name: str(port) for name, port in free_ports().items()},
}


def pytest_unconfigure() -> None:
    if MEASURED:
        MEASURED.stop()
        MEASURED.save()
    shutil.rmtree(HOME, ignore_errors=True)
