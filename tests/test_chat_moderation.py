"""Keeping a chat kind: silences, held messages, moderators, the pinned message, and what the log says of each."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from shop.models import AuditEntry, User
from shop.people import erasure
from streams.chat import messages, moderators, pinned, review, screening, silences
from streams.exceptions import CantModerate, ChatRefused
from streams.models import BlockedWord, ChatMessage, Moderator, Silence, StreamSession
from streams.signals import chat_posted, chat_removed, message_pinned
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ACTOR = "user:mod"


@pytest.fixture
def session() -> StreamSession:
    return make_session("kiln")


@pytest.fixture
def ana() -> User:
    return make_user("ana@example.com", display_name="Ana")


@pytest.fixture
def news() -> Iterator[list[tuple[str, str]]]:
    """What is told: the kind, and the message's text or id."""
    heard: list[tuple[str, str]] = []

    def hear(kind: str) -> Any:
        def receiver(sender: object, *, slug: str, message: Any = None, message_id: str = "", **said: Any) -> None:
            heard.append((kind, message_id or (message.text if message else "")))

        return receiver

    receivers = [
        (signal, hear(kind))
        for signal, kind in ((chat_posted, "posted"), (chat_removed, "removed"), (message_pinned, "pinned"))
    ]
    for signal, receiver in receivers:
        signal.connect(receiver, weak=False)
    yield heard
    for signal, receiver in receivers:
        signal.disconnect(receiver)


def refusal(session: StreamSession, author: User, text: str = "hello", **more: str) -> ChatRefused:
    session = StreamSession.objects.get(pk=session.pk)
    with pytest.raises(ChatRefused) as refused:
        messages.post(session, author=author, text=text, **more)
    return refused.value


def logged() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


# --- silences ---


def test_who_is_banned_writes_in_none_of_the_hosts_shows_and_elsewhere_still(
    session: StreamSession, ana: User
) -> None:
    other_of_host, elsewhere = make_session(host=session.host), make_session()

    silences.ban(session, ana, actor=ACTOR)

    assert refusal(session, ana).code == refusal(other_of_host, ana).code == "banned"
    assert messages.post(elsewhere, author=ana, text="hello").text == "hello"
    assert messages.post(session, author=make_user(), text="hello").text == "hello"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject) == (ACTOR, "ban", "show:kiln")
    assert entry.data == {"person": f"user:{ana.public_id}", "has_network": False}


def test_a_ban_is_lifted(session: StreamSession, ana: User) -> None:
    silences.ban(session, ana, actor=ACTOR)
    silences.ban(session, ana, actor=ACTOR)
    silences.lift(session, ana, actor=ACTOR)
    silences.lift(session, ana, actor=ACTOR)

    assert messages.post(session, author=ana, text="back").text == "back"
    assert logged() == ["ban", "lift_silence"]


def test_who_is_timed_out_hears_for_how_long_and_writes_again_after_it(session: StreamSession, ana: User) -> None:
    silences.time_out(session, ana, 600, actor=ACTOR)

    refused = refusal(session, ana)
    assert refused.code == "muted"
    assert 590_000 < refused.retry_ms <= 600_000
    assert not ChatMessage.objects.exists()
    Silence.objects.update(until=timezone.now())
    assert messages.post(session, author=ana, text="sorry").text == "sorry"
    assert list(silences.in_force(session)) == []


def test_a_time_out_shortens_no_longer_silence(session: StreamSession, ana: User) -> None:
    until = silences.time_out(session, ana, 3600, actor=ACTOR)
    assert silences.time_out(session, ana, 60, actor=ACTOR) == until
    silences.ban(session, ana, actor=ACTOR)
    assert silences.time_out(session, ana, 60, actor=ACTOR) is None

    assert refusal(session, ana).code == "banned"
    assert logged() == ["time_out", "ban"]


@pytest.mark.parametrize("seconds", [0, -5, 15 * 24 * 3600])
def test_a_time_out_has_bounds(session: StreamSession, ana: User, seconds: int) -> None:
    with pytest.raises(ValueError, match="time-out"):
        silences.time_out(session, ana, seconds, actor=ACTOR)
    assert not Silence.objects.exists()


def test_nobody_silences_the_host_staff_or_a_moderator(session: StreamSession, ana: User) -> None:
    moderators.name(session, ana.email, actor=ACTOR)

    for trusted in (session.host, make_user(is_staff=True), ana):
        for deed in (
            lambda user=trusted: silences.ban(session, user, actor=ACTOR),
            lambda user=trusted: silences.time_out(session, user, 60, actor=ACTOR),
        ):
            with pytest.raises(CantModerate):
                deed()
    assert not Silence.objects.exists()


