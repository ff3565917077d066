"""Where the archive is: beside the embedded database, in the same database as an external one, or where it is said."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.support.realtime_servers import ROOT, database_urls

MAIN, APART = "postgres://u:p@db.example.com/shop", "postgres://u:p@old.example.com/shop"


def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **environment: str) -> dict[str, Any]:
    for name in ("DATABASE_URL", "ARCHIVE_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"SHOWFLOOR_HOME": str(tmp_path), **environment}.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "config" / "settings.py"))


@pytest.mark.parametrize(
    ("environment", "host", "name", "is_apart"),
    [
        ({}, None, "showfloor_archive", True),
        ({"DATABASE_URL": MAIN}, "db.example.com", "shop", False),
        ({"DATABASE_URL": MAIN, "ARCHIVE_DATABASE_URL": MAIN}, "db.example.com", "shop", False),
        ({"DATABASE_URL": MAIN, "ARCHIVE_DATABASE_URL": APART}, "old.example.com", "shop", True),
        ({"ARCHIVE_DATABASE_URL": APART}, "old.example.com", "shop", True),
    ],
)
def test_where_the_archive_is(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    environment: dict[str, str],
    host: str | None,
    name: str,
    is_apart: bool,
) -> None:
    settings = read(monkeypatch, tmp_path, DATABASE_POOL_MAX="7", **environment)

    archive = settings["DATABASES"]["archive"]
    assert archive["HOST"] == (host or settings["DATABASES"]["default"]["HOST"])
    assert (archive["NAME"], settings["ARCHIVE_IS_APART"]) == (name, is_apart)
    assert archive["OPTIONS"]["pool"]["max_size"] == 7
    assert archive["CONN_HEALTH_CHECKS"] is True


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_database_can_be_both() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE both_in_one")
    url = database_urls()["DATABASE_URL"].rsplit("/", 1)[0] + "/both_in_one"
    environment = {**os.environ, "DATABASE_URL": url, "ARCHIVE_DATABASE_URL": ""}
    steps = (
        "import django; django.setup(); from django.core.management import call_command as call;"
        "call('migrate', verbosity=0); call('migrate', database='archive', verbosity=0);"
        "call('archive_orders', json=True)"
    )
    try:
        out = subprocess.run([sys.executable, "-c", steps], cwd=ROOT, env=environment, capture_output=True, check=True)
        assert json.loads(out.stdout)["moved"] == 0
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE both_in_one")
