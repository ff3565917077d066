"""A rehearsal over sockets: its host, moderators and staff are there, to others the show is still planned."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from realtime import chat, wire
from shop.models import User
from streams import shows
from streams.chat import messages, pinned
from streams.models import ChatMessage, Moderator, StreamSession
from tests.support.factories import make_session, make_user
from tests.support.realtime_servers import Client, Server, running, ticket_of

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


def test_strangers_see_a_planned_show_and_insiders_a_rehearsal(server: Server, show: StreamSession) -> None:
    moderator = make_user()
    Moderator.objects.create(session=show, user=moderator)
    shows.rehearse(show)
    for stranger in (None, make_user(), make_user(is_host=True)):
        with Client(server, path_of(show)) as client:
            client.hello(**({"ticket": ticket_of(stranger)} if stranger else {}))
            assert client.wait_for("snapshot")["session"]["state"] == "scheduled"

    for insider in (show.host, moderator, make_user(is_staff=True)):
        with Client(server, path_of(show)) as client:
            client.hello(ticket=ticket_of(insider))
            assert client.wait_for("snapshot")["session"]["state"] == "rehearsal"


def test_who_waits_hears_viewers_and_nothing_of_the_rehearsal(server: Server, show: StreamSession) -> None:
    messages.post(show, author=make_user(), text="when does it start?")
    with Client(server, path_of(show)) as viewer, Client(server, path_of(show)) as host:
        fan = make_user()
        viewer.hello(ticket=ticket_of(fan))
        viewer.wait_for("snapshot")
        host.hello(ticket=ticket_of(show.host))
        shows.rehearse(show)
        host.wait_for_event("session")
        host.send(type="chat", id="m1", text="is this on?")
        said = host.wait_for_event("chat")
        pinned.pin(show, ChatMessage.objects.get(pk=said["id"]), actor="test")
        host.wait_for_event("message_pin")
        viewer.send(type="chat", id="m2", text="I can't wait")
        assert viewer.wait_for_event("chat")["text"] == "I can't wait"
        with Client(server, path_of(show)) as newcomer:
            newcomer.hello()
            fresh = newcomer.wait_for("snapshot")
            assert (fresh["session"]["state"], fresh["session"]["pinned_message"]) == ("scheduled", None)
            assert [one["text"] for one in fresh["chat"]] == ["when does it start?", "I can't wait"]
            newcomer.send(type="hello", v=1, since={"epoch": fresh["epoch"], "seq": fresh["seq"] - 2})
            newcomer.wait_for("welcome")
        shows.go_live(show)
        viewer.wait_for_event("session", where=lambda event: event["state"] == "live")

        heard = json.dumps(viewer.frames)
        assert "rehears" not in heard
        assert "is this on?" not in heard
        assert "rehears" not in json.dumps(newcomer.frames)
    assert [message.text for message in messages.history(show)] == ["when does it start?", "I can't wait"]


@pytest.mark.parametrize("who", ["stranger", "host"])
def test_both_speak_in_a_rehearsal(show: StreamSession, who: str) -> None:
    shows.rehearse(show)
    author: User = show.host if who == "host" else make_user()

    assert chat.say(show.slug, author.pk, wire.Chat("m1", "hello"))["type"] == "ack"
    shows.go_live(show)
    assert [message.text for message in messages.history(show)] == (["hello"] if who == "stranger" else [])
