"""The host's pages: who may open them, what they show, and what they cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.exceptions import StockBusy
from shop.models import AuditEntry, User
from streams import figures, keys, pins, run_list, shows
from streams.chat import messages
from streams.models import ChatMessage, StreamSession
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


ACTIONS = [
    ("run-list/", {"do": "remove", "sku": "A"}),
    ("pin/", {"sku": "A"}),
    ("live/", {}),
    ("key/", {}),
    ("slow-mode/", {"seconds": "5"}),
    ("chat/", {"text": "hello"}),
    ("chat/rules/", {"review": "everyone", "links": "allowed", "blocked_words": ""}),
    ("moderators/", {"email": "a@example.com"}),
    ("moderators/1/dismiss/", {}),
    ("announce/", {"text": "News", "kind": "flash", "minutes": "5"}),
    ("announcements/00000000-0000-4000-8000-000000000000/end/", {}),
    ("end/", {}),
]


# --- who ---


def test_strangers_are_asked_to_sign_in(session: StreamSession) -> None:
    for path in ("/host/", STUDIO):
        answer = of(None).get(path)
        assert answer.status_code == 302
        assert answer["Location"] == f"/accounts/login/?next={path}"


def test_a_shopper_hears_how_one_becomes_a_host(session: StreamSession) -> None:
    shopper = of(make_user("shopper@example.org"))

    page = shopper.get("/host/")

    assert page.status_code == 200
    assert "shopper@example.org" in text_of(page)
    assert "<form" not in text_of(page).split("<main")[1].split("</main>")[0]
    assert shopper.post("/host/", {"title": "Mine"}).status_code == 403
    assert shopper.get(STUDIO).status_code == 403
    assert StreamSession.objects.count() == 1


@pytest.mark.parametrize(("path", "body"), ACTIONS)
def test_nobody_else_works_in_a_studio(session: StreamSession, path: str, body: dict[str, str]) -> None:
    before = session.stream_key

    assert of(None).post(STUDIO + path, body).status_code == 302
    assert of(make_user()).post(STUDIO + path, body).status_code == 403
    assert of(make_user(is_staff=True)).post(STUDIO + path, body).status_code == 403
    assert of(make_user(is_host=True)).post(STUDIO + path, body).status_code == 404

    session.refresh_from_db()
    assert (session.state, session.stream_key, session.pinned, session.slow_mode_s) == ("live", before, None, 0)
    assert run_list.skus(session) == ["A", "B"]
    assert not ChatMessage.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("path", "body"), ACTIONS)
def test_reading_an_address_changes_nothing(session: StreamSession, host: User, path: str, body: object) -> None:
    assert of(host).get(STUDIO + path).status_code == 405


def test_another_host_finds_no_studio_and_no_key(session: StreamSession) -> None:
    other = of(make_user(is_host=True))

    assert other.get(STUDIO).status_code == 404
    assert "Evening kiln" not in text_of(other.get("/host/"))


def test_the_key_stands_in_the_studio_and_is_kept_by_no_cache(session: StreamSession, host: User) -> None:
    StreamSession.objects.update(state="scheduled", started_at=None)

    page = of(host).get(STUDIO)

    assert session.stream_key in text_of(page)
    assert "no-store" in page["Cache-Control"]
    assert "private" in page["Cache-Control"]


def test_the_key_stands_on_no_page_for_shoppers(session: StreamSession, host: User) -> None:
    for client in (of(None), of(make_user()), of(host)):
        for path in ("/", "/shows/", "/shows/kiln/"):
            assert session.stream_key not in text_of(client.get(path))


# --- the studio's states ---


def test_before_the_show_the_studio_waits_for_the_encoder(session: StreamSession, host: User, settings: Any) -> None:
    StreamSession.objects.update(state="scheduled", started_at=None)

    page = text_of(of(host).get(STUDIO))

    assert "Off air" in page
    assert "Waiting for your encoder" in page
    assert f"rtmp://testserver:{settings.RTMP_PORT}/live" in page
    assert "Call it off" in page
    assert 'id="go-live"' not in page


def test_in_the_preview_one_can_go_live(session: StreamSession, host: User) -> None:
    StreamSession.objects.update(state="rehearsal", started_at=None)
    client = of(host)

    assert 'id="go-live"' in text_of(client.get(STUDIO))
    answer = client.post(STUDIO + "live/", follow=True)

    assert answer.redirect_chain == [(STUDIO, 302)]
    assert StreamSession.objects.get().state == "live"
    assert 'id="go-live"' not in text_of(answer)


def test_going_live_without_a_picture_is_refused_in_words(session: StreamSession, host: User) -> None:
    StreamSession.objects.update(state="scheduled", started_at=None)

    answer = of(host).post(STUDIO + "live/", follow=True)

    assert "There is no picture yet" in text_of(answer)
    assert StreamSession.objects.get().state == "scheduled"


def test_a_lost_encoder_is_said_with_what_happens_next(session: StreamSession, host: User) -> None:
    StreamSession.objects.update(state="interrupted", interrupted_at=timezone.now())

    page = text_of(of(host).get(STUDIO))

    assert "Picture lost" in page
    assert "the show ends by itself in" in page
    assert session.stream_key in page


def test_on_air_the_studio_shows_list_figures_and_chat(
    session: StreamSession, host: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "viewer_counter", lambda slugs: dict.fromkeys(slugs, 812))
    messages.post(session, author=make_user(display_name="Ana"), text="<b>how tall?</b>")
    pins.pin(session, "A", actor="user:x")

    page = text_of(of(host).get(STUDIO))

    assert "On air" in page
    assert 'data-pinned="A"' in page
    assert "5 left" in page
    assert "Pin Nest of bowls" in page
    assert ">812<" in page
    assert "&lt;b&gt;how tall?&lt;/b&gt;" in page
    assert session.stream_key in page  # in the encoder's dialog
    assert "End show" in page


def test_after_the_end_the_studio_sums_up(session: StreamSession, host: User) -> None:
    pins.pin(session, "A", actor="user:x")
    client = of(host)

    answer = client.post(STUDIO + "end/", follow=True)

    page = text_of(answer)
    assert "That was your show" in page
    assert "The replay is being put together" in page  # no segment was ever made
    for gone in ('id="go-live"', 'id="pin-next"', 'data-ask="end"', 'name="text"', session.stream_key):
        assert gone not in page
    assert client.post(STUDIO + "end/").status_code == 302
    assert AuditEntry.objects.filter(action="end").count() == 1


def test_a_show_that_left_no_recording_waits_for_none(session: StreamSession, host: User) -> None:
    StreamSession.objects.update(state="ended", ended_at=timezone.now() - timedelta(minutes=5))

    page = text_of(of(host).get(STUDIO))

    assert "There is no recording of it." in page
    assert "data-awaits-replay" not in page


@pytest.mark.parametrize("ask", ["end", "key", "keys", "add", "encoder", "chat", "announce"])
def test_every_dialog_opens_without_script(session: StreamSession, host: User, ask: str) -> None:
    page = text_of(of(host).get(f"{STUDIO}?ask={ask}"))

    assert page.count("<dialog") - page.count("<dialog ", page.index(f'id="ask-{ask}"')) >= 1
    opened = page[page.index(f'id="ask-{ask}"') :].split(">")[0]
    assert opened.endswith(" open")


def test_an_unknown_dialog_is_none(session: StreamSession, host: User) -> None:
    page = text_of(of(host).get(f"{STUDIO}?ask=<script>"))

    assert " open>" not in page
    assert "<script>" not in page.split("<main")[1].split("</main>")[0]


# --- what it costs ---


def cost(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_a_studio_costs_the_same_for_one_product_and_ten(host: User) -> None:
    client = of(host)
    small = make_session("small", host=host, skus=(make_product(stock=1).variants.get().sku,))
    large = make_session("large", host=host, skus=tuple(make_product(stock=1).variants.get().sku for _ in range(10)))
    for session, count in ((small, 1), (large, 10)):
        for number in range(count):
            messages.post(session, author=make_user(), text=f"line {number}")
        pins.pin(session, run_list.skus(session)[0], actor="user:x")
    client.get("/host/shows/small/")

    assert cost(client, "/host/shows/small/") == cost(client, "/host/shows/large/")
    assert cost(client, "/host/shows/small/?ask=add") == cost(client, "/host/shows/large/?ask=add")


def test_my_shows_cost_the_same_for_one_and_ten(host: User) -> None:
    client = of(host)
    make_session(host=host, skus=(make_product(stock=1).variants.get().sku,))
    client.get("/host/")
    one = cost(client, "/host/")
    for _ in range(9):
        make_session(host=host, skus=tuple(make_product(stock=1).variants.get().sku for _ in range(2)))

    assert cost(client, "/host/") == one


@pytest.mark.parametrize("path", ["run-list/", "pin/", "live/", "key/", "end/"])
def test_a_busy_show_leads_back_with_a_word(
    session: StreamSession, host: User, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def busy(*args: object) -> None:
        raise StockBusy

    StreamSession.objects.update(state=StreamSession.State.REHEARSAL)
    for module in (shows, pins, keys, run_list):
        monkeypatch.setattr(module, "lock_session", busy)

    answer = of(host).post(f"/host/shows/kiln/{path}", {"do": "remove", "sku": "A"}, follow=True)

    assert answer.redirect_chain == [("/host/shows/kiln/", 302)]
    assert "Please try again." in text_of(answer)


@pytest.mark.parametrize("path", ["run-list/", "pin/"])
def test_a_sku_that_is_no_text_is_a_bad_request(session: StreamSession, host: User, path: str) -> None:
    assert of(host).post(f"/host/shows/kiln/{path}", {"do": "add", "sku": "A\x00"}).status_code == 400
