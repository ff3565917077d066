"""Where a request comes from, with and without proxies in front."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from axes.helpers import get_client_ip_address
from django.test import RequestFactory
from pytest_django import Settings
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol

from shop.http.network import client_address, network, network_address
from shop.people.accounts import Adapter
from streams.ingest.camera.server import Connection
from streams.ingest.connection_limits import ConnectionLimits
from streams.media.listeners import Listeners


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "203.0.113.9"),
        (0, "198.51.100.1", "203.0.113.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "10.0.0.1", "10.0.0.1"),
        (1, "", "203.0.113.9"),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(
    settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9", headers={"X-Forwarded-For": forwarded})

    assert client_address(request) == address


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_a_household_is_one_network(address: str, same: str) -> None:
    assert network(RequestFactory().get("/", REMOTE_ADDR=address)) == same


@pytest.mark.parametrize(
    ("address", "plain"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), ("", "::")],
)
def test_libraries_are_given_an_address_for_a_network(address: str, plain: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address)

    assert network_address(request) == plain
    assert Adapter(request).get_client_ip(request) == plain
    assert get_client_ip_address(request) == plain


class Line(asyncio.Transport):
    """A connection that came from an address which this machine does not have."""

    def __init__(self, peer: str) -> None:
        super().__init__({"peername": (peer, 4711, 0, 0)})

    def write(self, data: bytes) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def is_closing(self) -> bool:
        return self.is_refused

    def abort(self) -> None:
        self.is_refused = True

    close = abort
    is_refused = False


HOUSEHOLD = [f"2001:db8::{number}" for number in range(1, 18)]
NEIGHBOUR = "2001:db8:0:1::1"


async def test_the_rtmp_door_counts_the_addresses_of_a_household_as_one() -> None:
    server = Listeners(None)._rtmp  # type: ignore[arg-type]
    tasks, lines = [], []
    for peer in [*HOUSEHOLD, NEIGHBOUR]:
        reader, line = asyncio.StreamReader(), Line(peer)
        writer = asyncio.StreamWriter(line, asyncio.StreamReaderProtocol(reader), reader, asyncio.get_running_loop())
        tasks.append(asyncio.create_task(server._serve(reader, writer)))
        lines.append(line)
    await asyncio.sleep(0)

    assert [line.is_refused for line in lines] == [False] * 16 + [True, False]
    await server.close()
    await asyncio.gather(*tasks)


async def test_the_cameras_door_counts_the_addresses_of_a_household_as_one() -> None:
    turnstile = ConnectionLimits(waiting_most=16, waiting_all=64)
    server: Any = SimpleNamespace(handler=lambda socket: asyncio.sleep(0), handler_tasks=set())
    is_let_in = []
    for peer in [*HOUSEHOLD, NEIGHBOUR]:
        connection = Connection(turnstile, ServerProtocol(), server)
        connection.connection_made(Line(peer))
        is_let_in.append(connection.enter(Request("/camera/", Headers())))

    assert is_let_in == [True] * 16 + [False, True]
