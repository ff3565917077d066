"""Where a request came from, as far as it can be believed."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

IPV6_NETWORK_BITS = 64
DOOR_HEADER = "X-Front-Door"
UNKNOWN = "unknown"


def client_address(request: HttpRequest) -> str:
    """Return the address of whoever asks, or an empty word."""
    return believed_address(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get("X-Forwarded-For", ""),
        door=request.headers.get(DOOR_HEADER, ""),
    )


def believed_address(peer: str, forwarded: str, *, door: str) -> str:
    """Return whose address to believe: that of the connection's peer, or one that X-Forwarded-For names.

    Our front door, known by its mark in the header X-Front-Door, and each of the TRUSTED_PROXIES before it add the
    address that they saw to the end of X-Forwarded-For; whatever stands before those was written by the client and
    counts for nothing.
    """
    hops = settings.TRUSTED_PROXIES + is_door(door)
    seen = [part.strip() for part in forwarded.split(",") if part.strip()][-hops:] if hops else []
    return seen[0] if seen else peer


def is_door(mark: str) -> bool:
    """Whether a request came through our front door. The mark stands before what the browser spoke, http or https."""
    return constant_time_compare(mark.partition(" ")[0], settings.DOOR_MARK)


def network(request: HttpRequest) -> str:
    """Return what one household has for an address: an IPv4 address, or the first 64 bits of an IPv6 address."""
    return network_of(client_address(request))


def network_address(request: HttpRequest) -> str:
    """Return the network as a plain address, for libraries that store one: of an IPv6 network, its first."""
    name = network(request)
    return "::" if name == UNKNOWN else name.partition("/")[0]


def network_of(written: str) -> str:
    """Return the household's network of an address, or `UNKNOWN`. Every count and ban by address goes by this."""
    try:
        address = ipaddress.ip_address(_without_port(written).partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False))


def _without_port(written: str) -> str:
    """Return an address as some proxies forward it, `192.0.2.1:4711` or `[2001:db8::1]:4711`, without its port."""
    if written.startswith("["):
        return written[1:].partition("]")[0]
    return written.partition(":")[0] if written.count(":") == 1 else written
