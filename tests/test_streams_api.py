"""The REST calls of shows that everyone may make, and what leaks to nobody."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

from shop.models import User
from streams import figures, opinions, pins, playback
from streams.models import Moderator, Opinion, StreamSession
from tests.support.api_client import Caller
from tests.support.factories import make_product, make_session, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def host() -> User:
    return make_user(is_host=True, display_name="Kiln")


@pytest.fixture
def session(host: User) -> StreamSession:
    make_product("Rust vase", skus=("A",), stock=5)
    make_product("Nest of bowls", skus=("B",), stock=3)
    return make_session("kiln", host=host, skus=("A", "B"), title="Evening kiln")


def test_a_show_as_everyone_sees_it(session: StreamSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "viewer_counter", lambda slugs: dict.fromkeys(slugs, 812))
    pins.pin(session, "B", actor="user:x")

    answer = Caller().get("sessions/kiln")

    body = answer.json()
    assert answer.status_code == 200
    assert {name: body[name] for name in ("slug", "title", "state", "host", "viewers", "pinned_sku")} == {
        "slug": "kiln",
        "title": "Evening kiln",
        "state": "live",
        "host": "Kiln",
        "viewers": 812,
        "pinned_sku": "B",
    }
    assert body["playlist_url"] == ""  # no segment was ever made
    assert [(one["sku"], one["name"], one["price_minor"], one["available"]) for one in body["products"]] == [
        ("A", "Rust vase", 1999, 5),
        ("B", "Nest of bowls", 1999, 3),
    ]
    assert body["url"] == "http://testserver/shows/kiln/"
    assert body["products"][0]["picture"].startswith("http://testserver/")


def test_no_key_and_no_mail_address_leak(session: StreamSession, host: User) -> None:
    for caller in (Caller(), Caller(make_user()), Caller(make_user(is_host=True))):
        for path in ("sessions", "sessions/kiln", "sessions/kiln?format=json"):
            text = caller.get(path).content.decode()
            assert session.stream_key not in text
            assert host.email not in text


def test_an_unknown_show_is_not_found() -> None:
    answer = Caller().get("sessions/nope")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


def test_shows_are_listed_newest_first_by_state_and_words(host: User) -> None:
    make_product("Rust vase", skus=("A",))
    make_session("kiln", host=host, title="Evening kiln", skus=("A",))
    make_session("lamps", host=make_user(is_host=True), title="Lamps", state="scheduled")
    make_session("knit", host=make_user(is_host=True), title="Knits", state="ended")

    def slugs(query: str) -> list[str]:
        return [one["slug"] for one in Caller().get(f"sessions?{query}").json()["results"]]

    assert slugs("") == ["knit", "lamps", "kiln"]
    assert slugs("state=scheduled") == ["lamps"]
    assert slugs("q=LAMP") == ["lamps"]
    assert slugs("q=kiln") == ["kiln"]  # its title, and its host's name
    assert slugs("q=vase") == ["kiln"]
    assert slugs("q=%25") == []
    assert slugs("state=live&q=lamps") == []


@pytest.mark.parametrize("query", ["state=onair", "q=" + "x" * 101, "q=%00"])
def test_a_question_that_makes_no_sense_is_named(query: str) -> None:
    answer = Caller().get(f"sessions?{query}")

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [query.split("=")[0]]


def test_a_rehearsal_is_one_to_its_insiders_alone(host: User) -> None:
    show = make_session("secret", host=host, state="rehearsal", has_preview=True)
    preview = playback.new_preview(show.pk)
    preview.mkdir(parents=True)
    (preview / playback.PREVIEW_PLAYLIST).touch()
    moderator = make_user()
    Moderator.objects.create(session=show, user=moderator)

    for stranger in (Caller(), Caller(make_user()), Caller(make_user(is_host=True))):
        for asked in ("sessions", "sessions?state=scheduled"):
            [told] = stranger.get(asked).json()["results"]
            assert (told["state"], told["playlist_url"]) == ("scheduled", "")
        assert stranger.get("sessions?state=rehearsal").json()["results"] == []
        answer = stranger.get("sessions/secret")
        assert answer.json()["state"] == "scheduled"
        assert preview.name not in answer.content.decode()
    for insider in (Caller(host), Caller(moderator), Caller(make_user(is_staff=True))):
        assert insider.get("sessions?state=scheduled").json()["results"] == []
        [told] = insider.get("sessions?state=rehearsal").json()["results"]
        assert told["playlist_url"].endswith(f"/sessions/{show.pk}/previews/{preview.name}/preview.m3u8")
    show.refresh_from_db()
    assert show.state == "rehearsal"


def test_pages_of_shows_follow_each_other(host: User) -> None:
    for number in range(5):
        make_session(f"show-no-{number}", host=host)

    first = Caller().get("sessions?limit=2").json()
    second = Client().get(first["next"]).json()
    third = Client().get(second["next"]).json()

    assert first["next"].startswith("http://testserver/api/v1/sessions?")
    assert first["previous"] is None
    assert [one["slug"] for page in (first, second, third) for one in page["results"]] == [
        f"show-no-{number}" for number in (4, 3, 2, 1, 0)
    ]
    assert third["next"] is None


def test_a_list_costs_the_same_for_one_show_and_ten(host: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert Caller().get("sessions").status_code == 200
        return len(queries)

    make_session(host=host, skus=(make_product(stock=1).variants.get().sku,))
    one = cost()
    for _ in range(9):
        skus = tuple(make_product(stock=1).variants.get().sku for _ in range(3))
        make_session(host=make_user(is_host=True), skus=skus)

    assert cost() == one


# --- opinions ---


def test_an_opinion_is_set_changed_and_taken_back(session: StreamSession) -> None:
    opinions.set_opinion(session, make_user(), "like")
    ana = Caller(make_user())

    assert ana.call("PUT", "sessions/kiln/opinion", {"opinion": "like"}).json() == {
        "likes": 2,
        "dislikes": 0,
        "opinion": "like",
    }
    assert ana.call("PUT", "sessions/kiln/opinion", {"opinion": "like"}).json()["likes"] == 2
    assert ana.call("PUT", "sessions/kiln/opinion", {"opinion": "dislike"}).json() == {
        "likes": 1,
        "dislikes": 1,
        "opinion": "dislike",
    }
    gone = ana.call("DELETE", "sessions/kiln/opinion")
    assert (gone.status_code, gone.json()) == (200, {"likes": 1, "dislikes": 0, "opinion": None})


@pytest.mark.parametrize("body", [{}, {"opinion": "love"}, {"opinion": None}, {"opinion": 1}])
def test_no_other_opinion_is_taken(session: StreamSession, body: object) -> None:
    answer = Caller(make_user()).call("PUT", "sessions/kiln/opinion", body)

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["opinion"]
    assert not Opinion.objects.exists()


def test_nobody_in_particular_has_no_opinion(session: StreamSession) -> None:
    answer = Caller().call("PUT", "sessions/kiln/opinion", {"opinion": "like"})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"
    assert not Opinion.objects.exists()


def test_the_schema_describes_the_calls_without_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)

    paths = schema["paths"]
    assert {path for path in paths if path.startswith("/api/v1/host/")} >= {
        "/api/v1/host/sessions",
        "/api/v1/host/sessions/{slug}/products",
        "/api/v1/host/sessions/{slug}/pin",
        "/api/v1/host/sessions/{slug}/end",
        "/api/v1/host/sessions/{slug}/key",
    }
    assert "201" in paths["/api/v1/host/sessions"]["post"]["responses"]
    names = {one["name"] for one in paths["/api/v1/sessions"]["get"]["parameters"]}
    assert names == {"state", "q", "cursor", "limit"}
    assert "arning" not in capsys.readouterr().err
