"""What the forms of the host's pages do, without any script."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from shop.models import AuditEntry, User
from streams import run_list
from streams.chat import messages
from streams.models import Pin, StreamSession
from tests.support.factories import make_product, make_session, make_user

pytestmark = pytest.mark.django_db

STUDIO = "/host/shows/kiln/"


@pytest.fixture
def host() -> User:
    return make_user(is_host=True, display_name="Kiln")


@pytest.fixture
def session(host: User) -> StreamSession:
    make_product("Rust vase", skus=("A",), stock=5)
    make_product("Nest of bowls", skus=("B",), stock=30)
    return make_session("kiln", host=host, skus=("A", "B"), title="Evening kiln", started_at=timezone.now())


def of(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode()


# --- planning ---


def plan(host: User, **fields: str) -> HttpResponse:
    return of(host).post("/host/", {"title": "Evening kiln", **fields})


def test_a_show_is_planned_in_the_hosts_own_time(host: User) -> None:
    answer = plan(host, starts_at="2090-06-01T20:00", time_zone="Asia/Kolkata", description="Glazes.", preview="on")

    made = StreamSession.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, "/host/shows/evening-kiln/")
    assert made.starts_at == datetime(2090, 6, 1, 14, 30, tzinfo=UTC)
    assert (made.host, made.description, made.has_preview, made.state) == (host, "Glazes.", True, "scheduled")


@pytest.mark.parametrize("zone", ["", "Nowhere/Atlantis", "../../etc/passwd"])
def test_without_a_known_zone_the_time_is_utc(host: User, zone: str) -> None:
    plan(host, starts_at="2090-06-01T20:00", time_zone=zone)

    assert StreamSession.objects.get().starts_at == datetime(2090, 6, 1, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": "   "}, "The show needs a title"),
        ({"title": "\u200b"}, "The show needs a title"),
        ({"title": "x" * 121}, "at most 120"),
        ({"starts_at": "soon"}, "That is not a date and a time."),
        ({"starts_at": "2001-01-01T10:00"}, "That time has passed already."),
        ({"description": "x" * 2001}, "at most 2000"),
    ],
)
def test_a_plan_with_a_fault_says_so_and_keeps_what_was_typed(host: User, fields: dict[str, str], said: str) -> None:
    answer = plan(host, **{"description": "Glazes & fire", **fields})

    page = text_of(answer)
    assert answer.status_code == 400
    assert said in page
    if "description" not in fields:
        assert "Glazes &amp; fire" in page
    assert not StreamSession.objects.exists()


def test_my_shows_are_mine_in_order(host: User) -> None:
    soon, late = timezone.now() + timedelta(days=1), timezone.now() + timedelta(days=2)
    make_session(host=host, title="Some day", state="scheduled")
    make_session(host=host, title="Late", state="scheduled", starts_at=late)
    make_session(host=host, title="Soon", state="scheduled", starts_at=soon)
    make_session(host=host, title="Now on", state="live", started_at=timezone.now())
    make_session(host=host, title="Long gone", state="ended")
    make_session(title="Someone else's")

    page = text_of(of(host).get("/host/"))

    places = [page.index(title) for title in ("Now on", "Soon", "Late", "Some day", "Long gone")]
    assert places == sorted(places)
    assert "Someone else" not in page


# --- in the studio ---


def test_pinning_and_unpinning_by_form(session: StreamSession, host: User) -> None:
    client = of(host)

    client.post(STUDIO + "pin/", {"sku": "A"})
    session.refresh_from_db()
    assert session.pinned
    assert session.pinned.sku == "A"
    client.post(STUDIO + "pin/", {"sku": ""})

    session.refresh_from_db()
    assert session.pinned is None
    assert Pin.objects.get().until_at is not None
    assert set(AuditEntry.objects.values_list("actor", flat=True)) == {f"user:{host.public_id}"}


def test_pinning_what_left_the_list_is_said(session: StreamSession, host: User) -> None:
    run_list.remove(session, "A")

    page = text_of(of(host).post(STUDIO + "pin/", {"sku": "A"}, follow=True))

    assert "not on the run list any more" in page


def test_products_are_searched_added_moved_and_taken_off(session: StreamSession, host: User) -> None:
    make_product("Moss cardigan", skus=("M",), stock=2)
    make_product("Moss jumper", skus=("J",), stock=2)
    client = of(host)

    found = text_of(client.get(f"{STUDIO}?ask=add&q=cardigan"))
    assert "Moss cardigan" in found
    assert "Moss jumper" not in found
    answer = client.post(STUDIO + "run-list/", {"do": "add", "sku": "M", "q": "cardigan"})
    assert answer["Location"] == f"{STUDIO}?ask=add&q=cardigan"
    assert run_list.skus(session) == ["A", "B", "M"]
    assert "On the list" in text_of(client.get(answer["Location"]))

    for deed, sku, after in (
        ("up", "M", ["A", "M", "B"]),
        ("down", "A", ["M", "A", "B"]),
        ("up", "M", ["M", "A", "B"]),
        ("down", "B", ["M", "A", "B"]),
        ("remove", "A", ["M", "B"]),
        ("nonsense", "M", ["M", "B"]),
    ):
        assert client.post(STUDIO + "run-list/", {"do": deed, "sku": sku})["Location"] == STUDIO
        assert run_list.skus(session) == after, (deed, sku)


@pytest.mark.parametrize(("deed", "said"), [("add", "does not sell that any more"), ("up", "not on the run list")])
def test_a_list_refuses_in_words(session: StreamSession, host: User, deed: str, said: str) -> None:
    page = text_of(of(host).post(STUDIO + "run-list/", {"do": deed, "sku": "NOPE"}, follow=True))

    assert said in page
    assert run_list.skus(session) == ["A", "B"]


def test_a_search_that_finds_nothing_says_so(session: StreamSession, host: User) -> None:
    page = text_of(of(host).get(f"{STUDIO}?ask=add&q=zzzzqqq"))

    assert "Nothing is called “zzzzqqq”" in page


def test_a_new_key_by_form(session: StreamSession, host: User) -> None:
    StreamSession.objects.update(state="scheduled", started_at=None)
    old = session.stream_key

    page = text_of(of(host).post(STUDIO + "key/", follow=True))

    session.refresh_from_db()
    assert session.stream_key != old
    assert session.stream_key in page
    assert old not in page


def test_slow_mode_by_form(session: StreamSession, host: User) -> None:
    client = of(host)

    client.post(STUDIO + "slow-mode/", {"seconds": "30"})
    refused = client.post(STUDIO + "slow-mode/", {"seconds": "7"}, follow=True)

    session.refresh_from_db()
    assert session.slow_mode_s == 30
    assert "Choose one of the times" in text_of(refused)


def test_the_host_speaks_and_deletes_by_form(session: StreamSession, host: User) -> None:
    client = of(host)
    rude = messages.post(session, author=make_user(), text="buy mine")
    elsewhere = messages.post(make_session(), author=make_user(), text="hello")

    client.post(STUDIO + "chat/", {"text": "welcome"})
    client.post(f"{STUDIO}chat/{rude.pk}/", {"do": "remove"})

    assert client.post(f"{STUDIO}chat/{elsewhere.pk}/", {"do": "remove"}).status_code == 404
    assert [(line.text, line.role) for line in messages.history(session)] == [("welcome", "host")]
    assert "300 characters at most" in text_of(client.post(STUDIO + "chat/", {"text": "x" * 301}, follow=True))
