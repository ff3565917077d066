"""Typed readers of the environment. A bad value stops the start with one line that names it."""

import ipaddress
import os
import sys
import zoneinfo
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import environ

env = environ.FileAwareEnv()


def refuse(name: str, why: str) -> NoReturn:
    """Stop the start: one line on standard error, exit status 2."""
    sys.stderr.write(f"{name}: {why}\n")
    raise SystemExit(2)


def text(name: str, default: str = "") -> str:
    try:
        return str(env.str(name, default=default)).strip()
    except OSError as error:
        refuse(f"{name}_FILE", f"can't be read: {error.strerror}")


def needed(name: str, *, by: str = "") -> str:
    """Read a text that may not be missing where `by`, a setting and its value, asks for it."""
    value = text(name)
    if by and not value:
        refuse(name, f"is not set, and {by} needs it")
    return value


def number(name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
    value = text(name, str(default))
    try:
        parsed = int(value)
    except ValueError:
        refuse(name, f"must be a whole number, not {value!r}")
    if not least <= parsed <= most:
        refuse(name, f"must lie between {least} and {most}, not {parsed}")
    return parsed


def port(name: str, default: int) -> int:
    return number(name, default, least=1, most=65535)


def switch(name: str, default: bool) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    refuse(name, f"must be 0 or 1, not {value!r}")


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in choices:
        refuse(name, f"must be one of {', '.join(choices)}, not {value!r}")
    return value


def time_zone(name: str, default: str) -> str:
    """Read the name of a time zone, such as Asia/Kolkata."""
    value = text(name, default)
    if value not in zoneinfo.available_timezones():
        refuse(name, f"must be a time zone's name such as Asia/Kolkata, not {value!r}")
    return value


def url(name: str, default: str, schemes: tuple[str, ...]) -> str:
    value = text(name, default)
    if value and not value.startswith(tuple(f"{scheme}:" for scheme in schemes)):
        refuse(name, f"must start with {' or '.join(f'{scheme}:' for scheme in schemes)}")
    try:
        has_host = bool(urlsplit(value).hostname)
    except ValueError:
        refuse(name, "is not an address")
    if value and not has_host and value.startswith(("http", "ws")):
        refuse(name, "names no host")
    return value


def words(name: str) -> list[str]:
    return [word.strip() for word in text(name).split(",") if word.strip()]


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(word) for word in words(name)]
    except ValueError as error:
        refuse(name, f"must be networks such as 10.0.0.0/8, separated by commas: {error}")


def secret_key(fallback: Path) -> str:
    """Read SECRET_KEY, SECRET_KEY_FILE or the key that `manage.py up` keeps in SHOWFLOOR_HOME."""
    value = text("SECRET_KEY")
    if not value and fallback.exists():
        value = fallback.read_text().strip()
    if not value:
        refuse("SECRET_KEY", f"is not set, and {fallback} does not exist (`manage.py up` makes it)")
    if len(value) < 32:
        refuse("SECRET_KEY", "is shorter than 32 characters")
    return value


def database(name: str, default: dict[str, Any]) -> dict[str, Any]:
    """Read a database address, or take the embedded server's."""
    if not text(name):
        return default
    try:
        parsed = dict(env.db_url_config(text(name)))
    except (ValueError, environ.ImproperlyConfigured):
        refuse(name, "is not a database address such as postgres://user:password@host:5432/name")
    if "postgresql" not in str(parsed.get("ENGINE")):
        refuse(name, "must name a PostgreSQL database")
    options = parsed.get("OPTIONS", {})
    if str(options.get("prepare_threshold")).lower() == "none":
        options["prepare_threshold"] = None  # an address has only text, and psycopg wants the value
    return parsed


def email(name: str) -> dict[str, object]:
    """Read the address of a mail server as Django's settings, with our own SMTP backend."""
    try:
        parsed = dict(env.email_url_config(text(name)))
    except (ValueError, environ.ImproperlyConfigured):
        refuse(name, "is not a mail server's address such as smtp+tls://user:password@host:587")
    if str(parsed["EMAIL_BACKEND"]).startswith("django.core.mail.backends.smtp."):
        parsed["EMAIL_BACKEND"] = "shop.notifications.smtp.EmailBackend"
    return parsed


def media_store(name: str, home: Path) -> tuple[Path, str, str]:
    """Read where viewers' files lie: a folder, and a bucket with a prefix in it, or "" twice.

    The folder beside a bucket is `home`: it keeps what was not stored yet.
    """
    value = text(name)
    if not value:
        return home, "", ""
    try:
        parsed = urlsplit(value)
    except ValueError:
        refuse(name, "is not an address")
    path = unquote(parsed.path)
    if parsed.scheme == "file" and not parsed.netloc and path.startswith("/"):
        return Path(path), "", ""
    if parsed.scheme == "s3" and parsed.netloc and not parsed.query:
        return home, parsed.netloc, path.strip("/")
    refuse(name, "must look like file:///srv/media or s3://bucket/prefix")


def process_pool_max() -> int:
    """How many database connections this process may pool; 0 (one a thread) unless a server set it."""
    return number("DATABASE_POOL_MAX", 0, most=1000) if "DATABASE_POOL_MAX" in os.environ else 0
