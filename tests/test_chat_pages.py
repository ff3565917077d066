"""Moderating by forms: who may, what each does, what a viewer sees of it, and what the pages cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop.models import AuditEntry, User
from streams.chat import messages, moderators, pinned, silences
from streams.models import ChatMessage, Moderator, Silence, StreamSession
from tests.support.api_client import Caller
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db

STUDIO = "/host/shows/kiln/"
PAGE = STUDIO + "moderation/"


@pytest.fixture
def host() -> User:
    return make_user(is_host=True, display_name="Kiln")


@pytest.fixture
def session(host: User) -> StreamSession:
    return make_session("kiln", host=host, title="Evening kiln", started_at=timezone.now(), blocked_words="spam")


@pytest.fixture
def mod(session: StreamSession) -> User:
    user = make_user("mod@example.com", display_name="Mo")
    Moderator.objects.create(session=session, user=user)
    return user


@pytest.fixture
def ana() -> User:
    return make_user(display_name="Ana")


def of(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode()


def held(session: StreamSession, author: User, text: str = "spam") -> ChatMessage:
    return ChatMessage.objects.create(
        session=session, author=author, author_name=author.public_name, text=text, at=timezone.now(), held_for="word"
    )


# --- who ---


def test_the_page_is_for_those_who_keep_the_chat(session: StreamSession, host: User, mod: User) -> None:
    line = messages.post(session, author=make_user(), text="hello")
    deeds = [(f"chat/{line.pk}/", {"do": "remove"}), ("chat/unpin/", {}), ("silences/1/lift/", {})]

    for trusted in (host, mod, make_user(is_staff=True)):
        assert of(trusted).get(PAGE).status_code == 200
    for stranger in (make_user(), make_user(is_host=True)):
        assert of(stranger).get(PAGE).status_code == 404
        for path, body in deeds:
            assert of(stranger).post(STUDIO + path, body).status_code == 404
    assert of(None).get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"
    for path, body in deeds:
        assert of(None).post(STUDIO + path, body).status_code == 302
        assert of(host).get(STUDIO + path).status_code == 405
    assert messages.history(session) == [line]
    assert not AuditEntry.objects.exists()


def test_a_moderator_is_no_host(session: StreamSession, mod: User) -> None:
    client = of(mod)

    assert client.get(STUDIO).status_code == 403
    for path in ("end/", "key/", "chat/rules/", "moderators/", "slow-mode/"):
        assert client.post(STUDIO + path, {"email": "a@example.com"}).status_code == 403
    page = text_of(client.get(PAGE))
    for secret in (session.stream_key, "mod-email", "spam", 'name="seconds"'):
        assert secret not in page


# --- what each does ---


def test_held_messages_are_shown_or_deleted(session: StreamSession, mod: User, ana: User) -> None:
    good, bad = held(session, ana, "spam kettle"), held(session, ana, "spam spam")
    client = of(mod)
    assert "2 messages wait for you" in text_of(client.get(PAGE))

    client.post(f"{STUDIO}chat/{good.pk}/", {"do": "approve"})
    client.post(f"{STUDIO}chat/{bad.pk}/", {"do": "remove"})

    assert [line.text for line in messages.history(session)] == ["spam kettle"]
    assert "wait for you" not in text_of(client.get(PAGE))
    assert [(entry.action, entry.actor) for entry in AuditEntry.objects.order_by("id")] == [
        ("approve_message", f"user:{mod.public_id}"),
        ("remove_message", f"user:{mod.public_id}"),
    ]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(60, "in a minute"), (600, "in 10 minutes"), (3600, "in an hour"), (86400, "in a day")],
)
def test_a_time_out_has_the_length_of_its_button(
    session: StreamSession, mod: User, ana: User, seconds: int, told: str
) -> None:
    rude = messages.post(session, author=ana, text="buy mine")
    client = of(mod)
    assert f'value="time_out:{seconds}"' in text_of(client.get(PAGE))

    page = client.post(f"{STUDIO}chat/{rude.pk}/", {"do": f"time_out:{seconds}"}, follow=True)

    until = Silence.objects.get().until
    assert until
    assert seconds - 60 < (until - timezone.now()).total_seconds() <= seconds
    assert f"Ana can write again {told}." in text_of(page)
    silences.ban(session, ana, actor="user:x")
    page = client.post(f"{STUDIO}chat/{rude.pk}/", {"do": f"time_out:{seconds}"}, follow=True)
    assert "Ana is silenced for longer than that already." in text_of(page)


def test_a_page_says_what_keeps_somebody_from_writing_and_until_when(session: StreamSession, ana: User) -> None:
    def refusal() -> tuple[str, float]:
        page = of(ana).get("/shows/kiln/")
        found = page.context["stage"].as_json()["me"]["refusal"]
        assert found["code"] == "banned" or f'"code": "{found["code"]}"' in text_of(page)
        return found["code"], (found["until"] - timezone.now()).total_seconds() if found["until"] else 0

    assert of(ana).get("/shows/kiln/").context["stage"].refusal is None
    messages.set_slow_mode(session, 30)
    messages.post(session, author=ana, text="first")
    code, left_s = refusal()
    assert (code, 28 < left_s <= 30) == ("slow_mode", True)
    assert of(make_user()).get("/shows/kiln/").context["stage"].refusal is None
    assert of(session.host).get("/shows/kiln/").context["stage"].refusal is None

    silences.time_out(session, ana, 600, actor="user:x")
    code, left_s = refusal()
    assert (code, 590 < left_s <= 600) == ("muted", True)
    silences.ban(session, ana, actor="user:x")
    assert refusal() == ("banned", 0)
    assert "You can&#x27;t write in this host&#x27;s shows." in text_of(of(ana).get("/shows/kiln/"))


def test_a_time_out_and_a_ban_are_given_and_undone(session: StreamSession, mod: User, ana: User) -> None:
    rude = messages.post(session, author=ana, text="buy mine")
    client = of(mod)

    timed_out = client.post(f"{STUDIO}chat/{rude.pk}/", {"do": "time_out:600"}, follow=True)
    assert timed_out.redirect_chain == [(PAGE, 302)]
    assert "Ana can write again in 10 minutes." in text_of(timed_out)
    silence = Silence.objects.get()
    assert silence.until
    assert timedelta(minutes=9) < silence.until - timezone.now() <= timedelta(minutes=10)
    assert messages.history(session) == [rude]

    banned = client.post(f"{STUDIO}chat/{rude.pk}/", {"do": "ban"}, follow=True)
    assert "Ana can&#x27;t write here any more." in text_of(banned)
    assert "banned" in text_of(banned)
    assert messages.history(session) == []
    client.post(f"{STUDIO}silences/{silence.pk}/lift/")

    assert not Silence.objects.exists()
    assert messages.post(session, author=ana, text="sorry").text == "sorry"


def test_somebody_elses_silence_is_not_lifted(session: StreamSession, host: User, ana: User) -> None:
    elsewhere = make_session()
    silences.ban(elsewhere, ana, actor="user:x")

    of(host).post(f"{STUDIO}silences/{Silence.objects.get().pk}/lift/")

    assert Silence.objects.exists()


@pytest.mark.parametrize("do", ["time_out:60", "ban"])
def test_the_trusted_are_let_be_with_a_word(session: StreamSession, host: User, mod: User, do: str) -> None:
    line = messages.post(session, author=host, text="welcome")

    page = text_of(of(mod).post(f"{STUDIO}chat/{line.pk}/", {"do": do}, follow=True))

    assert "That is the host, or somebody who moderates too." in page
    assert messages.history(session) == [line]
    assert not Silence.objects.exists()


@pytest.mark.parametrize("do", ["explode", "time_out", "time_out:61", "time_out:x"])
def test_what_is_no_deed_is_a_bad_request(session: StreamSession, host: User, do: str) -> None:
    line = messages.post(session, author=host, text="welcome")

    assert of(host).post(f"{STUDIO}chat/{line.pk}/", {"do": do}).status_code == 400


def test_a_message_is_pinned_above_the_chat_and_taken_off(session: StreamSession, host: User, ana: User) -> None:
    line = messages.post(session, author=host, text="Code KILN10 until nine")
    client = of(host)

    back = client.post(f"{STUDIO}chat/{line.pk}/", {"do": "pin", "back": "studio"})

    assert back["Location"] == STUDIO
    session.refresh_from_db()
    assert session.pinned_message == line
    page = text_of(of(ana).get("/shows/kiln/"))
    assert "Code KILN10 until nine" in page.split("data-pinned-line>")[1].split("</div>")[0]
    client.post(STUDIO + "chat/unpin/")
    session.refresh_from_db()
    assert session.pinned_message is None
    assert "data-pinned-line hidden" in text_of(of(ana).get("/shows/kiln/"))


def test_a_host_names_and_dismisses_moderators(session: StreamSession, host: User) -> None:
    make_user("sam@example.com", display_name="Sam")
    client = of(host)

    named = client.post(STUDIO + "moderators/", {"email": "SAM@example.com", "back": "studio"}, follow=True)
    assert named.redirect_chain == [(STUDIO, 302)]
    assert "Sam moderates this show now." in text_of(named)
    unknown = client.post(STUDIO + "moderators/", {"email": "nobody\x00@example.com"}, follow=True)
    assert "Nobody signs in with that address." in text_of(unknown)
    client.post(f"{STUDIO}moderators/{Moderator.objects.get().pk}/dismiss/")

    assert not Moderator.objects.exists()


def test_a_host_sets_the_rules(session: StreamSession, host: User) -> None:
    client = of(host)

    client.post(
        STUDIO + "chat/rules/", {"review": "newcomers", "links": "refused", "blocked_words": "a\r\n\r\n b  c \r\na"}
    )
    refused = client.post(STUDIO + "chat/rules/", {"review": "nothing", "links": "held"}, follow=True)

    session.refresh_from_db()
    assert (session.review, session.links, session.blocked_words) == ("newcomers", "refused", "a\nb c")
    assert "Those rules could not be read." in text_of(refused)


def test_a_plan_may_name_blocked_words(host: User) -> None:
    of(host).post("/host/", {"title": "Kiln", "blocked_words": "spam\ncheap watches"})

    assert StreamSession.objects.get().blocked_words == "spam\ncheap watches"


# --- what viewers see ---


def test_who_wrote_what_waits_sees_that_it_does_and_nobody_else_sees_it(session: StreamSession, ana: User) -> None:
    held(session, ana, "is this spam?")

    own, other = text_of(of(ana).get("/shows/kiln/")), text_of(of(make_user()).get("/shows/kiln/"))

    assert "is this spam?" in own
    assert own.count("A moderator looks at it first.") == own.count("is this spam?") + 1  # and among the words
    assert "is this spam?" not in other


def test_a_moderator_finds_the_way_and_speaks_as_one(session: StreamSession, mod: User, ana: User) -> None:
    assert PAGE in text_of(of(mod).get("/shows/kiln/"))
    assert PAGE not in text_of(of(ana).get("/shows/kiln/"))
    assert Caller(mod).post("sessions/kiln/comments", {"text": "hi"}).json()["role"] == "moderator"


def test_the_api_says_what_became_of_a_message(session: StreamSession, ana: User, host: User) -> None:
    caller = Caller(ana)

    waits = caller.post("sessions/kiln/comments", {"text": "spam"})
    message = ChatMessage.objects.get()
    silences.time_out(session, ana, 60, actor="user:x")
    muted = caller.post("sessions/kiln/comments", {"text": "hello"})
    silences.ban(session, ana, actor="user:x")
    banned = caller.post("sessions/kiln/comments", {"text": "hello"})

    assert (waits.status_code, waits.json()["code"], waits.json()["id"]) == (202, "held_for_review", str(message.pk))
    assert (muted.status_code, muted.json()["code"]) == (403, "muted")
    StreamSession.objects.update(links="refused")
    link = Caller(make_user()).post("sessions/kiln/comments", {"text": "www.kiln.example"})
    assert (link.status_code, link.json()["code"], link.json()["reason"]) == (400, "bad_message", "no_links")
    assert 0 < muted.json()["retry_ms"] <= 60_000
    assert (banned.status_code, banned.json()["code"]) == (403, "banned")
    assert caller.get("sessions/kiln/comments").json()["results"] == []
    assert Caller(host).get("host/sessions/kiln/figures").json()["waiting"] == 1


def test_a_show_and_its_replay_are_written_to_without_script(session: StreamSession, ana: User) -> None:
    assert of(None).post("/shows/kiln/chat/", {"text": "hello"})["Location"].startswith("/accounts/login/")
    client = of(ana)

    said = client.post("/shows/kiln/chat/", {"text": "hello"})
    StreamSession.objects.update(state="ended", ended_at=timezone.now())
    client.post("/shows/kiln/chat/", {"text": "lovely replay"})
    refused = client.post("/shows/kiln/chat/", {"text": "buy spam"}, follow=True)

    assert said["Location"] == "/shows/kiln/#h-chat"
    assert [line.text for line in messages.history(session)] == ["hello", "lovely replay"]
    assert "A moderator looks at it first." in text_of(refused)
    StreamSession.objects.update(started_at=None)
    assert 'name="text"' not in text_of(client.get("/shows/kiln/"))


# --- what it costs ---


def test_the_pages_cost_the_same_for_one_and_ten(host: User) -> None:
    def fill(session: StreamSession, count: int) -> None:
        for number in range(count):
            author = make_user()
            held(session, author)
            line = messages.post(session, author=author, text=f"line {number}")
            silences.time_out(session, author, 60, actor="user:x")
            moderators.name(session, make_user().email, actor="user:x")
        pinned.pin(session, line, actor="user:x")

    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    client = of(host)
    fill(make_session("small", host=host), 1)
    fill(make_session("large", host=host), 10)
    for path in ("/host/shows/{}/moderation/", "/host/shows/{}/?ask=chat", "/shows/{}/"):
        cost(path.format("small"))
        assert cost(path.format("small")) == cost(path.format("large")), path
