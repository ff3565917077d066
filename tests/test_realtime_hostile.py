"""Sockets that mean harm, under Daphne and under uvicorn: they are refused or cut off, and nobody else notices."""

import json
import secrets
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streams.models import ChatMessage, StreamSession
from tests.support.factories import make_session, make_user
from tests.support.realtime_servers import Client, Server, ticket_of

pytestmark = pytest.mark.keeps_redis


@pytest.fixture
def show(transactional_db: None) -> StreamSession:
    return make_session(f"show-{secrets.token_hex(3)}")


def path_of(show: StreamSession) -> str:
    return f"/ws/sessions/{show.slug}/"


def test_a_foreign_origin_is_refused_at_the_handshake(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Client(server, "/ws/site/", origin="https://evil.example")

    assert refused.value.response.status_code == 403


def test_an_unknown_address_is_refused(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Client(server, "/ws/nothing/")

    assert refused.value.response.status_code == 403


def test_a_frame_that_is_too_big_ends_its_socket_only(server: Server, show: StreamSession) -> None:
    with Client(server, path_of(show)) as big, Client(server, path_of(show)) as other:
        other.hello()
        big.hello()
        big.send(type="chat", id="m1", text="x" * 5000)
        assert big.wait_for("bye")["code"] == "too_long"
        assert big.wait_for_close() == 4009
        other.send(type="ping")
        other.wait_for("pong")


def test_a_megabyte_is_not_taken(server: Server) -> None:
    with Client(server, "/ws/site/") as client:
        client.hello()
        client.socket.send("x" * 1_000_000)

        assert client.wait_for_close() in {1006, 1009, 4009}


def test_a_message_that_does_not_end_is_cut_off(server: Server, show: StreamSession) -> None:
    """What is too big is refused before it is whole: or else everybody could fill the server's memory."""
    with Client(server, path_of(show)) as endless, Client(server, path_of(show)) as other:
        other.hello()
        endless.hello()
        with suppress(ConnectionClosed):
            endless.socket.send("x" * 10_000 for _ in range(1000))
        assert endless.wait_for_close() in {1006, 1009}
        other.send(type="ping")
        other.wait_for("pong")


@pytest.mark.parametrize("text", ['{"type":"ping"}', "{", '{"type":"hello","v":1}', '{"type":"react","emoji":"🔥"}'])
def test_a_thousand_of_any_frame_end_their_socket_only(server: Server, show: StreamSession, text: str) -> None:
    with Client(server, path_of(show)) as flood, Client(server, path_of(show)) as other:
        other.hello()
        flood.hello()
        with suppress(ConnectionClosed):
            for _ in range(1000):
                flood.socket.send(text)
        assert flood.wait_for_close() == 4008
        other.send(type="ping")
        other.wait_for("pong")
        assert sum(event["counts"]["🔥"] for event in other.events("reactions")) <= 40


def test_a_rehearsal_is_a_planned_show_to_strangers(server: Server, transactional_db: None) -> None:
    show = make_session(f"show-{secrets.token_hex(3)}", state=StreamSession.State.REHEARSAL)
    for hello in ({}, {"ticket": ticket_of(make_user())}):
        with Client(server, path_of(show)) as client:
            client.send(type="hello", v=1, **hello)
            assert client.wait_for("snapshot")["session"]["state"] == "scheduled"
            assert "rehears" not in json.dumps(client.frames)


def test_a_thousand_frames_a_second_are_limited(server: Server, show: StreamSession) -> None:
    author = make_user()
    with Client(server, path_of(show)) as flood, Client(server, path_of(show)) as other:
        other.hello()
        flood.hello(ticket=ticket_of(author))
        with suppress(ConnectionClosed):
            for number in range(1000):
                flood.send(type="chat", id=f"m{number}", text="spam")
        assert flood.wait_for_close() == 4008
        other.send(type="ping")
        other.wait_for("pong")

    assert {frame["code"] for frame in flood.frames if frame["type"] == "error"} == {"rate_limited"}
    assert ChatMessage.objects.count() <= 10  # five at once, and one every two seconds
