"""Where a request came from, as far as it can be believed."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

IPV6_NETWORK_BITS = 64


def client_address(request: HttpRequest) -> str:
    """Return the address of whoever asks, or an empty word."""
    return believed_address(request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", ""))


def believed_address(peer: str, forwarded: str) -> str:
    """Return whose address to believe: that of the connection's peer, or one that X-Forwarded-For names.

    Each of the TRUSTED_PROXIES in front adds the address it saw to the end of X-Forwarded-For; whatever stands before
    those was written by the client and counts for nothing.
    """
    seen = [peer]
    if settings.TRUSTED_PROXIES:
        parts = [part.strip() for part in forwarded.split(",")]
        seen = [part for part in parts if part][-settings.TRUSTED_PROXIES :] or seen
    return seen[0]


def network(request: HttpRequest) -> str:
    """Return what one household has for an address: an IPv4 address, or the first 64 bits of an IPv6 address."""
    return network_of(client_address(request))


def network_of(written: str) -> str:
    """Return the household's address of an address, or "unknown"."""
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False))
