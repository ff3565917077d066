"""Where a request came from, as far as it can be believed."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

IPV6_NETWORK_BITS = 64


def client_address(request: HttpRequest) -> str:
    """Return the address of whoever asks, or an empty word.

    Each of the TRUSTED_PROXIES in front adds the address it saw to the end of X-Forwarded-For; whatever stands before
    those was written by the client and counts for nothing.
    """
    seen = [request.META.get("REMOTE_ADDR", "")]
    if settings.TRUSTED_PROXIES:
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        seen = [part for part in forwarded if part][-settings.TRUSTED_PROXIES :] or seen
    return seen[0]


def network(request: HttpRequest) -> str:
    """Return what one household has for an address: an IPv4 address, or the first 64 bits of an IPv6 address."""
    try:
        address = ipaddress.ip_address(client_address(request))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False))
