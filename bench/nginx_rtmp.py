"""nginx-rtmp from Debian's packages, to compare with: it cuts what comes into segments, and encodes nothing."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import lab

MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
NGINX = Path("/usr/sbin/nginx")
HOW_TO_GET_IT = "nginx-rtmp is left out; to have it: apt-get install -y nginx-light libnginx-mod-rtmp"
CONFIGURATION = """
load_module {module};
user root;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
rtmp {{
    access_log off;
    server {{
        listen 127.0.0.1:{port};
        application live {{
            live on;
            hls on;
            hls_path {folder}/hls;
            hls_fragment {fragment_s}s;
            hls_playlist_length 30s;
        }}
    }}
}}
"""


def is_there() -> bool:
    return MODULE.exists() and NGINX.exists()


@contextmanager
def running(home: Path, *, fragment_s: int) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """Run it; give its process, the address for encoders (a key is to follow), and the playlists' folder."""
    folder, port = home / f"nginx-{fragment_s}", lab.free_port()
    (folder / "hls").mkdir(parents=True)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        CONFIGURATION.format(module=MODULE, folder=folder, port=port, fragment_s=fragment_s).lstrip()
    )
    process = subprocess.Popen(
        [NGINX, "-p", folder, "-e", folder / "nginx.log", "-c", configuration], stderr=subprocess.DEVNULL
    )
    try:
        yield process, f"rtmp://127.0.0.1:{port}/live/", folder / "hls"
    finally:
        process.terminate()
        process.wait()
