"""Who may look at how the machine does: programs on it, and whoever has METRICS_TOKEN."""

import ipaddress
from hmac import compare_digest

from django.conf import settings


def may_look(*, peer: str, forwarded: str, authorization: str) -> bool:
    """Whether metrics and readiness are for whoever asks.

    A request comes from this machine if its connection does and nobody that it passed says otherwise: behind a proxy
    every connection does, and X-Forwarded-For then names the stranger last, whatever a client wrote before.
    """
    if settings.METRICS_TOKEN and compare_digest(authorization.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return True
    passed = [address.strip() for address in forwarded.split(",") if address.strip()]
    return all(_is_loopback(address) for address in (peer, *passed))


def _is_loopback(written: str) -> bool:
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
