"""Chat where two act at once: who is banned while they write, and what is pinned while it is removed.

Each race is run with a rival in the very moment; the control does without the guard and must go wrong.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.db import connection

from shop.models import User
from streams.chat import messages, pinned, silences
from streams.exceptions import CantModerate, ChatRefused
from streams.models import ChatMessage, Silence, StreamSession
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db(transaction=True)

WITHIN_S = 10
A_MOMENT_S = 0.3  # how long a rival is waited for that, guarded, can't come


@pytest.fixture
def session() -> StreamSession:
    return make_session("kiln")


@pytest.fixture
def ana() -> User:
    return make_user()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def closing(call: Callable[[], Any]) -> Any:
    try:
        with suppress(CantModerate, ChatRefused):
            return call()
    finally:
        connection.close()


def pause_before_writing(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Stop a message between the last look at silences and the insert; return `there` and `go`."""
    there, go = threading.Event(), threading.Event()
    save = ChatMessage.save

    def save_later(message: ChatMessage, **options: Any) -> None:
        there.set()
        go.wait(WITHIN_S)
        save(message, **options)

    monkeypatch.setattr(ChatMessage, "save", save_later)
    return there, go


def ban_and_clear(session: StreamSession, user: User) -> None:
    silences.ban(session, user, actor="user:mod")
    messages.remove_all(session, user, actor="user:mod")


def ban_while_writing(
    session: StreamSession, ana: User, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> list[ChatMessage]:
    """Ban somebody whose message is about to be inserted; return what is left of them to be seen."""
    there, go = pause_before_writing(monkeypatch)
    writing = threads.submit(closing, partial(messages.post, session, author=ana, text="one last word"))
    assert there.wait(WITHIN_S)
    banning = threads.submit(closing, partial(ban_and_clear, session, ana))
    with suppress(TimeoutError):
        banning.result(A_MOMENT_S)
    go.set()
    writing.result(WITHIN_S)
    banning.result(WITHIN_S)
    assert Silence.objects.filter(user=ana, until=None).exists()
    return messages.history(session)


def test_control_without_the_guard_a_last_word_outlives_the_ban(
    session: StreamSession, ana: User, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silences, "hold_off", lambda session, user: None)

    assert [message.text for message in ban_while_writing(session, ana, threads, monkeypatch)] == ["one last word"]


def test_nothing_of_the_banned_appears_after_the_ban(
    session: StreamSession, ana: User, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ban_while_writing(session, ana, threads, monkeypatch) == []


def remove_while_pinning(
    session: StreamSession, ana: User, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> StreamSession:
    """Remove a message between its being looked at and being pinned; return the show."""
    message = messages.post(session, author=ana, text="buy mine")
    there, go = threading.Event(), threading.Event()
    save = StreamSession.save

    def save_later(show: StreamSession, **options: Any) -> None:
        there.set()
        go.wait(WITHIN_S)
        save(show, **options)

    monkeypatch.setattr(StreamSession, "save", save_later)
    pinning = threads.submit(closing, partial(pinned.pin, session, message, actor="user:mod"))
    assert there.wait(WITHIN_S)
    removing = threads.submit(closing, partial(messages.remove, message, actor="user:mod"))
    with suppress(TimeoutError):
        removing.result(A_MOMENT_S)
    go.set()
    pinning.result(WITHIN_S)
    removing.result(WITHIN_S)
    session.refresh_from_db()
    assert messages.history(session) == []
    return session


def test_control_without_the_shows_lock_a_removed_message_stays_pinned(
    session: StreamSession, ana: User, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (messages, pinned):
        monkeypatch.setattr(module, "lock_session", lambda pk: StreamSession.objects.get(pk=pk))

    assert remove_while_pinning(session, ana, threads, monkeypatch).pinned_message is not None


def test_a_removed_message_is_never_left_pinned(
    session: StreamSession, ana: User, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remove_while_pinning(session, ana, threads, monkeypatch).pinned_message is None
