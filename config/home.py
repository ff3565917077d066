"""What lives under SHOWFLOOR_HOME, and where. Imported before Django's settings, so it knows none of them."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from config.environment import refuse

PROJECT = Path(__file__).resolve().parent.parent

# A Unix socket's path may have 107 bytes; PostgreSQL's own name for its socket takes 16 of them.
SOCKET_DIR_MAX_BYTES = 107 - len("/.s.PGSQL.5432.l")


def home_dir() -> Path:
    """Return SHOWFLOOR_HOME as an absolute path (default: `var` beside manage.py)."""
    return Path(os.environ.get("SHOWFLOOR_HOME") or PROJECT / "var").resolve()


def socket_dir(home: Path, server: str) -> Path:
    """Return the folder of one embedded server's Unix socket.

    It is `<home>/run/<server>`, or, where that is too long for a socket's address, a folder in the
    system's temporary directory named after a digest of it, so that every process finds the same one.
    """
    inside = home / "run" / server
    if len(os.fsencode(inside)) <= SOCKET_DIR_MAX_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"showfloor-{digest}" / server


def secret_key_file(home: Path) -> Path:
    return home / "secret_key"


def ensure_secret_key() -> None:
    """Make a secret key in SHOWFLOOR_HOME, once, unless the environment already names one."""
    if os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE"):
        return
    path = secret_key_file(home_dir())
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
    except OSError as error:
        refuse("SHOWFLOOR_HOME", f"{path} can't be written ({error.strerror})")
