"""The chat of a show: who may say what, how fast, and what is taken out again."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from shop.models import AuditEntry
from shop.text import one_line
from streams.chat import messages
from streams.exceptions import ChatRefused
from streams.models import ChatMessage
from streams.signals import chat_posted, chat_removed, slow_mode_changed
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def news() -> Iterator[list[dict[str, Any]]]:
    """Everything that the chat's signals say."""
    heard: list[dict[str, Any]] = []

    def hear(sender: object, **said: Any) -> None:
        said.pop("signal")
        heard.append(said)

    signals = [chat_posted, chat_removed, slow_mode_changed]
    for signal in signals:
        signal.connect(hear, weak=False)
    yield heard
    for signal in signals:
        signal.disconnect(hear)


def refusal(*args: Any, **kwargs: Any) -> ChatRefused:
    with pytest.raises(ChatRefused) as refused:
        messages.post(*args, **kwargs)
    return refused.value


def test_a_message_is_kept_with_its_authors_name_and_role_and_told(news: list[dict[str, Any]]) -> None:
    session = make_session("kiln")
    ana = make_user(display_name="Ana")

    message = messages.post(session, author=ana, text="  does it\n hold  water? ")

    kept = ChatMessage.objects.get()
    assert (kept.text, kept.author_name, kept.role) == ("does it hold water?", "Ana", "viewer")
    assert news == [{"slug": "kiln", "message": message}]


def test_nobody_speaks_without_signing_in(news: list[dict[str, Any]]) -> None:
    assert refusal(make_session(), author=None, text="hello").code == "not_signed_in"
    assert not ChatMessage.objects.exists()
    assert news == []


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b\u2060", "\x00\x07", "\u202e"])
def test_what_shows_nothing_is_refused(text: str) -> None:
    assert refusal(make_session(), author=make_user(), text=text).code == "bad_message"
    assert not ChatMessage.objects.exists()


def test_the_length_counts_after_cleaning() -> None:
    session, ana = make_session(), make_user()

    assert len(messages.post(session, author=ana, text="x" * 300 + " " * 50).text) == 300
    assert refusal(session, author=ana, text="x" * 301).code == "too_long"
    assert ChatMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("\u202egnihtemos", "gnihtemos"),
        ("a \u200b b", "a b"),
        ("cafe\u0301", "café"),
        ("line\r\none", "line one"),
        ("👩‍🚀 ❤️ נהדר", "👩‍🚀 ❤️ נהדר"),
        ("<b>&amp;", "<b>&amp;"),
        ("lone \ud800 half", "lone half"),
    ],
)
def test_only_what_can_be_seen_is_kept(said: str, kept: str) -> None:
    assert one_line(said) == kept


def test_a_show_that_was_called_off_takes_no_message() -> None:
    assert refusal(make_session(state="ended"), author=make_user(), text="late").code == "bad_message"


def test_roles_are_the_host_the_staff_and_everyone_else() -> None:
    host = make_user(is_host=True)
    session = make_session(host=host)
    other_host = make_user(is_host=True)

    roles = [
        messages.post(session, author=one, text="hi").role for one in (host, make_user(is_staff=True), other_host)
    ]

    assert roles == ["host", "moderator", "viewer"]


def test_a_flood_is_stopped_and_told_when_to_go_on() -> None:
    session, ana = make_session(), make_user()
    for number in range(messages.BURST):
        messages.post(session, author=ana, text=f"message {number}")

    refused = refusal(session, author=ana, text="one more")

    assert refused.code == "rate_limited"
    assert 0 < refused.retry_ms <= 2000
    assert ChatMessage.objects.count() == messages.BURST
    messages.post(session, author=make_user(), text="another person may")


def test_a_person_has_one_bucket_for_all_shows() -> None:
    ana = make_user()
    for _ in range(messages.BURST):
        messages.post(make_session(), author=ana, text="hello")

    assert refusal(make_session(), author=ana, text="hello").code == "rate_limited"


def test_slow_mode_makes_viewers_wait_but_not_the_host() -> None:
    host, ana = make_user(is_host=True), make_user()
    session = make_session(host=host)
    messages.set_slow_mode(session, 30, actor="user:x")

    messages.post(session, author=ana, text="first")
    refused = refusal(session, author=ana, text="second")
    messages.post(session, author=host, text="one")
    messages.post(session, author=host, text="two")

    assert refused.code == "slow_mode"
    assert 29_000 < refused.retry_ms <= 30_000
    assert ChatMessage.objects.count() == 3


def test_a_refused_text_costs_no_turn_in_slow_mode() -> None:
    session, ana = make_session(slow_mode_s=30), make_user()
    refusal(session, author=ana, text=" ")
    refusal(session, author=ana, text="x" * 301)

    assert messages.post(session, author=ana, text="now").text == "now"


def test_ending_slow_mode_lets_people_speak_at_once(news: list[dict[str, Any]]) -> None:
    session, ana = make_session("kiln", slow_mode_s=60), make_user()
    messages.post(session, author=ana, text="first")

    messages.set_slow_mode(session, 0)

    assert news[-1] == {"slug": "kiln", "seconds": 0}
    assert messages.post(session, author=ana, text="second").text == "second"


@pytest.mark.parametrize("seconds", [-1, messages.SLOW_MODE_MOST_S + 1])
def test_slow_mode_has_bounds(seconds: int, news: list[dict[str, Any]]) -> None:
    session = make_session(slow_mode_s=5)

    with pytest.raises(ValueError, match="slow mode"):
        messages.set_slow_mode(session, seconds)

    session.refresh_from_db()
    assert session.slow_mode_s == 5
    assert news == []


def test_history_is_the_newest_visible_messages_oldest_first() -> None:
    session, other = make_session(), make_session()
    kept = [
        ChatMessage.objects.create(session=session, author_name="a", text=f"m{number}", at=timezone.now())
        for number in range(6)
    ]
    ChatMessage.objects.create(session=other, author_name="a", text="elsewhere", at=timezone.now())
    messages.remove(kept[4], actor="user:x")

    assert [message.text for message in messages.history(session, limit=3)] == ["m2", "m3", "m5"]
    assert [message.text for message in messages.history(session)] == ["m0", "m1", "m2", "m3", "m5"]


def test_removing_twice_tells_and_records_once(news: list[dict[str, Any]]) -> None:
    session = make_session("kiln")
    message = messages.post(session, author=make_user(), text="buy mine")
    other = messages.post(session, author=make_user(), text="hello")
    news.clear()

    messages.remove(message, actor="user:host")
    messages.remove(message, actor="user:host")

    assert news == [{"slug": "kiln", "message_id": str(message.pk)}]
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject) == ("user:host", "remove_message", "show:kiln")
    assert "buy mine" not in str(entry.data)
    other.refresh_from_db()
    assert other.removed_at is None
