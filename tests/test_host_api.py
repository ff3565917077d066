"""The REST calls with which a host runs a show, and that nobody else can make them."""

from typing import Any

import pytest
from django.test import Client

from inventory.exceptions import StockBusy
from shop.models import AuditEntry, User, Variant
from streams import figures, health, pins, run_list
from streams.chat import messages
from streams.models import ChatMessage, Pin, StreamSession
from streams.store import upload_lag
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


HOST_CALLS = [
    ("POST", "host/sessions", {"title": "Mine"}),
    ("POST", "host/sessions/kiln/products", {"skus": ["B"]}),
    ("POST", "host/sessions/kiln/pin", {"sku": "A"}),
    ("POST", "host/sessions/kiln/live", None),
    ("POST", "host/sessions/kiln/key", None),
    ("PUT", "host/sessions/kiln/slow-mode", {"seconds": 5}),
    ("GET", "host/sessions/kiln/figures", None),
    ("DELETE", "host/sessions/kiln/chat/00000000-0000-4000-8000-000000000000", None),
    ("POST", "host/sessions/kiln/end", None),
]


@pytest.mark.parametrize(("method", "path", "body"), HOST_CALLS)
def test_only_hosts_host(session: StreamSession, method: str, path: str, body: object) -> None:
    before = session.stream_key

    assert Caller().call(method, path, body).status_code == 401
    assert Caller(make_user()).call(method, path, body).status_code == 403
    assert Caller(make_user(is_staff=True)).call(method, path, body).status_code == 403

    session.refresh_from_db()
    assert (session.state, session.stream_key, session.pinned) == ("live", before, None)
    assert StreamSession.objects.count() == 1


@pytest.mark.parametrize(("method", "path", "body"), HOST_CALLS[1:])
def test_another_hosts_show_is_not_found(session: StreamSession, method: str, path: str, body: object) -> None:
    before = session.stream_key

    assert Caller(make_user(is_host=True)).call(method, path, body).status_code == 404

    session.refresh_from_db()
    assert (session.state, session.stream_key, session.pinned) == ("live", before, None)
    assert run_list.skus(session) == ["A", "B"]


def test_a_host_plans_a_show_and_gets_its_key(host: User, settings: Any) -> None:
    answer = Caller(host).post("host/sessions", {"title": "Evening kiln", "preview": True})

    made = StreamSession.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "slug": "evening-kiln",
        "stream_key": made.stream_key,
        "rtmp_url": f"rtmp://testserver:{settings.RTMP_PORT}/live/{made.stream_key}",
        "srt_url": f"srt://testserver:{settings.SRT_PORT}?passphrase={made.stream_key}",
    }
    assert answer["Cache-Control"] == "no-store"
    assert (made.host, made.state, made.has_preview) == (host, "scheduled", True)


def test_two_shows_of_one_title_have_two_slugs(host: User) -> None:
    slugs = {Caller(host).post("host/sessions", {"title": "Evening kiln"}).json()["slug"] for _ in range(2)}

    assert len(slugs) == 2
    assert not StreamSession.objects.get(slug="evening-kiln").has_preview


@pytest.mark.parametrize("title", ["", "   ", "x" * 121, None])
def test_a_show_needs_a_title(host: User, title: object) -> None:
    answer = Caller(host).post("host/sessions", {"title": title})

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["title"]
    assert not StreamSession.objects.exists()


def test_products_are_the_whole_run_list(session: StreamSession, host: User) -> None:
    make_product(skus=("C",), stock=1)

    answer = Caller(host).post("host/sessions/kiln/products", {"skus": ["C", "A"]})

    assert answer.status_code == 200
    assert [one["sku"] for one in answer.json()["products"]] == ["C", "A"]
    assert run_list.skus(session) == ["C", "A"]


def test_unknown_products_are_all_named(session: StreamSession, host: User) -> None:
    answer = Caller(host).post("host/sessions/kiln/products", {"skus": ["A", "NOPE", "NADA"]})

    assert answer.status_code == 400
    assert answer.json()["errors"]["skus"] == ["NOPE is not for sale here.", "NADA is not for sale here."]
    assert run_list.skus(session) == ["A", "B"]


def test_a_host_pins_and_unpins(session: StreamSession, host: User) -> None:
    caller = Caller(host)

    assert caller.post("host/sessions/kiln/pin", {"sku": "A"}).json()["pinned_sku"] == "A"
    assert caller.post("host/sessions/kiln/pin", {"sku": None}).json()["pinned_sku"] is None

    assert Pin.objects.get().until_at is not None
    assert set(AuditEntry.objects.values_list("actor", flat=True)) == {f"user:{host.public_id}"}


def test_only_what_is_listed_is_pinned(session: StreamSession, host: User) -> None:
    make_product(skus=("C",))

    answer = Caller(host).post("host/sessions/kiln/pin", {"sku": "C"})

    assert (answer.status_code, answer.json()["code"], answer.json()["sku"]) == (409, "not_on_run_list", "C")
    assert Caller(host).post("host/sessions/kiln/pin", {}).status_code == 400