def test_a_ban_may_bind_the_network_where_the_shop_wants_that(
    session: StreamSession, ana: User, settings: Any
) -> None:
    settings.CHAT_BANS_NETWORKS = True
    rude = messages.post(session, author=ana, text="rude", network="203.0.113.9")
    silences.ban(session, ana, actor=ACTOR, network=rude.network)
    second = make_user()

    assert refusal(session, second, network="203.0.113.9").code == "banned"
    assert messages.post(session, author=second, text="hi", network="203.0.113.8").network == "203.0.113.8"
    settings.CHAT_BANS_NETWORKS = False
    assert messages.post(session, author=second, text="hi", network="203.0.113.9").network == ""


def test_removing_all_of_somebodys_takes_what_waits_too(
    session: StreamSession, ana: User, news: list[tuple[str, str]]
) -> None:
    session.blocked_words = "spam"
    session.save()
    first = messages.post(session, author=ana, text="one")
    held = refusal(session, ana, "spam").message
    other = messages.post(session, author=make_user(), text="two")
    news.clear()

    assert messages.remove_all(session, ana, actor=ACTOR) == 2
    assert messages.remove_all(session, ana, actor=ACTOR) == 0

    assert messages.history(session) == [other]
    assert sorted(news) == sorted([("removed", str(first.pk)), ("removed", held)])
    assert logged() == ["remove_message", "remove_message"]


# --- held for review ---


def test_a_message_with_a_blocked_word_waits_and_is_shown_once_approved(
    session: StreamSession, ana: User, news: list[tuple[str, str]]
) -> None:
    session.blocked_words = "cheap watches"
    session.save()

    refused = refusal(session, ana, "buy  CHÉAP Watches, now")

    waiting = ChatMessage.objects.get()
    assert (refused.code, refused.message, waiting.held_for) == ("held_for_review", str(waiting.pk), "word")
    assert (news, messages.history(session), messages.waiting(session, ana)) == ([], [], [waiting])
    assert list(review.held(session)) == [waiting]
    said_at = waiting.at
    assert review.approve(waiting, actor=ACTOR)
    assert not review.approve(waiting, actor=ACTOR)
    assert news == [("posted", "buy CHÉAP Watches, now")]
    assert [message.at > said_at for message in messages.history(session)] == [True]
    assert logged() == ["approve_message"]


def test_what_was_removed_is_not_approved_any_more(
    session: StreamSession, ana: User, news: list[tuple[str, str]]
) -> None:
    BlockedWord.objects.create(word="spam")
    refusal(session, ana, "spam")
    held = ChatMessage.objects.get()

    messages.remove(held, actor=ACTOR)

    assert not review.approve(held, actor=ACTOR)
    assert (news, messages.history(session)) == ([("removed", str(held.pk))], [])


def test_who_never_wrote_here_is_looked_at_first(session: StreamSession, ana: User) -> None:
    session.review = StreamSession.Review.NEWCOMERS
    session.save()
    known = make_user()
    ChatMessage.objects.create(
        session=make_session(host=session.host), author=known, author_name="K", text="hi", at=timezone.now()
    )

    assert refusal(session, ana).code == "held_for_review"
    assert messages.post(session, author=known, text="again").held_for == ""
    review.approve(ChatMessage.objects.get(author=ana), actor=ACTOR)
    assert messages.post(session, author=ana, text="thanks").held_for == ""


def test_everyone_but_the_trusted_is_looked_at(session: StreamSession, ana: User) -> None:
    session.review = StreamSession.Review.EVERYONE
    session.blocked_words = "kiln"
    session.save()

    assert refusal(session, ana).code == "held_for_review"
    assert messages.post(session, author=session.host, text="kiln kiln.com").held_for == ""


@pytest.mark.parametrize(("links", "code"), [("held", "held_for_review"), ("refused", "bad_message"), ("allowed", "")])
def test_links_are_as_the_host_wishes(session: StreamSession, ana: User, links: str, code: str) -> None:
    session.links = links
    session.save()

    if code:
        refused = refusal(session, ana, "see https://example.org/x")
        assert (refused.code, refused.reason) == (code, "no_links" if links == "refused" else "")
    else:
        assert messages.post(session, author=ana, text="see https://example.org/x").held_for == ""
    assert messages.post(session, author=session.host, text="mine: www.kiln.example").held_for == ""


