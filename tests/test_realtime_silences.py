"""What a moderator decides about who is here: they hear it at once, and the reactions of the banned count no more."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser

from shop.models import User
from streams.chat import moderators, silences
from streams.models import StreamSession
from tests.support.factories import make_session, make_user
from tests.support.realtime_servers import Client, Server, Stream, our_origin, running, ticket_of

ACTOR = "user:x"

pytestmark = pytest.mark.keeps_redis


@pytest.fixture(scope="module")
def server(servers: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    with django_db_blocker.unblock(), running("daphne") as (started,):
        yield started


@pytest.fixture
def show(transactional_db: None) -> StreamSession:
    return make_session(f"show-{secrets.token_hex(3)}")


@pytest.fixture
def ana(transactional_db: None) -> User:
    return make_user(display_name="Ana")


def path_of(show: StreamSession) -> str:
    return f"/ws/sessions/{show.slug}/"


def cookie_of(user: User) -> str:
    browser = Browser()
    browser.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={browser.session.session_key}"


def heard_errors(client: Client) -> list[dict[str, Any]]:
    """Return the errors that came, once all that was sent before now has come."""
    client.send(type="ping")
    client.wait_for("pong")
    return [frame for frame in client.frames if frame["type"] == "error"]


def test_who_is_silenced_hears_it_at_once_where_it_counts_and_nowhere_else(
    server: Server, show: StreamSession, ana: User
) -> None:
    elsewhere, of_host = make_session(), make_session(host=show.host)
    stream_path = f"/sse/sessions/{show.slug}/"
    with (
        Client(server, path_of(show)) as here,
        Client(server, path_of(of_host)) as other_of_host,
        Client(server, path_of(elsewhere)) as other_show,
        Client(server, "/ws/site/") as site,
        Client(server, path_of(show)) as neighbour,
        Stream(server, stream_path, Cookie=cookie_of(ana), Origin=our_origin()) as stream,
    ):
        for client in (here, other_of_host, other_show, site):
            client.hello(ticket=ticket_of(ana))
        neighbour.hello(ticket=ticket_of(make_user()))
        stream.wait_for("snapshot")

        silences.time_out(show, ana, 600, actor=ACTOR)

        for told in (here, other_of_host, stream):
            error = told.wait_for("error")
            assert (error["code"], set(error)) == ("muted", {"type", "code", "retry_ms"})
            assert 590_000 < error["retry_ms"] <= 600_000
        silences.ban(show, ana, actor=ACTOR)
        for told in (here, other_of_host, stream):
            assert told.wait_for("error") == {"type": "error", "code": "banned"}
        silences.lift(show, ana, actor=ACTOR)
        for untold in (other_show, site, neighbour):
            assert heard_errors(untold) == []
        assert len(heard_errors(here)) == 2
        here.send(type="chat", id="m1", text="sorry")
        here.wait_for("ack")


def test_reactions_of_the_banned_do_not_count_and_of_the_timed_out_do(
    server: Server, show: StreamSession, ana: User
) -> None:
    with Client(server, path_of(show)) as hers, Client(server, path_of(show)) as another:
        hers.hello(ticket=ticket_of(ana))
        another.hello()

        def reacts(client: Client, emoji: str) -> None:
            client.send(type="react", emoji=emoji)

        reacts(hers, "❤️")
        another.wait_for_event("reactions", where=lambda event: event["counts"] == {"❤️": 1})
        silences.time_out(show, ana, 600, actor=ACTOR)
        hers.wait_for("error")
        reacts(hers, "🔥")
        another.wait_for_event("reactions", where=lambda event: event["counts"] == {"🔥": 1})

        silences.ban(show, ana, actor=ACTOR)
        hers.wait_for("error", where=lambda frame: frame["code"] == "banned")
        reacts(hers, "👍")
        assert hers.wait_for("error") == {"type": "error", "code": "banned"}
        reacts(another, "🎉")
        another.wait_for_event("reactions", where=lambda event: "🎉" in event["counts"])
        assert not [event for event in another.events("reactions") if "👍" in event["counts"]]

        silences.lift(show, ana, actor=ACTOR)
        while not [event for event in another.events("reactions") if "😂" in event["counts"]]:
            reacts(hers, "😂")
            another.receive()


def test_whom_the_host_trusts_is_told_nothing(server: Server, show: StreamSession, ana: User) -> None:
    silences.time_out(show, ana, 60, actor=ACTOR)
    moderators.name(show, ana.email, actor=ACTOR)
    with Client(server, path_of(show)) as hers:
        hers.hello(ticket=ticket_of(ana))
        silences.lift(show, ana, actor=ACTOR)

        assert heard_errors(hers) == []
