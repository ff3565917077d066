"""The front door: Caddy before web, realtime and media, on one port and one origin.

It holds idle and slow connections, reads a body whole before a thread sees it, compresses, hands out the files of
`/static/` and `/media/` from the disk, ends TLS, and lets requests wait while a server starts again. What it does is
written in deploy/door/Caddyfile; here its blanks are filled in from the settings. deploy/nginx.conf says the same to
nginx, and tests/test_front_door.py holds both to it.
"""

import ipaddress
import json
import subprocess
import sysconfig
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from config.home import PROJECT
from config.launcher.processes import Program, ProgramError, listens

FOLDER = PROJECT / "deploy" / "door"
LOOPBACK = "127.0.0.1"
CHECK_WITHIN_S = 30
WITHOUT = "Caddy, the front door, does not run on this machine ({why}): web, realtime and camera open their own ports"
# Names that no public authority vouches for (RFC 6761, RFC 6762, RFC 8375 and what routers call their homes).
PRIVATE_NAMES = (".localhost", ".local", ".lan", ".internal", ".home.arpa", ".test")


class DoorError(Exception):
    """Caddy does not run on this machine; the message says why in a few words."""


def program() -> Program:
    """Return the front door as a program.

    Raises DoorError where Caddy does not run at all, and ProgramError where it refuses what was filled in.
    """
    caddy = str(find_caddy())
    options = ["--config", str(FOLDER / "Caddyfile"), "--adapter", "caddyfile"]
    if why := _fault([caddy, "version"], {}):
        raise DoorError(why)
    if why := _fault([caddy, "validate", *options], blanks()):
        raise ProgramError(f"The front door refuses its settings: {why}")
    return Program(
        name="door",
        argv=[caddy, "run", *options],
        environment=blanks(),
        folder=FOLDER,
        is_ready=partial(listens, settings.PUBLIC_HOST, settings.PORT),
    )


def find_caddy() -> Path:
    """Return the Caddy that CADDY names, or that of the wheel beside our Python."""
    return Path(settings.CADDY or Path(sysconfig.get_path("scripts")) / "caddy")


def root_certificate() -> Path | None:
    """Return where the certificate lies that vouches for ours, if we are our own authority."""
    if not (ends_tls() and _is_own_authority()):
        return None
    return settings.HOME / "tls" / "pki" / "authorities" / "local" / "root.crt"


def ends_tls() -> bool:
    """Whether the door itself speaks HTTPS; where another proxy stands before it, that one does."""
    return settings.USE_HTTPS and not settings.TRUSTED_PROXIES


def blanks() -> dict[str, str]:
    """Return what deploy/door/Caddyfile leaves open."""
    is_secure = ends_tls()
    is_public = is_secure and not _is_own_authority()
    return {
        "DOOR_SITES": ", ".join(_sites()),
        "DOOR_BIND": settings.BIND,
        "DOOR_SCHEME": "https" if is_secure else "http",
        "DOOR_PORT": str(settings.PORT),
        # A public site has its plain port, too, where browsers and the authority's question are sent on to HTTPS.
        "DOOR_AUTO_HTTPS": "ignore_loaded_certs" if is_public else "disable_redirects",
        "DOOR_CERTIFICATES": "tls internal" if is_secure and not is_public else "",
        "DOOR_WRAPPERS": "listener_wrappers {\nhttp_redirect\ntls\n}" if is_secure else "",
        "DOOR_TLS_FOLDER": str(settings.HOME / "tls"),
        # Behind other proxies theirs is kept and ours added; settings.TRUSTED_PROXIES says how many are believed.
        "DOOR_PROXIES": "trusted_proxies static 0.0.0.0/0 ::/0" if settings.TRUSTED_PROXIES else "",
        "DOOR_MARK": settings.DOOR_MARK,
        "DOOR_WEB": f"{LOOPBACK}:{settings.WEB_PORT}",
        "DOOR_REALTIME": f"{LOOPBACK}:{settings.REALTIME_PORT}",
        "DOOR_CAMERA": f"{LOOPBACK}:{settings.CAMERA_PORT}",
        "DOOR_FOLDER": str(FOLDER),
        "DOOR_STATIC_FOLDER": str(settings.STATIC_ROOT),
        "DOOR_MEDIA": _media(),
        "DOOR_MEDIA_FOLDER": str(settings.MEDIA_ROOT),
        "DOOR_MEDIA_PATH": settings.MEDIA_BASE_URL if settings.MEDIA_BASE_URL.startswith("/") else "/media",
    }


def _sites() -> list[str]:
    """Return what is answered: over TLS the names that we have certificates for, else all; Django judges them."""
    if not ends_tls():
        return [f"http://:{settings.PORT}"]
    names = [_name()]
    if _is_own_authority():
        names += ["localhost", LOOPBACK]
    return [f"https://{f'[{name}]' if ':' in name else name}:{settings.PORT}" for name in dict.fromkeys(names)]


def _media() -> str:
    if not settings.MEDIA_BASE_URL.startswith("/"):
        return "elsewhere"
    return "tokens" if settings.PLAYLIST_TOKENS else "open"


def _name() -> str:
    return urlsplit(settings.SITE_URL).hostname or LOOPBACK


def _is_own_authority() -> bool:
    """Whether nobody else would vouch for this site: its name means something on this machine or network only."""
    try:
        return not ipaddress.ip_address(_name()).is_global
    except ValueError:
        return "." not in _name() or _name().endswith(PRIVATE_NAMES)


def _fault(command: list[str], environment: dict[str, str]) -> str:
    """Run a command that only looks; return why it failed, or an empty text."""
    try:
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=CHECK_WITHIN_S, check=False
        )
    except OSError as error:
        return error.strerror or str(error)
    except subprocess.TimeoutExpired:
        return f"no answer within {CHECK_WITHIN_S} s"
    if result.returncode == 0:
        return ""
    last = (result.stderr.splitlines() or [f"it ended with status {result.returncode}"])[-1]
    try:
        return str(json.loads(last)["msg"])  # what is wrong with a configuration is logged
    except (ValueError, KeyError, TypeError):
        return last
