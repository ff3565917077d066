"""Sockets against real servers: the whole way from a commit to a client, under Daphne and under uvicorn."""

import re
import secrets
import time
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import requests
from django.contrib.sessions.backends.db import SessionStore

from inventory import stock
from orders import access
from orders.checkout import place_order
from orders.models import Order
from shop.models import User
from shop.people import tokens
from streams import pins
from streams.models import ChatMessage, StreamSession
from tests.support.factories import make_product, make_request, make_session, make_user
from tests.support.realtime_servers import Client, Server, eventually, running, ticket_of

KINDS = ("daphne", "uvicorn")

pytestmark = pytest.mark.keeps_redis


@pytest.fixture
def show(transactional_db: None) -> StreamSession:
    """A show with two SKUs of its own: the cache of a Redis that is kept knows those of other tests."""
    slug = f"show-{secrets.token_hex(3)}"
    skus = (f"{slug}-A", f"{slug}-B")
    make_product("Vase", skus=skus, price_minor=4200, stock=7)
    return make_session(slug, skus=skus)


def path_of(show: StreamSession) -> str:
    return f"/ws/sessions/{show.slug}/"


def sku_a(show: StreamSession) -> str:
    return f"{show.slug}-A"


def sku_b(show: StreamSession) -> str:
    return f"{show.slug}-B"


def make_order(*, sku: str, buyer: User | None = None) -> Order:
    return place_order(make_request((sku, 1), buyer=buyer))


def test_http_is_answered_without_pages(server: Server) -> None:
    assert requests.get(f"http://127.0.0.1:{server.port}/shop/", timeout=5).status_code == 404
    assert requests.get(f"http://127.0.0.1:{server.port}/health", timeout=5).json() == {"status": "OK"}


def test_hello_is_answered_by_welcome_and_the_whole_state(server: Server, show: StreamSession) -> None:
    host = show.host
    said = ChatMessage.objects.create(
        session=show, author=host, author_name="North", role="host", text="Hi", at=show.created_at
    )
    with Client(server, path_of(show)) as client:
        welcome = client.hello()
        snapshot = client.wait_for("snapshot")

    assert not welcome["recovered"]
    assert welcome["ping_s"] == 25
    assert snapshot["epoch"] == welcome["epoch"]
    assert snapshot["session"] == {
        "slug": show.slug, "state": "live", "title": show.title, "pinned_sku": None,
        "viewers": 0, "likes": 0, "dislikes": 0, "slow_mode_s": 0, "pinned_message": None,
    }  # fmt: skip
    assert snapshot["run_list"] == [sku_a(show), sku_b(show)]
    assert {
        sku: (item["available"], item["version"], item["price_minor"], item["currency"])
        for sku, item in snapshot["items"].items()
    } == {
        sku_a(show): (7, 1, 4200, "USD"),
        sku_b(show): (7, 1, 4200, "USD"),
    }
    assert [(message["id"], message["author"], message["role"], message["text"]) for message in snapshot["chat"]] == [
        (str(said.pk), "North", "host", "Hi")
    ]


def test_stock_taken_in_the_database_reaches_every_socket(server: Server, show: StreamSession) -> None:
    with Client(server, path_of(show)) as first, Client(server, path_of(show), origin=None) as second:
        for client in (first, second):
            client.hello()
            client.wait_for("snapshot")

        stock.write_off(sku=sku_a(show), warehouse="main", quantity=3, actor="system")

        news = [client.wait_for_event("availability") for client in (first, second)]

    assert [(event["sku"], event["available"], event["version"]) for event in news] == [(sku_a(show), 4, 2)] * 2


def test_chat_reaches_both_and_is_acknowledged_to_its_author(server: Server, show: StreamSession) -> None:
    author = make_user(display_name="Ada")
    with Client(server, path_of(show)) as first, Client(server, path_of(show)) as second:
        first.hello(ticket=ticket_of(author))
        second.hello()
        first.send(type="chat", id="m1", text="size M?")
        ack = first.wait_for("ack")
        messages = [client.wait_for_event("chat") for client in (first, second)]

    stored = ChatMessage.objects.get()
    assert ack == {"type": "ack", "id": "m1", "message": str(stored.pk)}
    assert messages[0] == messages[1]
    assert (messages[0]["id"], messages[0]["author"], messages[0]["text"]) == (str(stored.pk), "Ada", "size M?")


