"""Where a host's encoder sends to."""

from dataclasses import dataclass

from django.conf import settings

from streams.models import StreamSession


@dataclass(frozen=True)
class Addresses:
    """`server` and the key are what OBS asks for, apart; `rtmp_url` is both, for encoders that take one address.

    `srt_url` is None: this server takes no SRT yet.
    """

    server: str
    rtmp_url: str
    srt_url: str | None = None


def of_session(session: StreamSession, *, host: str) -> Addresses:
    """Return the addresses of a show. `host` is the machine's name as the asking browser knows it, without a port.

    Holds the stream key: only for the show's host.
    """
    server = f"rtmp://{host}:{settings.RTMP_PORT}/live"
    return Addresses(server=server, rtmp_url=f"{server}/{session.stream_key}")


def hostname(host_header: str) -> str:
    """Return the name in a Host header, without its port: `shop.lan:8000` is `shop.lan`, `[::1]:8000` is `[::1]`."""
    name, _, port = host_header.rpartition(":")
    return name if name and port.isdigit() and (not name.count(":") or name.endswith("]")) else host_header
