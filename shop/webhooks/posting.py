"""One HTTP request to an endpoint: to a checked address, once, with an end to its time and its size."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, partial

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from shop.webhooks import addresses
from shop.webhooks.addresses import IpAddress, Target
from shop.webhooks.exceptions import AnsweredNo, NoAnswer

CONNECT_S = 3
ANSWER_S = 5
ALL_S = 8
"""From the connection to the last byte read, however slowly they come."""

READ_MAX = 200
TRIED_MAX = 3


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a body and return the 2xx that answered it. No redirect is followed, no proxy asked.

    The name is resolved once, every address checked, and the connection made to a checked address, so that a name
    server that changes its mind in between leads nowhere. Raises NotDelivered.
    """
    target = addresses.parse(url)
    with _connect(target, addresses.resolve(target)) as connection:
        connection.request("POST", target.path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        text = answer.read(READ_MAX)
    if not 200 <= answer.status < 300:
        raise AnsweredNo(answer.status, " ".join(text.decode(errors="replace").split()))
    return answer.status


@contextmanager
def _connect(target: Target, found: list[IpAddress]) -> Iterator[http.client.HTTPConnection]:
    """Connect to one of the addresses; whatever fails from here on is NoAnswer."""
    plain = _reach(target, found)
    # The same connection under a number of its own, so that it can be cut while TLS holds the first.
    handle = plain.dup()
    alarm = threading.Timer(ALL_S, partial(_cut, handle))
    alarm.daemon = True
    connection = http.client.HTTPConnection(target.host, target.port)
    started = time.monotonic()
    try:
        alarm.start()
        is_tls = target.scheme == "https"
        connection.sock = _trust().wrap_socket(plain, server_hostname=target.host) if is_tls else plain
        connection.sock.settimeout(ANSWER_S)
        connection.default_port = 443 if is_tls else 80  # of the Host header
        yield connection
        if time.monotonic() - started >= ALL_S:
            raise TimeoutError  # what was cut may look like the end of an answer
    except (OSError, http.client.HTTPException) as error:
        is_slow = time.monotonic() - started >= ALL_S
        why = f"not done within {ALL_S} s" if is_slow else f"{type(error).__name__}: {error}"
        raise NoAnswer(why) from error
    finally:
        alarm.cancel()
        connection.close()
        plain.close()
        handle.close()


def _reach(target: Target, found: list[IpAddress]) -> socket.socket:
    for address in found[:TRIED_MAX]:
        with suppress(OSError):
            return socket.create_connection((str(address), target.port), timeout=CONNECT_S)
    raise NoAnswer(f"{target.host}:{target.port} does not answer")


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