@pytest.mark.parametrize(
    ("text", "is_link"),
    [
        ("see http://x", True),
        ("WWW.kiln.example", True),
        ("buy at kiln-shop.com", True),
        ("kiln.io/now", True),
        ("ｋｉｌｎ．ｃｏｍ", True),
        ("nice.but too big", False),
        ("it costs 3.50", False),
        ("so.me", True),
        ("e.g. the vase", False),
        ("wow...in blue?", False),
    ],
)
def test_what_is_a_link(text: str, is_link: bool, session: StreamSession, ana: User) -> None:
    assert screening.held_for(session, ana, text) == ("link" if is_link else "")


@pytest.mark.parametrize(
    ("text", "is_there"), [("an ass", True), ("an ASS.", True), ("áss", True), ("class", False), ("assess", False)]
)
def test_blocked_words_are_whole_words(text: str, is_there: bool) -> None:
    assert screening.has_word(text, ["ass", "two words"]) is is_there


def test_rules_are_kept_clean_and_logged(session: StreamSession) -> None:
    messages.set_rules(
        session,
        review="newcomers",
        links="refused",
        blocked_words=screening.words_of(" a  b \n\nc\na b"),
        actor=ACTOR,
    )

    session.refresh_from_db()
    assert (session.review, session.links, session.blocked_words) == ("newcomers", "refused", "a b\nc")
    assert AuditEntry.objects.get().data == {"review": "newcomers", "links": "refused", "words": 2}


# --- moderators ---


def test_a_moderator_is_one_in_one_show(session: StreamSession, ana: User) -> None:
    other = make_session(host=session.host)

    moderators.name(session, " ANA@example.com ", actor=ACTOR)
    moderators.name(session, ana.email, actor=ACTOR)

    assert messages.post(session, author=ana, text="hi").role == "moderator"
    assert messages.post(other, author=ana, text="hi").role == "viewer"
    assert list(moderators.list_moderated(ana)) == [session]
    moderators.dismiss(session, ana, actor=ACTOR)
    moderators.dismiss(session, ana, actor=ACTOR)
    assert moderators.role_of(session, ana) == "viewer"
    assert logged() == ["name_moderator", "dismiss_moderator"]


@pytest.mark.parametrize("email", ["nobody@example.com", "host@example.com", "staff@example.com", "gone@example.com"])
def test_not_everybody_can_be_named(email: str) -> None:
    session = make_session(host=make_user("host@example.com", is_host=True))
    make_user("staff@example.com", is_staff=True)
    make_user("gone@example.com", is_active=False)

    with pytest.raises(CantModerate):
        moderators.name(session, email, actor=ACTOR)
    assert not Moderator.objects.exists()


# --- the pinned message ---


def test_a_message_is_pinned_replaced_and_taken_off(
    session: StreamSession, ana: User, news: list[tuple[str, str]]
) -> None:
    first = messages.post(session, author=ana, text="first")
    second = messages.post(session, author=session.host, text="second")
    news.clear()

    for message in (first, first, second, None):
        pinned.pin(session, message, actor=ACTOR)

    assert news == [("pinned", "first"), ("pinned", "second"), ("pinned", "")]
    assert logged() == ["pin_message", "pin_message", "unpin_message"]


def test_a_removed_message_comes_off_and_can_not_be_pinned(
    session: StreamSession, ana: User, news: list[tuple[str, str]]
) -> None:
    message = messages.post(session, author=ana, text="first")
    pinned.pin(session, message, actor=ACTOR)
    news.clear()

    messages.remove(message, actor=ACTOR)

    session.refresh_from_db()
    assert session.pinned_message is None
    assert news == [("pinned", ""), ("removed", str(message.pk))]
    for other in (message, messages.post(make_session(), author=ana, text="elsewhere")):
        with pytest.raises(CantModerate):
            pinned.pin(session, other, actor=ACTOR)


# --- forgetting ---


def test_an_erased_person_leaves_no_standing_and_no_network(session: StreamSession, ana: User, settings: Any) -> None:
    settings.CHAT_BANS_NETWORKS = True
    other = make_user()
    for author in (ana, other):
        messages.post(session, author=author, text="hi", network="203.0.113.9")
    moderators.name(make_session(), ana.email, actor=ACTOR)
    silences.ban(session, ana, actor=ACTOR, network="203.0.113.9")
    silences.time_out(session, other, 60, actor=ACTOR)

    assert erasure.erase(ana.email, actor=ACTOR)["chat_standing"] == 3

    assert [silence.user for silence in Silence.objects.all()] == [other]
    assert not Moderator.objects.exists()
    assert list(ChatMessage.objects.exclude(network="").values_list("author", flat=True)) == [other.pk]