def test_a_stranger_may_read_and_not_speak(server: Server, show: StreamSession) -> None:
    with Client(server, path_of(show)) as client:
        client.hello(ticket="forged:ticket:here")
        client.send(type="chat", id="m1", text="hello")
        error = client.wait_for("error")

    assert error == {"type": "error", "id": "m1", "code": "not_signed_in"}
    assert not ChatMessage.objects.exists()


def test_a_token_and_a_session_cookie_speak_for_their_owner(
    server: Server, show: StreamSession, settings: Any
) -> None:
    token_owner, cookie_owner = make_user(display_name="Token"), make_user(display_name="Cookie")
    token = tokens.issue(token_owner)
    session = SessionStore()
    session["_auth_user_id"] = str(cookie_owner.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = cookie_owner.get_session_auth_hash()
    session.save()
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}
    with (
        Client(server, path_of(show), origin=None) as api,
        Client(server, path_of(show), headers=cookie) as browser,
        Client(server, path_of(show), origin=None, headers=cookie) as no_origin,
    ):
        api.hello(token=token)
        browser.hello()
        no_origin.hello()
        for client in (api, browser, no_origin):
            client.send(type="chat", id="m1", text="hello")
        assert [api.wait_for("ack")["id"], browser.wait_for("ack")["id"]] == ["m1", "m1"]
        assert no_origin.wait_for("error")["code"] == "not_signed_in"

    assert set(ChatMessage.objects.values_list("author_name", flat=True)) == {"Token", "Cookie"}


def test_saying_the_same_long_id_again_posts_once(server: Server, show: StreamSession) -> None:
    with Client(server, path_of(show)) as client:
        client.hello(ticket=ticket_of(make_user()))
        answers = []
        for _ in range(2):
            client.send(type="chat", id="a-long-enough-id", text="once")
            answers.append(client.wait_for("ack"))

    assert answers[0] == answers[1]
    assert ChatMessage.objects.count() == 1


def test_pins_and_states_and_reactions_arrive_folded(server: Server, show: StreamSession) -> None:
    with Client(server, path_of(show)) as client:
        client.hello()
        client.wait_for("snapshot")
        for _ in range(3):
            client.send(type="react", emoji="❤️")
        assert client.wait_for_event("reactions")["counts"] == {"❤️": 3}
        pins.pin(show, sku_b(show), actor="system")
        assert client.wait_for_event("pin") == {"type": "pin", "sku": sku_b(show)}


def test_viewers_are_counted(server: Server, show: StreamSession) -> None:
    with Client(server, path_of(show)) as first, Client(server, path_of(show)) as second:
        first.hello()
        second.hello()

        assert first.wait_for_event("viewers", where=lambda event: event["count"] == 2)


def test_studio_is_no_viewer(server: Server, show: StreamSession) -> None:
    with Client(server, path_of(show)) as studio, Client(server, path_of(show)) as viewer:
        studio.hello(watches=False)
        viewer.hello(watches="no")  # anything but a plain no is a viewer
        assert studio.wait_for_event("viewers")["count"] == 1


def test_what_was_missed_is_replayed_to_a_client_that_comes_back(server: Server, show: StreamSession) -> None:
    with Client(server, path_of(show)) as client:
        client.hello()
        snapshot = client.wait_for("snapshot")
        pins.pin(show, sku_a(show), actor="system")
        pins.pin(show, sku_b(show), actor="system")
        client.wait_for_event("pin", where=lambda event: event["sku"] == sku_b(show))
        last = client.frames[-1]["to"]
    with Client(server, path_of(show)) as client:
        welcome = client.hello(since={"epoch": snapshot["epoch"], "seq": snapshot["seq"]})
        batch = client.receive()

    assert welcome["recovered"]
    assert (batch["type"], batch["from"]) == ("batch", snapshot["seq"] + 1)
    assert batch["to"] >= last
    assert [event["sku"] for event in batch["events"] if event["type"] == "pin"] == [sku_b(show)]


def test_an_older_epoch_gets_a_snapshot(server: Server, show: StreamSession) -> None:
    with Client(server, path_of(show)) as client:
        assert not client.hello(since={"epoch": "of-another-redis", "seq": 3})["recovered"]
        client.wait_for("snapshot")


