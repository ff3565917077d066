"""The folders of the embedded servers' Unix sockets: nobody else may reach in, nobody else may have made them."""

import os
from pathlib import Path

from config import home
from config.embedded.exceptions import EmbeddedError


def ensure_folder(home_dir: Path, server: str, uid: int | None = None) -> Path:
    """Return the socket folder of a server, made if need be and owned by `uid` (None: by us)."""
    folder = home.socket_dir(home_dir, server)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.parent.stat().st_uid != os.geteuid():
        # In the system's temporary directory anybody may have been quicker.
        raise EmbeddedError(f"{folder.parent} belongs to another user: remove it, or use a shorter SHOWFLOOR_HOME")
    folder.mkdir(exist_ok=True, mode=0o700)
    if uid is not None:
        os.chown(folder, uid, uid)
    return folder
