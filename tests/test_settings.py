"""The environment decides everything; a bad value stops the start in one line, and every variable is documented."""

import os
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from config import environment, home

PROJECT = Path(__file__).resolve().parent.parent
KEY = "k" * 50


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.isupper() and name not in {"PATH", "HOME"}]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SHOWFLOOR_HOME", "/nonexistent")
    environment.env.ENVIRON.files_cache.clear()


def load(monkeypatch: pytest.MonkeyPatch, **values: str) -> dict[str, Any]:
    """Read the settings anew, beside those that the tests run with."""
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(PROJECT / "config" / "settings.py"))


def test_start_without_a_secret_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        load(monkeypatch)

    assert capsys.readouterr().err == (
        "SECRET_KEY: is not set, and /nonexistent/secret_key does not exist (`manage.py up` makes it)\n"
    )


def test_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")

    assert load(monkeypatch, SECRET_KEY_FILE=str(tmp_path / "key"))["SECRET_KEY"] == KEY


def test_home_that_cannot_be_written_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SHOWFLOOR_HOME", str(tmp_path / "file" / "var"))

    with pytest.raises(SystemExit, match="2"):
        home.ensure_secret_key()

    line = f"SHOWFLOOR_HOME: {tmp_path}/file/var/secret_key can't be written (Not a directory)\n"
    assert capsys.readouterr().err == line


def test_cookies_of_two_ports_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (load(monkeypatch, SECRET_KEY=KEY, PORT=port) for port in ("8000", "8100"))

    for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"):
        assert one[name] != other[name]


def test_the_sites_own_host_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, SECRET_KEY=KEY, SITE_URL="https://shop.example.com")

    assert "shop.example.com" in settings["ALLOWED_HOSTS"]
    assert settings["SESSION_COOKIE_SECURE"] is True


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", "eighty", "PORT: must be a whole number, not 'eighty'"),
        ("PORT", "70000", "PORT: must lie between 1 and 65535, not 70000"),
        ("DEBUG", "maybe", "DEBUG: must be 0 or 1, not 'maybe'"),
        ("SECRET_KEY", "short", "SECRET_KEY: is shorter than 32 characters"),
        ("DATABASE_URL", "mysql://host/name", "DATABASE_URL: must name a PostgreSQL database"),
        ("REDIS_URL", "host:6379", "REDIS_URL: must start with redis: or rediss: or unix:"),
        ("SITE_URL", "http:", "SITE_URL: names no host"),
        ("REALTIME_URL", "wss://[", "REALTIME_URL: is not an address"),
        *(
            ("EMAIL_URL", url, "EMAIL_URL: is not a mail server's address such as smtp+tls://user:password@host:587")
            for url in ("mail.example.com", "smtp://host:port")
        ),
        ("REALTIME_SERVER", "apache", "REALTIME_SERVER: must be one of daphne, uvicorn, not 'apache'"),
        *(
            ("MEDIA_STORE_URL", url, "MEDIA_STORE_URL: must look like file:///srv/media or s3://bucket/prefix")
            for url in ("media", "file://srv/media", "s3:///prefix", "https://bucket.example.com")
        ),
        (
            "MEDIA_STORE_URL",
            "s3://bucket",
            "MEDIA_BASE_URL: is not set, and a bucket as MEDIA_STORE_URL needs it",
        ),
        ("PAYMENT_WINDOW_S", "5", "PAYMENT_WINDOW_S: must lie between 30 and 86400, not 5"),
        (
            "WEBHOOK_PRIVATE_NETWORKS",
            "10.0.0.1/8",
            "WEBHOOK_PRIVATE_NETWORKS: must be networks such as 10.0.0.0/8, separated by commas: "
            "10.0.0.1/8 has host bits set",
        ),
    ],
)
def test_bad_value_stops_the_start_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, line: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        load(monkeypatch, **{"SECRET_KEY": KEY, name: value})

    assert capsys.readouterr().err == f"{line}\n"


@pytest.mark.parametrize(("asked", "threshold"), [("", 2), ("?prepare_threshold=None", None)])
def test_prepared_statements_can_be_turned_off_in_the_address(
    monkeypatch: pytest.MonkeyPatch, asked: str, threshold: int | None
) -> None:
    settings = load(monkeypatch, SECRET_KEY=KEY, DATABASE_URL=f"postgres://user:word@host/name{asked}")

    for database in settings["DATABASES"].values():
        assert database["OPTIONS"]["prepare_threshold"] == threshold


