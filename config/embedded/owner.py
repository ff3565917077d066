"""The system user that PostgreSQL runs as when we are root, which it refuses to be.

It needs no entry in /etc/passwd: a free number is enough for everything but initdb (see `postgres`).
"""

import os
import pwd
import stat
from pathlib import Path

from config.embedded.exceptions import EmbeddedError

FIRST_UID = 54320


def uid_for(data: Path) -> int | None:
    """Return the number to drop to: that of an existing data folder, else a free one; None unless root."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return owner
    uid = FIRST_UID
    while _is_taken(uid):
        uid += 1
    return uid


def named_uid() -> int:
    """Return a user other than root that /etc/passwd knows: initdb asks for its own name."""
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        pass
    for entry in pwd.getpwall():
        if entry.pw_uid != 0:
            return entry.pw_uid
    raise EmbeddedError("PostgreSQL can't run as root, and this machine has no other user to set it up with")


def closed_folder(path: Path, uid: int) -> Path | None:
    """Return the outermost folder on the way to `path` (itself included) that `uid` can't pass, if any."""
    for folder in [*reversed(path.parents), path]:
        if not folder.exists():
            return None
        status = folder.stat()
        needed = stat.S_IXUSR if status.st_uid == uid else stat.S_IXOTH
        if not status.st_mode & needed:
            return folder
    return None


def give(path: Path, uid: int) -> None:
    """Make `uid` the owner of a folder and all in it."""
    for folder, _, files in os.walk(path):
        os.chown(folder, uid, uid)
        for name in files:
            os.chown(os.path.join(folder, name), uid, uid, follow_symlinks=False)


def _is_taken(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
