"""The calls of a player that asks for a lease, beats and gives it back, as the contract words them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis.backoff import NoBackoff
from redis.retry import Retry

from streams import leases, playback
from streams.models import StreamSession
from tests.support.api_client import Caller
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db

COOKIE = f"showfloor_guest_{settings.PORT}"


@pytest.fixture
def show() -> StreamSession:
    return with_playlist(make_session("kiln", title="Evening kiln"))


def with_playlist(session: StreamSession, name: str = playback.LIVE_PLAYLIST) -> StreamSession:
    folder = playback.folder(session.pk)
    folder.mkdir(parents=True)
    (folder / name).touch()
    return session


def ask(caller: Caller, device: str = "tv", **more: object) -> Any:
    wish = {"session": "kiln", "device_id": device, "device_name": f"My {device}", **more}
    return caller.post("playback/leases", wish)


@pytest.mark.usefixtures("show")
def test_a_lease_is_taken_beaten_and_given_back(show: StreamSession) -> None:
    caller = Caller(make_user())

    answer = ask(caller)

    assert answer.status_code == 201
    body = answer.json()
    lease = body.pop("lease")
    assert body == {
        "expires_in": 45,
        "heartbeat": 15,
        "current": 1,
        "max": 3,
        "playlist_url": f"http://testserver/media/sessions/{show.pk}/index.m3u8",
    }
    beat = caller.call("PUT", f"playback/leases/{lease}")
    assert (beat.status_code, beat.json()) == (200, {"lease": lease, "expires_in": 45, "heartbeat": 15})
    for _ in range(2):
        given = caller.call("DELETE", f"playback/leases/{lease}")
        assert (given.status_code, given.content) == (204, b"")
    gone = caller.call("PUT", f"playback/leases/{lease}")
    assert (gone.status_code, gone.json()["code"]) == (410, "expired")
    assert gone["Content-Type"] == "application/problem+json"


@pytest.mark.usefixtures("show")
def test_one_too_many_hears_what_plays_and_may_take_it_over() -> None:
    caller = Caller(make_user())
    granted = [ask(caller, device).json() for device in ("tv", "phone", "laptop")]
    assert [one["current"] for one in granted] == [1, 2, 3]

    refused = ask(caller, "tablet")

    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    problem = refused.json()
    assert (problem["code"], problem["max"]) == ("max_concurrency", 3)
    assert {one["lease"]: one["device_name"] for one in problem["active"]} == {
        one["lease"]: f"My {device}" for one, device in zip(granted, ("tv", "phone", "laptop"), strict=True)
    }
    assert {(one["session"], one["title"]) for one in problem["active"]} == {("kiln", "Evening kiln")}
    assert {datetime.fromisoformat(one["started_at"]).utcoffset() for one in problem["active"]} == {timedelta(0)}

    taken = ask(caller, "tablet", take_over=[granted[0]["lease"]])

    assert (taken.status_code, taken.json()["current"]) == (201, 3)
    lost = caller.call("PUT", f"playback/leases/{granted[0]['lease']}")
    assert (lost.status_code, lost.json()["code"]) == (410, "taken_over")
    assert (lost.json()["by"], lost.json()["by_name"]) == (taken.json()["lease"], "My tablet")
    assert caller.call("PUT", f"playback/leases/{granted[1]['lease']}").status_code == 200


@pytest.mark.usefixtures("show")
def test_a_reloaded_device_keeps_its_lease() -> None:
    caller = Caller(make_user())

    first, again = ask(caller).json(), ask(caller).json()

    assert again == first


@pytest.mark.usefixtures("show")
def test_a_guest_is_known_by_a_signed_cookie() -> None:
    caller = Caller()
    devices = ("tv", "phone", "laptop")
    answers = [ask(caller, device) for device in devices]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    cookie = answers[0].cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/api/v1/playback/")
    assert ask(caller, "tablet").status_code == 429
    # another guest, one whose cookie is forged, and somebody signed in are other people
    assert ask(Caller(), "tablet").json()["current"] == 1
    forger = Caller()
    forger.client.cookies[COOKIE] = "guess:" + cookie.value.partition(":")[2]
    assert ask(forger, "tablet").json()["current"] == 1
    assert ask(Caller(make_user()), "tablet").json()["current"] == 1


@pytest.mark.usefixtures("show")
def test_a_page_of_somebody_signed_in_needs_its_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    wish = {"session": "kiln", "device_id": "tv", "device_name": "My tv"}

    refused = client.post("/api/v1/playback/leases", wish, content_type="application/json")

    assert refused.status_code == 403
    # a heartbeat and the giving back need none: the lease is the proof
    granted = leases.take("user:a", leases.Device("tv", "My tv"), session="kiln", title="Kiln")
    assert client.put(f"/api/v1/playback/leases/{granted.lease}").status_code == 200
    assert client.delete(f"/api/v1/playback/leases/{granted.lease}").status_code == 204


@pytest.mark.usefixtures("show")
def test_a_heartbeat_touches_no_database() -> None:
    caller = Caller(make_user())
    lease = ask(caller).json()["lease"]

    with CaptureQueriesContext(connection) as queries:
        caller.call("PUT", f"playback/leases/{lease}")
        caller.call("DELETE", f"playback/leases/{lease}")

    assert len(queries) == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"session": ""}, "session"),
        ({"session": "no such word"}, "session"),
        ({"device_id": ""}, "device_id"),
        ({"device_id": "x" * 65}, "device_id"),
        ({"device_id": "a\x00b"}, "device_id"),
        ({"device_id": None}, "device_id"),
        ({"device_name": ""}, "device_name"),
        ({"device_name": "x" * 81}, "device_name"),
        ({"device_name": "\u200b\u202e"}, "device_name"),
        ({"take_over": "x"}, "take_over"),
        ({"take_over": ["x" * 65]}, "take_over.0"),
        ({"take_over": ["x"] * 101}, "take_over"),
    ],
)
def test_what_is_wrong_is_named(show: StreamSession, wrong: dict[str, Any], field: str) -> None:
    answer = ask(Caller(), **{"device": "tv", **wrong})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["errors"]) == [field]


def test_a_missing_field_is_named() -> None:
    answer = Caller().post("playback/leases", {"session": "kiln"})

    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"device_id", "device_name"}


def test_a_rehearsal_plays_for_insiders_alone(show: StreamSession) -> None:
    host = make_user(is_host=True)
    rehearsed = make_session("lamps", host=host, state="rehearsal")
    preview = playback.new_preview(rehearsed.pk)
    preview.mkdir(parents=True)
    (preview / playback.PREVIEW_PLAYLIST).touch()

    assert ask(Caller(), session="nope").status_code == 404
    for stranger in (Caller(), Caller(make_user())):
        refused = ask(stranger, session="lamps")
        assert (refused.status_code, refused.json()["state"]) == (409, "scheduled")
        assert preview.name not in refused.content.decode()
    told = ask(Caller(host), session="lamps").json()["playlist_url"]
    assert told.endswith(f"{rehearsed.pk}/previews/{preview.name}/preview.m3u8")


@pytest.mark.parametrize("state", ["scheduled", "live", "interrupted", "ended"])
def test_without_a_picture_there_is_no_lease(state: str) -> None:
    make_session("kiln", state=state)

    answer = ask(Caller())

    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (409, "nothing_to_play", state)


def test_a_replay_takes_a_lease_too() -> None:
    replay = with_playlist(make_session("kiln", state="ended"), playback.REPLAY_PLAYLIST)

    assert ask(Caller()).json()["playlist_url"] == f"http://testserver/media/sessions/{replay.pk}/replay.m3u8"


@pytest.mark.usefixtures("show")
def test_without_redis_it_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    script = nowhere.register_script(leases.LUA)
    monkeypatch.setattr(leases, "_script", lambda: script)
    caller = Caller(make_user())

    granted = [ask(caller, f"device-{number}") for number in range(4)]

    assert [answer.status_code for answer in granted] == [201] * 4
    assert caller.call("PUT", f"playback/leases/{granted[3].json()['lease']}").status_code == 200
    assert caller.call("DELETE", f"playback/leases/{granted[3].json()['lease']}").status_code == 204


@pytest.mark.usefixtures("show")
def test_the_limit_is_a_setting(settings: Any) -> None:
    settings.MAX_CONCURRENT_STREAMS = 1
    caller = Caller(make_user())

    assert ask(caller, "tv").json()["max"] == 1
    assert ask(caller, "phone").status_code == 429