def test_mail_goes_through_a_connection_that_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, SECRET_KEY=KEY, EMAIL_URL="smtp+tls://user:word@mail.example.com:587")

    assert settings["EMAIL_BACKEND"] == "shop.notifications.smtp.EmailBackend"
    assert (settings["EMAIL_HOST"], settings["EMAIL_PORT"], settings["EMAIL_USE_TLS"]) == (
        "mail.example.com",
        587,
        True,
    )


def test_every_job_of_the_timetable_exists_and_goes_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    from config.celery import app

    app.loader.import_default_modules()
    timetable = load(monkeypatch, SECRET_KEY=KEY)["CELERY_BEAT_SCHEDULE"]

    assert [job["task"] for job in timetable.values() if job["task"] not in app.tasks] == []
    assert [name for name, job in timetable.items() if not job["options"]["expires"]] == []


@pytest.mark.parametrize("document", [".env.example", "docs/settings.md"])
def test_every_variable_is_documented(document: str) -> None:
    code = "".join((PROJECT / "config" / name).read_text() for name in ("settings.py", "environment.py", "home.py"))
    read = set(re.findall(r"(?:env\.\w+|number|environ\.get)\(\s*\"([A-Z][A-Z_]+)\"", code)) - {"SECRET_KEY_FILE"}
    pattern = r"^#([A-Z_]+)=" if document == ".env.example" else r"^\| `([A-Z_]+)` \|"
    written = set(re.findall(pattern, (PROJECT / document).read_text(), re.MULTILINE))

    assert written - {"SECRET_KEY"} == read - {"SECRET_KEY"}
    assert "SECRET_KEY" in written


STRIPE = {
    "SECRET_KEY": KEY,
    "PAYMENT_PROVIDER": "stripe",
    "STRIPE_SECRET_KEY": "sk_test_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_1",
}


@pytest.mark.parametrize("missing", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_PUBLISHABLE_KEY"])
def test_stripe_without_one_of_its_keys_stops_the_start_in_one_line(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        load(monkeypatch, **{name: value for name, value in STRIPE.items() if name != missing})

    assert capsys.readouterr().err == f"{missing}: is not set, and PAYMENT_PROVIDER=stripe needs it\n"


def test_what_stands_in_for_stripe_needs_no_publishable_key(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = {**STRIPE, "STRIPE_PUBLISHABLE_KEY": "", "STRIPE_API_BASE": "http://127.0.0.1:8420/"}

    assert load(monkeypatch, **stand_in)["STRIPE_API_BASE"] == "http://127.0.0.1:8420"


def test_the_sandbox_needs_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, SECRET_KEY=KEY)["PAYMENT_PROVIDER"] == "sandbox"


def test_tokens_that_nobody_would_check_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        load(monkeypatch, SECRET_KEY=KEY, PLAYLIST_TOKENS="1", MEDIA_BASE_URL="https://cdn.example.com")

    assert capsys.readouterr().err == (
        "PLAYLIST_TOKENS: only our own server checks them, and MEDIA_BASE_URL is another one\n"
    )


def test_store_may_be_a_folder_or_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = load(monkeypatch, SECRET_KEY=KEY, MEDIA_STORE_URL="file:///srv/my%20media")
    bucket = load(
        monkeypatch, SECRET_KEY=KEY, MEDIA_STORE_URL="s3://shop/live/", MEDIA_BASE_URL="https://cdn.example.com/"
    )

    assert (folder["MEDIA_ROOT"], folder["MEDIA_BUCKET"], folder["MEDIA_URL"]) == (
        Path("/srv/my media"),
        "",
        "/media/",
    )
    assert (bucket["MEDIA_ROOT"], bucket["MEDIA_BUCKET"], bucket["MEDIA_PREFIX"], bucket["MEDIA_URL"]) == (
        Path("/nonexistent/media"),
        "shop",
        "live",
        "https://cdn.example.com/",
    )


@pytest.mark.parametrize("zone", ["", "Nowhere/Atlantis", "../../etc/passwd", "IST+5"])
def test_a_time_zone_is_one_of_the_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], zone: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        load(monkeypatch, SECRET_KEY=KEY, TIME_ZONE=zone)
    assert capsys.readouterr().err == f"TIME_ZONE: must be a time zone's name such as Asia/Kolkata, not {zone!r}\n"
    assert load(monkeypatch, SECRET_KEY=KEY, TIME_ZONE="Asia/Kolkata")["TIME_ZONE"] == "Asia/Kolkata"
