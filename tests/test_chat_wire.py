"""Chat over a real socket: what a moderated message is answered, and how fast reactions count."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from streams.chat import pinned, review, silences
from streams.models import ChatMessage, StreamSession
from tests.support.factories import make_session, make_user
from tests.support.realtime_servers import Client, Server, running, ticket_of

pytestmark = pytest.mark.keeps_redis


@pytest.fixture(scope="module")
def server(servers: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    with django_db_blocker.unblock(), running("daphne") as [started]:
        yield started


@pytest.fixture
def show(transactional_db: None) -> StreamSession:
    return make_session(f"show-{secrets.token_hex(3)}", blocked_words="spam", links="refused")


def test_a_message_that_waits_comes_under_its_id_once_approved_and_silences_are_named(
    server: Server, show: StreamSession
) -> None:
    ana = make_user(display_name="Ana")
    path = f"/ws/sessions/{show.slug}/"
    with Client(server, path) as hers, Client(server, path) as another:
        hers.hello(ticket=ticket_of(ana))
        another.hello()
        another.wait_for("snapshot")

        def say(id: str, text: str) -> dict[str, Any]:
            hers.send(type="chat", id=id, text=text)
            return hers.wait_for("error", where=lambda frame: frame.get("id") == id)

        waits = say("unique-id-1", "spam")
        again = say("unique-id-1", "spam")
        held = ChatMessage.objects.get()
        assert waits == again == {
            "type": "error", "id": "unique-id-1", "code": "held_for_review", "message": str(held.pk),
        }  # fmt: skip
        assert say("m2", "see www.kiln.example") == {
            "type": "error", "id": "m2", "code": "bad_message", "reason": "no_links",
        }  # fmt: skip
        review.approve(held, actor="user:x")
        shown = another.wait_for_event("chat")
        assert (shown["id"], shown["text"]) == (str(held.pk), "spam")

        pinned.pin(show, held, actor="user:x")
        assert another.wait_for_event("message_pin")["message"] == {
            name: value for name, value in shown.items() if name != "type"
        }
        silences.time_out(show, ana, 60, actor="user:x")
        muted = say("m3", "hello")
        silences.ban(show, ana, actor="user:x")
        assert (muted["code"], 0 < muted["retry_ms"] <= 60_000) == ("muted", True)
        assert say("m4", "hello") == {"type": "error", "id": "m4", "code": "banned"}
    assert ChatMessage.objects.count() == 1


def test_no_sockets_reactions_count_without_end(server: Server, show: StreamSession) -> None:
    with Client(server, f"/ws/sessions/{show.slug}/") as client:
        client.hello()
        client.wait_for("snapshot")
        for _ in range(12):
            client.send(type="react", emoji="🔥")
        refused = client.wait_for("error")
        counted = client.wait_for_event("reactions")["counts"]["🔥"]

    assert refused["code"] == "rate_limited"
    assert 0 < refused["retry_ms"] <= 250
    assert 1 <= counted <= 9
