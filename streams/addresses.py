"""Where a host's encoder, or the camera of their browser, sends to."""

from dataclasses import dataclass

from django.conf import settings

from streams.ingest.camera.tickets import CAMERA_PATH
from streams.ingest.srt import slots
from streams.models import StreamSession


@dataclass(frozen=True)
class Addresses:
    """`server` and the key are what OBS asks for, apart; the two urls hold the key, for what takes one address.

    `srt_url` is None for a show that has no SRT port.
    """

    server: str
    rtmp_url: str
    srt_url: str | None


def of_session(session: StreamSession, *, host: str) -> Addresses:
    """Return the addresses of a show. `host` is the machine's name as the asking browser knows it, without a port.

    Holds the stream key: only for the show's host.
    """
    server = settings.RTMP_URL or f"rtmp://{host}:{settings.RTMP_PORT}/live"
    port = slots.port(session)
    return Addresses(
        server=server,
        rtmp_url=f"{server}/{session.stream_key}",
        srt_url=f"srt://{host}:{port}?passphrase={session.stream_key}" if port else None,
    )


def of_camera(*, host: str, is_secure: bool) -> str:
    """Return where the studio's script sends the browser's camera. `host` is a Host header, with its port."""
    base = settings.CAMERA_URL or f"{'wss' if is_secure else 'ws'}://{host}"
    return f"{base}{CAMERA_PATH}"


def hostname(host_header: str) -> str:
    """Return the name in a Host header, without its port: `shop.lan:8000` is `shop.lan`, `[::1]:8000` is `[::1]`."""
    name, _, port = host_header.rpartition(":")
    return name if name and port.isdigit() and (not name.count(":") or name.endswith("]")) else host_header
