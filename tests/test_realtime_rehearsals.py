"""A rehearsal over sockets: its host and staff are there, to others it is no show at all."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from realtime import sayings, wire
from shop.models import User
from streams import chat, shows
from streams.models import ChatMessage, StreamSession
from tests.factories import make_session, make_user
from tests.realtime_servers import Client, Server, running, ticket_of

State = StreamSession.State

pytestmark = pytest.mark.keeps_redis


@pytest.fixture(scope="module")
def server(servers: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    with django_db_blocker.unblock(), running("daphne") as (started,):
        yield started


@pytest.fixture
def show(transactional_db: None) -> StreamSession:
    return make_session(f"show-{secrets.token_hex(3)}", state=State.SCHEDULED, has_preview=True)


def path_of(show: StreamSession) -> str:
    return f"/ws/sessions/{show.slug}/"


def test_strangers_find_no_show_and_insiders_do(server: Server, show: StreamSession) -> None:
    shows.rehearse(show)
    for stranger in (None, make_user(), make_user(is_host=True)):
        with Client(server, path_of(show)) as client:
            client.send(type="hello", v=1, **({"ticket": ticket_of(stranger)} if stranger else {}))

            assert client.wait_for("bye")["code"] == "not_found"
            assert client.wait_for_close() == 4004

    for insider in (show.host, make_user(is_staff=True)):
        with Client(server, path_of(show)) as client:
            client.hello(ticket=ticket_of(insider))
            assert client.wait_for("snapshot")["session"]["state"] == "rehearsal"


def test_who_sat_there_before_hears_nothing_until_go_live(server: Server, show: StreamSession) -> None:
    chat.post(show, author=make_user(), text="when does it start?")
    with Client(server, path_of(show)) as viewer, Client(server, path_of(show)) as host:
        viewer.hello()
        assert viewer.wait_for("snapshot")["session"]["state"] == "scheduled"
        host.hello(ticket=ticket_of(show.host))
        shows.rehearse(show)
        host.wait_for_event("session")
        host.send(type="chat", id="m1", text="is this on?")
        host.wait_for_event("chat")
        viewer.send(type="react", emoji="❤️")
        viewer.send(type="ping")
        while (heard := viewer.receive())["type"] != "pong":
            assert [event["type"] for event in heard["events"]] == ["viewers"]
        shows.go_live(show)

        after = viewer.receive()

    assert (after["type"], after["session"]["state"]) == ("snapshot", "live")
    assert [message["text"] for message in after["chat"]] == ["when does it start?"]
    assert [message.text for message in chat.history(show)] == ["when does it start?"]


@pytest.mark.parametrize("who", ["stranger", "host"])
def test_only_insiders_speak_in_a_rehearsal(show: StreamSession, who: str) -> None:
    shows.rehearse(show)
    author: User = show.host if who == "host" else make_user()

    answer = sayings.say(show.slug, author.pk, wire.Chat("m1", "hello"))

    assert answer["type"] == ("ack" if who == "host" else "error")
    assert ChatMessage.objects.exists() == (who == "host")
