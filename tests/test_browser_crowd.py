"""A crowd that says nothing, or one byte, before a whole Showfloor: orders, chat and video go on."""

import socket
import uuid
from contextlib import ExitStack, closing
from urllib.parse import urljoin

import m3u8
import orjson
import pytest
import requests
from websockets.sync.client import connect

from config.launcher.preparations import DEMO_LIVE
from tests.support.showfloor import Showfloor

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

CROWD = 1000
SLOW_BODY = (
    b"POST /api/v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 500\r\n\r\n{"
)
ADDRESS = {"name": "A", "line1": "4 Example Lane", "city": "Delhi", "postal_code": "110001", "country": "IN"}


@pytest.mark.parametrize("networks", [1, 50])
def test_orders_chat_and_video_go_on_before_a_silent_crowd(demo_site: Showfloor, networks: int) -> None:
    with ExitStack() as crowd:
        for beginning in (b"", SLOW_BODY):
            for number in range(CROWD):
                where = ("127.0.0.1", demo_site.ports["PORT"])
                source = (f"127.0.0.{2 + number % networks}", 0)
                client = crowd.enter_context(closing(socket.create_connection(where, 30, source_address=source)))
                client.sendall(beginning)

        assert order(demo_site) == 201
        assert say(demo_site, f"still here {networks}")["type"] == "ack"
        assert watch(demo_site) > 10_000
        assert {requests.get(f"{demo_site.url}/shop/", timeout=30).status_code for _ in range(5)} == {200}


def order(site: Showfloor) -> int:
    products = requests.get(f"{site.url}/api/v1/products?in_stock=1", timeout=30).json()["results"]
    whole = requests.get(f"{site.url}/api/v1/products/{products[0]['slug']}", timeout=30).json()
    sku = next(variant["sku"] for variant in whole["variants"] if variant["available"])
    body = {"lines": [{"sku": sku, "quantity": 1}], "email": "crowd@example.com", "address": ADDRESS}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    return requests.post(f"{site.url}/api/v1/orders", json=body, headers=key, timeout=30).status_code


def say(site: Showfloor, text: str) -> dict[str, object]:
    """Speak in the show, signed in; return what came of it."""
    who = {"email": "shopper2@example.com", "password": "showfloor"}
    token = requests.post(f"{site.url}/api/v1/tokens", json=who, timeout=30).json()["token"]
    with connect(f"{site.websocket_url}/ws/sessions/{DEMO_LIVE}/", open_timeout=30) as show:
        show.send(orjson.dumps({"type": "hello", "v": 1, "token": token}).decode())
        show.send(orjson.dumps({"type": "chat", "id": "m1", "text": text}).decode())
        while (frame := orjson.loads(show.recv(timeout=30))).get("id") != "m1":
            pass
        return dict(frame)


def watch(site: Showfloor) -> int:
    """Fetch the newest segment of the live show; return its size."""
    show = requests.get(f"{site.url}/api/v1/sessions/{DEMO_LIVE}", timeout=30).json()
    address = urljoin(site.url, show["playlist_url"])
    for _ in range(2):
        playlist = m3u8.loads(requests.get(address, timeout=30).text)
        address = urljoin(address, playlist.playlists[0].uri if playlist.playlists else playlist.segments[-1].uri)
    return len(requests.get(address, timeout=30).content)
