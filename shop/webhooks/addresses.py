"""Where webhooks may go: to public addresses by HTTPS, and to the private networks that the operator named."""

import ipaddress
import socket
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from shop.webhooks.exceptions import AddressRefused, NoAnswer

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# All of IPv6 that is given out to the public: site-local, NAT64 and whatever else is named later lie outside.
PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
# Within it: 6to4 and Teredo, which hold an IPv4 address that may be private, and what is for books only.
NOT_PUBLIC_V6 = [ipaddress.IPv6Network(text) for text in ("2002::/16", "2001::/32", "3fff::/20")]

LOOKUP_S = 5
"""How long a name server may take; the system's own end to it can be a minute away."""


@dataclass(frozen=True)
class Target:
    """An endpoint's address in parts; `path` with its query, `host` as it stands in a certificate."""

    scheme: str
    host: str
    port: int
    path: str


def parse(url: str) -> Target:
    """Take an address apart. Raises AddressRefused for what no endpoint may have, without asking any name server."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError as error:
        raise AddressRefused(_("This is not an address.")) from error
    if parts.scheme not in {"https", "http"} or not host:
        raise AddressRefused(_("An address begins with https:// and names a host."))
    if parts.username or parts.password or parts.fragment:
        raise AddressRefused(_("An address has no user, password or fragment."))
    path = parts.path or "/"
    if not all("!" <= letter <= "~" for letter in path + parts.query):
        raise AddressRefused(_("Letters other than ASCII and spaces must be percent-encoded."))
    target = Target(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path)
    try:
        _check(target, ipaddress.ip_address(host))
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            _check(target, ipaddress.IPv4Address("127.0.0.1"))
    return target


def resolve(target: Target) -> list[IpAddress]:
    """Return the addresses to connect to, each of them checked; connect to these and ask no name server again.

    Raises AddressRefused if one of them is private: a name with two faces is not to be trusted. Raises NoAnswer.
    """
    try:
        found = _look_up(target)
    except OSError as error:
        raise NoAnswer(_("%(host)s is not known.") % {"host": target.host}) from error
    addresses = list(dict.fromkeys(ipaddress.ip_address(text.partition("%")[0]) for text in found))
    for address in addresses:
        _check(target, address)
    return addresses


def _look_up(target: Target) -> list[str]:
    """Ask the name servers, in a thread, for the call has no end of its own. Raises OSError or TimeoutError."""
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            answer.set_result([str(entry[4][0]) for entry in found])
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    return answer.result(LOOKUP_S)


def _check(target: Target, address: IpAddress) -> None:
    """Refuse what is not public, and plain HTTP, unless the operator named the network."""
    plain = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    judged: IpAddress = plain or address
    if any(judged in network for network in settings.WEBHOOK_PRIVATE_NETWORKS):
        return
    is_public = judged.is_global and not judged.is_multicast and not judged.is_reserved
    if isinstance(judged, ipaddress.IPv6Address):
        is_public = is_public and judged in PUBLIC_V6 and not any(judged in network for network in NOT_PUBLIC_V6)
    if not is_public:
        raise AddressRefused(_("%(address)s is not a public address.") % {"address": address})
    if target.scheme != "https":
        raise AddressRefused(_("Over the internet webhooks go by https:// only."))
