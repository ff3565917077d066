"""Who signs out, is banned, or whose cookie is too old: what becomes of their sockets."""

import secrets
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client as Browser
from django.utils import timezone

from realtime import identity
from realtime.identity import Person
from shop.models import User
from shop.people import erasure, tokens
from streams.chat import silences
from streams.models import ChatMessage, StreamSession
from tests.support.factories import make_session, make_user
from tests.support.realtime_servers import Client, Server, Stream, our_origin, ticket_of

pytestmark = pytest.mark.keeps_redis


@pytest.fixture
def show(transactional_db: None) -> StreamSession:
    return make_session(f"show-{secrets.token_hex(3)}")


def path_of(show: StreamSession) -> str:
    return f"/ws/sessions/{show.slug}/"


def signed_in(user: User) -> tuple[Browser, str, str]:
    """Return a browser in which somebody is signed in, the ticket of its pages, and its cookie."""
    browser = Browser()
    browser.force_login(user)
    key = browser.session.session_key
    ticket = identity.issue(Person(user_id=user.pk, sign_in=identity.mark_of(key)))
    return browser, ticket, f"{settings.SESSION_COOKIE_NAME}={key}"


def may_speak(client: Client) -> bool:
    client.send(type="chat", id=secrets.token_hex(6), text="hello")
    while (answer := client.receive())["type"] not in {"ack", "error"}:
        pass
    assert answer["type"] == "ack" or answer["code"] == "not_signed_in"
    return bool(answer["type"] == "ack")


def test_signing_out_closes_the_sockets_of_that_browser_and_voids_its_tickets(
    server: Server, show: StreamSession
) -> None:
    user, other = make_user(), make_user()
    browser, ticket, cookie = signed_in(user)
    _, ticket_elsewhere, _ = signed_in(user)
    with (
        Client(server, path_of(show)) as page,
        Client(server, path_of(show)) as elsewhere,
        Client(server, path_of(show)) as neighbour,
        Stream(server, "/sse/site/", Cookie=cookie, Origin=our_origin()) as stream,
    ):
        page.hello(ticket=ticket)
        elsewhere.hello(ticket=ticket_elsewhere)
        neighbour.hello(ticket=ticket_of(other))
        stream.wait_for("snapshot")

        browser.post("/accounts/logout/")

        for gone in (page, stream):
            assert gone.wait_for("bye") == {"type": "bye", "code": "signed_out", "retry_ms": [500, 8000]}
        assert page.wait_for_close() == 4008
        stream.wait_for_end()
        assert may_speak(elsewhere)
        assert may_speak(neighbour)

    with Client(server, path_of(show)) as again:
        again.hello(ticket=ticket)
        assert not may_speak(again)
    with Client(server, path_of(show), headers={"Cookie": cookie}) as again:
        again.hello(ticket=ticket)
        assert not may_speak(again)


def test_a_new_password_and_a_closed_account_void_every_ticket_so_far(server: Server, show: StreamSession) -> None:
    user = make_user()
    _, ticket, _ = signed_in(user)
    with Client(server, path_of(show)) as page:
        page.hello(ticket=ticket)
        assert may_speak(page)
        user.set_password("another one")
        user.save()
        assert page.wait_for("bye")["code"] == "signed_out"
    _, later_ticket, _ = signed_in(user)
    with Client(server, path_of(show)) as old, Client(server, path_of(show)) as page:
        old.hello(ticket=ticket)
        assert not may_speak(old)
        page.hello(ticket=later_ticket)
        assert may_speak(page)
        user.is_active = False
        user.save(update_fields=["is_active"])
        assert page.wait_for("bye")["code"] == "signed_out"

    assert ChatMessage.objects.count() == 2


def deactivate_in_admin(user: User) -> None:
    staff = Browser()
    staff.force_login(make_user(is_staff=True, is_superuser=True))
    times = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    fields = {"email": user.email, "display_name": "", "is_host": "", **times}
    assert staff.post(f"/admin/shop/user/{user.pk}/change/", fields).status_code == 302
    user.refresh_from_db()
    assert not user.is_active


def erase(user: User) -> None:
    erasure.erase(user.email, actor="system")


def delete(user: User) -> None:
    user.delete()


@pytest.mark.parametrize("close", [deactivate_in_admin, erase, delete])
def test_who_is_closed_erased_or_deleted_leaves_sockets_and_streams(
    server: Server, show: StreamSession, close: Callable[[User], None]
) -> None:
    user = make_user()
    _, ticket, cookie = signed_in(user)
    with (
        Client(server, path_of(show)) as page,
        Client(server, path_of(show)) as neighbour,
        Stream(server, "/sse/site/", Cookie=cookie, Origin=our_origin()) as stream,
    ):
        page.hello(ticket=ticket)
        neighbour.hello(ticket=ticket_of(make_user()))
        stream.wait_for("snapshot")
        close(user)
        for gone in (page, stream):
            assert gone.wait_for("bye")["code"] == "signed_out"
        assert may_speak(neighbour)
    with Client(server, path_of(show), headers={"Cookie": cookie}) as again:
        again.hello(ticket=ticket)
        assert not may_speak(again)


def test_a_ticket_grows_old(server: Server, show: StreamSession, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    then = time.time() - identity.MAX_AGE_S - 5
    with monkeypatch.context() as earlier:
        earlier.setattr(signing.time, "time", lambda: then)
        old = ticket_of(user)
    with Client(server, path_of(show)) as page:
        page.hello(ticket=old)
        assert not may_speak(page)
        page.hello(ticket=ticket_of(user))
        assert may_speak(page)


def test_a_token_that_was_taken_back_closes_its_sockets(server: Server, show: StreamSession) -> None:
    person = make_user()
    key = tokens.issue(person)
    with Client(server, path_of(show), origin=None) as api:
        api.hello(token=key)
        tokens.revoke_all(person)
        assert api.wait_for("bye")["code"] == "signed_out"
    with Client(server, path_of(show), origin=None) as api:
        api.hello(token=key)
        assert [frame["code"] for frame in api.frames if frame["type"] == "error"] == ["not_signed_in"]


def test_an_expired_cookie_names_nobody(server: Server, show: StreamSession) -> None:
    _, _, cookie = signed_in(make_user())
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    with Client(server, path_of(show), headers={"Cookie": cookie}) as page:
        page.hello()

        assert not may_speak(page)
    assert not ChatMessage.objects.exists()


def test_an_expired_cookie_shows_nothing_of_a_rehearsal(server: Server, transactional_db: None) -> None:
    show = make_session(f"show-{secrets.token_hex(3)}", state=StreamSession.State.REHEARSAL)
    _, _, cookie = signed_in(show.host)
    path, headers = f"/sse/sessions/{show.slug}/", {"Cookie": cookie, "Origin": our_origin()}
    with Stream(server, path, **headers) as stream:
        assert stream.wait_for("snapshot")["session"]["state"] == "rehearsal"
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    with Stream(server, path, **headers) as stream:
        assert stream.wait_for("snapshot")["session"]["state"] == "scheduled"


def test_somebody_who_is_banned_reads_on_and_says_nothing(server: Server, show: StreamSession) -> None:
    troll = make_user()
    with Client(server, path_of(show)) as page, Client(server, path_of(show)) as other:
        page.hello(ticket=ticket_of(troll))
        other.hello(ticket=ticket_of(make_user()))
        silences.ban(show, troll, actor="system")
        page.send(type="chat", id="m1", text="hello")
        assert page.wait_for("error")["code"] == "banned"
        assert may_speak(other)
        assert page.wait_for_event("chat")["text"] == "hello"

    assert ChatMessage.objects.count() == 1
