"""Who is at a socket, which pages may open one, and what frames look like."""

import json
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.template.loader import render_to_string
from django.test import RequestFactory

from orders import access, lifecycle
from orders.checkout import place_order
from realtime import context, identity, user_messages, wire
from realtime.identity import STRANGER, Person
from shop.http import origins
from tests.support.factories import make_product, make_request, make_user


@pytest.fixture
def vase(transactional_db: None) -> None:
    make_product("Vase", skus=("VASE-1",), price_minor=4200, stock=7)


def test_a_ticket_names_its_person_for_twelve_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(user_id=7, orders=("a", "b"))
    ticket = identity.issue(person)

    assert identity.find_person(ticket) == person
    assert identity.find_person(ticket[:-1] + ("A" if ticket[-1] != "A" else "B")) is None
    assert identity.find_person(signing.dumps({"u": 7, "o": []}, salt="another purpose")) is None
    too_late = time.time() + identity.MAX_AGE_S + 2
    monkeypatch.setattr(time, "time", lambda: too_late)
    assert identity.find_person(ticket) is None


def test_a_page_of_a_stranger_has_no_ticket_and_asks_no_database(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user, request.session = AnonymousUser(), SessionStore()  # type: ignore[assignment]
    meta = render_to_string("realtime/_socket.html", context.socket(request))

    assert 'data-ticket=""' in meta
    assert context.person_of(request) == STRANGER


def test_a_page_of_a_guest_names_the_orders_of_their_browser(rf: RequestFactory, vase: None) -> None:
    order = place_order(make_request(("VASE-1", 1)))
    request = rf.get("/")
    request.user, request.session = AnonymousUser(), SessionStore()  # type: ignore[assignment]
    access.remember(request.session, order)

    assert context.person_of(request).mailboxes == (f"order-{order.pk}",)


def test_only_the_right_word_opens_a_guests_order(vase: None) -> None:
    order = place_order(make_request(("VASE-1", 1)))
    words = {str(order.pk): access.token(order), str(uuid.uuid4()): access.token(order), "no uuid": "x"}

    assert list(identity.opened_orders(words)) == [str(order.pk)]


def test_an_order_waits_in_the_mailbox_as_it_last_was(vase: None) -> None:
    buyer = make_user()
    order = place_order(make_request(("VASE-1", 1), buyer=buyer))
    lifecycle.cancel(order.pk, actor="system")

    (frame,) = map(json.loads, user_messages.kept([f"user-{buyer.pk}"]))

    order.refresh_from_db()
    assert frame == {
        "type": "order",
        "id": str(order.pk),
        "state": "cancelled",
        "expires_at": wire.timestamp(order.expires_at),
    }
    assert timedelta(0) < order.expires_at - order.created_at


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [
        ("http://127.0.0.1:{port}", True),
        ("http://localhost:{port}", True),
        ("http://[::1]:{port}", True),
        ("http://127.0.0.1:1", False),
        ("http://localhost", False),
        ("https://evil.example", False),
        ("http://evil.example:{port}", False),
        ("http://127.0.0.1.evil.example:{port}", False),
        ("file://127.0.0.1:{port}", False),
        ("null", False),
        ("http://127.0.0.1:{port}x", False),
    ],
)
def test_origins(settings: Any, origin: str, is_ours: bool) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

    assert origins.is_ours(origin.format(port=settings.PORT), host="127.0.0.1:8001") is is_ours


def test_where_any_host_is_allowed_the_page_must_be_of_the_sockets_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    assert origins.is_ours(f"http://shop.lan:{settings.PORT}", host="shop.lan:8001")
    assert not origins.is_ours(f"http://evil.example:{settings.PORT}", host="shop.lan:8001")
    assert origins.is_ours(f"http://[::1]:{settings.PORT}", host="[::1]:8001")
    assert not origins.is_ours(f"http://shop.lan:{settings.PORT}", host="[")


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('{"type":"hello","v":1}', wire.Hello()),
        ('{"type":"hello","v":1,"since":{"epoch":"k3","seq":9}}', wire.Hello(since=wire.Since("k3", 9))),
        ('{"type":"hello","v":1,"since":"x","ticket":5,"orders":[]}', wire.Hello()),
        ('{"type":"chat","id":"m1","text":"hi"}', wire.Chat("m1", "hi")),
        ('{"type":"react","emoji":"❤️"}', wire.React("❤️")),
        ('{"type":"ping","more":1}', wire.Ping()),
    ],
)
def test_frames_are_read(text: str, frame: object) -> None:
    assert wire.decode(text) == frame


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_a_prebuilt_frame_has_the_header_of_its_length(size: int) -> None:
    text = b"x" * size

    framed = wire.framed(text).framed

    header = {True: 2, 126 <= size < 65536: 4, size >= 65536: 10}[True]
    assert framed[0] == 0x81
    assert framed[header:] == text
    assert int.from_bytes(framed[2:header], "big") == (size if header > 2 else 0)
