"""Both front doors, each a real one before servers of the tests: Caddy as `up` starts it, and Debian's nginx."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from config.launcher import front_door
from tests.support.realtime_servers import ROOT, eventually
from tests.support.showfloor import free_ports

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
KINDS = ("caddy", "nginx")


@dataclass(frozen=True)
class Door:
    kind: str
    url: str
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def running_door(
    kind: str, home: Path, *, web: int, realtime: int, camera: int, tokens: bool = False, **blanks: str
) -> Iterator[Door]:
    """Start a door before servers at these ports of loopback. Static and media files lie in `home`."""
    port = free_ports()["PORT"]
    start = _start_caddy if kind == "caddy" else _start_nginx
    with (home / f"{kind}.log").open("ab") as log:
        process = start(home, port, web, realtime, camera, tokens, log, blanks)
    door = Door(kind, f"http://127.0.0.1:{port}", process)
    try:
        eventually(lambda: _answers(door), within_s=30)
        yield door
    finally:
        process.terminate()
        process.wait(10)


def _answers(door: Door) -> bool:
    assert door.process.poll() is None, f"{door.kind} ended with {door.process.returncode}"
    try:
        return requests.get(f"{door.url}/door.css", timeout=1).status_code == 200
    except requests.RequestException:
        return False


def _start_caddy(
    home: Path, port: int, web: int, realtime: int, camera: int, tokens: bool, log: object, blanks: dict[str, str]
) -> subprocess.Popen[bytes]:
    filled = front_door.blanks() | {
        "DOOR_SITES": f"http://:{port}",
        "DOOR_BIND": "127.0.0.1",
        "DOOR_PORT": str(port),
        "DOOR_TLS_FOLDER": str(home / "tls"),
        "DOOR_WEB": f"127.0.0.1:{web}",
        "DOOR_REALTIME": f"127.0.0.1:{realtime}",
        "DOOR_CAMERA": f"127.0.0.1:{camera}",
        "DOOR_STATIC_FOLDER": str(home / "static"),
        "DOOR_MEDIA": "tokens" if tokens else "open",
        "DOOR_MEDIA_FOLDER": str(home / "media"),
        **blanks,
    }
    command = [front_door.find_caddy(), "run", "--config", front_door.FOLDER / "Caddyfile", "--adapter", "caddyfile"]
    return subprocess.Popen(command, env={**os.environ, **filled}, stdout=log, stderr=log)  # type: ignore[call-overload, no-any-return]


def _start_nginx(
    home: Path, port: int, web: int, realtime: int, camera: int, tokens: bool, log: object, blanks: dict[str, str]
) -> subprocess.Popen[bytes]:
    assert NGINX, "nginx is needed to test deploy/nginx.conf: apt-get install nginx-light"
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    changes = {
        "/var/log/nginx/error.log": f"{home}/nginx-error.log",
        "/run/nginx.pid": f"{home}/nginx.pid",
        "127.0.0.1:8891": f"127.0.0.1:{web}",
        "127.0.0.1:8001": f"127.0.0.1:{realtime}",
        "127.0.0.1:8890": f"127.0.0.1:{camera}",
        "listen 8000": f"listen 127.0.0.1:{port}",
        "/var/lib/showfloor": str(home),
        "/srv/showfloor": str(ROOT),
        "$has_playlist_tokens 0": f"$has_playlist_tokens {int(tokens)}",
    }
    for ours, theirs in changes.items():
        assert ours in text, f"deploy/nginx.conf has no {ours}"
        text = text.replace(ours, theirs)
    # Not what a deployment changes: the tests run as root in folders of their own.
    text = f"user root;\n{text}" if os.geteuid() == 0 else text
    folders = "".join(
        f"    {name}_temp_path {home}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = re.sub(r"^http \{\n", f"http {{\n{folders}", text, flags=re.MULTILINE)
    file = home / "nginx.conf"
    file.write_text(text)
    return subprocess.Popen([NGINX, "-p", home, "-c", file, "-g", "daemon off;"], stdout=log, stderr=log)  # type: ignore[call-overload, no-any-return]
