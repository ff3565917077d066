"""Comments over REST: the same chat, the same limits, the same codes as at the socket."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop.models import User
from streams import shows
from streams.chat import messages, pinned
from streams.models import ChatMessage, Moderator, StreamSession
from tests.support.api_client import Caller
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db

COMMENTS = "sessions/kiln/comments"


@pytest.fixture
def host() -> User:
    return make_user(is_host=True, display_name="Kiln")


@pytest.fixture
def session(host: User) -> StreamSession:
    return make_session("kiln", host=host)


def said(session: StreamSession, count: int) -> list[ChatMessage]:
    now = timezone.now()
    return [
        ChatMessage.objects.create(
            session=session, author_name="Ana", text=f"m{number}", at=now + timedelta(seconds=number)
        )
        for number in range(count)
    ]


def test_a_comment_is_made_and_read_as_the_socket_tells_it(session: StreamSession) -> None:
    made = Caller(make_user(display_name="Ana")).post(COMMENTS, {"text": " does it\n hold water? "})

    kept = ChatMessage.objects.get()
    assert made.status_code == 201
    assert made.json() == {
        "id": str(kept.pk),
        "author": "Ana",
        "role": "viewer",
        "text": "does it hold water?",
        "at": kept.at.isoformat().replace("+00:00", "Z"),
    }
    assert Caller().get(COMMENTS).json() == {"results": [made.json()], "next": None, "previous": None}


def test_pages_follow_each_other_the_newest_first_without_what_was_removed(session: StreamSession) -> None:
    lines = said(session, 6)
    said(make_session(), 1)
    messages.remove(lines[4], actor="user:x")

    first = Caller().get(COMMENTS + "?limit=3").json()
    second = Client().get(first["next"]).json()

    assert first["next"].startswith("http://testserver/api/v1/sessions/kiln/comments?")
    assert [one["text"] for one in first["results"]] == ["m5", "m3", "m2"]
    assert [one["text"] for one in second["results"]] == ["m1", "m0"]
    assert second["next"] is None


def test_a_window_of_time_is_read_in_either_order(session: StreamSession) -> None:
    lines = said(session, 6)
    begin, end = (lines[place].at.isoformat().replace("+00:00", "Z") for place in (1, 4))

    def texts(query: str) -> list[str]:
        return [one["text"] for one in Caller().get(f"{COMMENTS}?{query}").json()["results"]]

    assert texts(f"from={begin}&to={end}") == ["m4", "m3", "m2", "m1"]
    assert texts(f"from={begin}&order=oldest&limit=3") == ["m1", "m2", "m3"]
    assert texts(f"to={begin}&order=newest") == ["m1", "m0"]
    first = Caller().get(f"{COMMENTS}?from={begin}&to={end}&order=oldest&limit=2").json()
    assert [one["text"] for one in Client().get(first["next"]).json()["results"]] == ["m3", "m4"]


@pytest.mark.parametrize("query", ["from=yesterday", "to=9999-12-31T23:59:59-23:59", "order=up"])
def test_a_window_that_makes_no_sense_is_named(session: StreamSession, query: str) -> None:
    answer = Caller().get(f"{COMMENTS}?{query}")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [query.partition("=")[0]])


def test_a_list_costs_the_same_for_one_comment_and_ten(session: StreamSession) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert Caller().get(COMMENTS).status_code == 200
        return len(queries)

    said(session, 1)
    one = cost()
    said(session, 9)

    assert cost() == one


@pytest.mark.parametrize(
    ("text", "status", "code"), [("  ", 400, "bad_message"), ("x" * 301, 400, "too_long"), (5, 400, "invalid")]
)
def test_what_is_refused_is_named_by_the_sockets_code(
    session: StreamSession, text: object, status: int, code: str
) -> None:
    answer = Caller(make_user()).post(COMMENTS, {"text": text})

    assert answer.status_code == status
    assert answer.json().get("code", "") == code
    assert ChatMessage.objects.count() == (status == 201)


@pytest.mark.parametrize("body", [{}, {"text": None}, {"text": []}, []])
def test_a_body_that_makes_no_sense_is_named(session: StreamSession, body: object) -> None:
    answer = Caller(make_user()).post(COMMENTS, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not ChatMessage.objects.exists()


@pytest.mark.parametrize("body", [{"text": "hello"}, {}])
def test_nobody_speaks_without_signing_in(session: StreamSession, body: object) -> None:
    answer = Caller().post(COMMENTS, body)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer["Content-Type"] == "application/problem+json"
    assert not ChatMessage.objects.exists()


def test_too_many_are_told_when_to_go_on(session: StreamSession) -> None:
    ana, slow = Caller(make_user()), Caller(make_user())
    answers = [ana.post(COMMENTS, {"text": "hi"}) for _ in range(messages.BURST + 1)]
    messages.set_slow_mode(session, 30)
    slow.post(COMMENTS, {"text": "first"})
    waits = slow.post(COMMENTS, {"text": "second"})

    assert [answer.status_code for answer in answers] == [201] * messages.BURST + [429]
    assert answers[-1].json()["code"] == "rate_limited"
    assert 0 < answers[-1].json()["retry_ms"] <= 2000
    assert (waits.status_code, waits.json()["code"], waits["Retry-After"]) == (429, "slow_mode", "30")


def test_a_replay_is_commented_and_a_show_that_never_was_is_not(host: User) -> None:
    make_session("kiln", host=host, state="ended", started_at=timezone.now(), ended_at=timezone.now())
    make_session("off", host=host, state="ended", ended_at=timezone.now())
    ana = Caller(make_user())

    assert ana.post(COMMENTS, {"text": "lovely"}).status_code == 201
    assert ana.post("sessions/off/comments", {"text": "lovely"}).json()["code"] == "bad_message"


def test_those_who_moderate_take_a_comment_out_and_nobody_else(session: StreamSession, host: User) -> None:
    mod = make_user()
    Moderator.objects.create(session=session, user=mod)
    author = make_user()
    elsewhere = said(make_session(), 1)[0]

    for trusted in (host, mod, make_user(is_staff=True)):
        line = messages.post(session, author=author, text="buy mine")
        address = f"{COMMENTS}/{line.pk}"
        assert Caller().call("DELETE", address).status_code == 401
        for stranger in (author, make_user(), make_user(is_host=True)):
            assert Caller(stranger).call("DELETE", address).status_code == 403
        assert messages.history(session) == [line]
        assert Caller(trusted).call("DELETE", address).status_code == 204
        assert Caller(trusted).call("DELETE", address).status_code == 204
        assert messages.history(session) == []
        assert Caller(trusted).call("DELETE", f"{COMMENTS}/{elsewhere.pk}").status_code == 404


def test_a_rehearsals_talk_is_for_insiders_and_viewers_talk_on(host: User) -> None:
    show = make_session("kiln", host=host, state="scheduled", has_preview=True)
    viewer, moderator = make_user(), make_user()
    Moderator.objects.create(session=show, user=moderator)
    messages.post(show, author=host, text="Soon!")
    show = shows.rehearse(show)
    messages.post(show, author=host, text="a first try")
    [line] = [one for one in messages.history(show) if one.text == "a first try"]
    pinned.pin(show, line, actor="test")
    assert Caller(viewer).post(COMMENTS, {"text": "When?"}).status_code == 201

    for caller in (Caller(), Caller(viewer)):
        assert {one["text"] for one in caller.get(COMMENTS).json()["results"]} == {"Soon!", "When?"}
    for caller in (Caller(host), Caller(moderator), Caller(make_user(is_staff=True))):
        assert len(caller.get(COMMENTS).json()["results"]) == 3
    shows.go_live(show)
    assert {one["text"] for one in Caller().get(COMMENTS).json()["results"]} == {"Soon!", "When?"}
