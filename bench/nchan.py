"""nchan from Debian's packages, to compare with: nginx that hands each message to every subscriber of a channel."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from bench import lab

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
NGINX = Path("/usr/sbin/nginx")
HOW_TO_GET_IT = "nchan is left out; to have it: apt-get install -y nginx-light libnginx-mod-nchan"
CONFIGURATION = """
load_module {module};
user root;
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 10000; }}
http {{
    access_log off;
    nchan_max_reserved_memory 256M;
    server {{
        listen 127.0.0.1:{port} backlog=8192;
        keepalive_requests 1000000;
        nchan_channel_id show;
        location = /publish {{
            nchan_publisher;
            nchan_message_buffer_length 10;
        }}
        location = /subscribe {{
            nchan_subscriber websocket;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"""


def is_there() -> bool:
    return MODULE.exists() and NGINX.exists()


@contextmanager
def running(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run it; give its process and its port. The path for sockets is /subscribe."""
    folder, port = home / "nchan", lab.free_port()
    folder.mkdir(exist_ok=True)
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(module=MODULE, folder=folder, port=port).lstrip())
    process = subprocess.Popen(
        [NGINX, "-p", folder, "-e", folder / "nginx.log", "-c", configuration], stderr=subprocess.DEVNULL
    )
    try:
        yield process, port
    finally:
        process.terminate()
        process.wait()


class Publisher:
    """Publishes over one connection that stays open."""

    def __init__(self, port: int) -> None:
        self._session = requests.Session()
        self._address = f"http://127.0.0.1:{port}/publish"

    def publish(self, text: bytes) -> None:
        self._session.post(self._address, data=text, timeout=10).raise_for_status()