def test_each_server_is_written_to_directly(server: Server, show: StreamSession) -> None:
    """Fails when a server's inside changes, so that realtime/writers.py no longer knows it."""
    with Client(server, path_of(show)) as client:
        client.hello()
        metrics = requests.get(f"http://127.0.0.1:{server.port}/metrics", timeout=5).text

    writers = re.findall(r'^showfloor_realtime_sockets\{writer="(\w+)"\} ([1-9]\S*)$', metrics, re.MULTILINE)
    assert [kind for kind, _ in writers] == [server.kind]


def test_ping_is_answered(server: Server) -> None:
    with Client(server, "/ws/site/") as client:
        client.send(type="ping")

        assert client.wait_for("pong")["now"].endswith("Z")


def test_what_is_not_of_the_protocol_is_a_bad_message(server: Server) -> None:
    texts = ["no json", "[]", '{"type":"hello","v":2}', '{"type":"react","emoji":"x"}', '{"type":"chat","id":7}']
    with Client(server, "/ws/site/") as client:
        for text in texts:
            client.socket.send(text)
            assert client.wait_for("error") == {"type": "error", "code": "bad_message"}


def test_an_unknown_show_is_said_to_be_none(server: Server) -> None:
    with Client(server, "/ws/sessions/there-is-none/") as client:
        client.send(type="hello", v=1)

        assert client.wait_for("bye")["code"] == "not_found"
        assert client.wait_for_close() == 4004


def test_an_order_is_told_to_its_buyer_alone_on_any_page(server: Server, show: StreamSession) -> None:
    buyer, stranger = make_user(), make_user()
    with (
        Client(server, "/ws/site/") as site,
        Client(server, path_of(show)) as watching,
        Client(server, "/ws/site/") as other,
    ):
        site.hello(ticket=ticket_of(buyer))
        watching.hello(ticket=ticket_of(buyer))
        other.hello(ticket=ticket_of(stranger))
        other.wait_for("snapshot")
        order = make_order(buyer=buyer, sku=sku_a(show))
        frames = [client.wait_for("order") for client in (site, watching)]
        other.send(type="ping")
        other.wait_for("pong")

    assert [(frame["id"], frame["state"]) for frame in frames] == [(str(order.pk), "created")] * 2
    assert not [frame for frame in other.frames if frame["type"] == "order"]
    with Client(server, "/ws/site/") as later:
        later.hello(ticket=ticket_of(buyer))
        assert later.wait_for("order")["id"] == str(order.pk)


def test_a_guest_is_told_of_the_order_whose_word_they_have(server: Server, show: StreamSession) -> None:

    order = make_order(sku=sku_a(show))
    with Client(server, "/ws/site/") as client, Client(server, "/ws/site/") as liar:
        client.hello(orders={str(order.pk): access.token(order)})
        liar.hello(orders={str(order.pk): "a guess"})
        assert client.wait_for("order")["id"] == str(order.pk)
        liar.send(type="ping")
        liar.wait_for("pong")

    assert not [frame for frame in liar.frames if frame["type"] == "order"]
    assert Order.objects.get().pk == order.pk


@pytest.mark.slow
def test_twelve_idle_seconds_change_nothing(servers_by_kind: dict[str, Server], show: StreamSession) -> None:
    """A client's default timeout of five seconds once ended idle subscriptions and the channel layer's reads."""
    buyer = make_user()
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(server, path_of(show))) for server in servers_by_kind.values()]
        for client in clients:
            client.hello(ticket=ticket_of(buyer))
            client.wait_for("snapshot")
        idle_until = time.monotonic() + 12
        with suppress(TimeoutError):
            while True:
                clients[0].receive(within_s=idle_until - time.monotonic())
        order = make_order(buyer=buyer, sku=sku_a(show))

        for client in clients:
            assert client.wait_for("order")["id"] == str(order.pk)
            assert client.wait_for_event("availability")["available"] == 6


def test_a_server_that_stops_says_bye_first(show: StreamSession) -> None:
    with running(*KINDS) as servers, ExitStack() as stack:
        clients = [stack.enter_context(Client(server, path_of(show))) for server in servers]
        for server, client in zip(servers, clients, strict=True):
            client.hello()
            server.terminate()
            assert client.wait_for("bye") == {"type": "bye", "code": "restart", "retry_ms": [500, 8000]}
            assert client.wait_for_close() in {1000, 1006, 1012, 4012}
        eventually(lambda: all(server.process.poll() is not None for server in servers))