def test_going_live_needs_a_picture(host: User) -> None:
    make_session("planned", host=host, state="scheduled")
    make_session("preview", host=host, state="rehearsal")

    refused = Caller(host).post("host/sessions/planned/live")
    first = Caller(host).post("host/sessions/preview/live")
    again = Caller(host).post("host/sessions/preview/live")

    assert (refused.status_code, refused.json()["code"], refused.json()["state"]) == (409, "wrong_state", "scheduled")
    assert (first.status_code, first.json()["state"]) == (200, "live")
    assert (again.status_code, again.json()["state"]) == (200, "live")
    assert StreamSession.objects.get(slug="planned").state == "scheduled"


def test_ending_twice_ends_once(session: StreamSession, host: User) -> None:
    first = Caller(host).post("host/sessions/kiln/end")
    session.refresh_from_db()
    ended_at = session.ended_at
    again = Caller(host).post("host/sessions/kiln/end")

    session.refresh_from_db()
    assert [answer.json()["state"] for answer in (first, again)] == ["ended", "ended"]
    assert session.ended_at == ended_at is not None
    assert AuditEntry.objects.filter(action="end").count() == 1


def test_an_ended_show_takes_no_change(session: StreamSession, host: User) -> None:
    Caller(host).post("host/sessions/kiln/end")

    for path, body in (("pin", {"sku": "A"}), ("products", {"skus": []}), ("key", None), ("live", None)):
        answer = Caller(host).post(f"host/sessions/kiln/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state"), path
    assert run_list.skus(session) == ["A", "B"]


def test_a_rotated_key_is_new_and_only_the_hosts(session: StreamSession, host: User) -> None:
    old = session.stream_key

    answer = Caller(host).post("host/sessions/kiln/key")

    session.refresh_from_db()
    assert answer.status_code == 200
    assert answer.json()["stream_key"] == session.stream_key != old
    assert answer.json()["rtmp_url"].endswith(f"/live/{session.stream_key}")


def test_slow_mode_is_set_within_bounds(session: StreamSession, host: User) -> None:
    caller = Caller(host)

    assert caller.call("PUT", "host/sessions/kiln/slow-mode", {"seconds": 30}).json() == {"seconds": 30}
    assert caller.call("PUT", "host/sessions/kiln/slow-mode", {"seconds": 9999}).status_code == 400

    session.refresh_from_db()
    assert session.slow_mode_s == 30


def test_a_message_is_removed_from_ones_own_show_only(session: StreamSession, host: User) -> None:
    mine = messages.post(session, author=make_user(), text="buy mine")
    elsewhere = messages.post(make_session(), author=make_user(), text="hello")
    caller = Caller(host)

    assert caller.call("DELETE", f"host/sessions/kiln/chat/{mine.pk}").status_code == 204
    assert caller.call("DELETE", f"host/sessions/kiln/chat/{mine.pk}").status_code == 204
    assert caller.call("DELETE", f"host/sessions/kiln/chat/{elsewhere.pk}").status_code == 404

    assert list(ChatMessage.objects.filter(removed_at=None)) == [elsewhere]


def test_figures_tell_what_the_show_does(session: StreamSession, host: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "viewer_counter", lambda slugs: dict.fromkeys(slugs, 7))
    messages.post(session, author=make_user(), text="hello")
    health.report(session.pk, health.Health(bitrate_bps=5_900_000, frames_per_s=29.97, width=1280, height=720))
    upload_lag.report(session.pk, 12.3)

    assert Caller(host).get("host/sessions/kiln/figures").json() == {
        "state": "live",
        "viewers": 7,
        "peak_viewers": 7,
        "unique_viewers": 0,
        "watched_s": 0,
        "watched_each_s": 0,
        "chat_per_minute": 1,
        "chatters": 1,
        "orders": 0,
        "unpaid": 0,
        "revenue_minor": 0,
        "currency": "USD",
        "sold": {},
        "held": {},
        "preview_url": "",
        "health": {
            "bitrate_bps": 5_900_000,
            "frames_per_s": 29.97,
            "width": 1280,
            "height": 720,
            "dropped": 0,
            "has_sound": True,
            "has_picture": True,
            "sheds": False,
            "is_disk_low": False,
            "store_behind_s": 12,
        },
        "refused_codec": "",
        "watching": {
            "viewings": 0,
            "startup": {"p50_ms": None, "p95_ms": None},
            "latency": {"p50_ms": None, "p95_ms": None},
            "stalls": 0,
            "stalled_percent": 0.0,
        },
        "waiting": 0,
    }


def test_health_of_a_stream_that_stopped_is_not_told(session: StreamSession, host: User) -> None:
    health.report(session.pk, health.Health(bitrate_bps=1))
    StreamSession.objects.update(state="interrupted")

    assert Caller(host).get("host/sessions/kiln/figures").json()["health"] is None


def test_a_signed_in_page_needs_its_csrf_token(session: StreamSession, host: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(host)

    assert client.post("/api/v1/host/sessions/kiln/end").status_code == 403

    session.refresh_from_db()
    assert session.state == "live"


def test_what_the_shop_stopped_selling_can_not_be_added(session: StreamSession, host: User) -> None:
    make_product(skus=("C",))
    Variant.objects.filter(sku="C").update(is_active=False)

    assert Caller(host).post("host/sessions/kiln/products", {"skus": ["C"]}).status_code == 400


def test_a_busy_show_asks_to_come_back(session: StreamSession, host: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*args: object) -> None:
        raise StockBusy

    monkeypatch.setattr(pins, "lock_session", busy)

    answer = Caller(host).post("host/sessions/kiln/pin", {"sku": "A"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "busy"
