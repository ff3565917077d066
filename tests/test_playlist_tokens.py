"""Playlists that one lease alone may play, asked for through the media server, against a real Redis."""

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.test import Client
from redis.backoff import NoBackoff
from redis.retry import Retry

from streams import leases, playback
from streams.hls.origin import Origin
from streams.hls.recording import Rendition, Run, Segment
from streams.host import studio_page
from streams.models import StreamSession
from streams.store import tokens
from tests.support.api_client import Caller
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db

START = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
PLACE = ("playlist_url", "segment_url")
FILES = ("index.m3u8", "high.m3u8", "runs/0001/high/000000.m4s", "captions.vtt", "thumbnails.jpg")


@pytest.fixture(autouse=True)
def tokens_are_asked_for(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PLAYLIST_TOKENS = True
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(leases, "_away_s", -math.inf)


def a_show(slug: str) -> StreamSession:
    session = make_session(slug)
    for name in FILES:
        path = playback.folder(session.pk) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return session


def record(session: StreamSession) -> None:
    """Write a journal that has one segment."""
    entries = [
        Run(1, START, (Rendition("high", "avc1.64001f,mp4a.40.2", 3_000_000, 1280, 720, 25.0),)),
        Segment(1, "high", FILES[2], START, 1.0, size=9),
    ]
    Origin(playback.folder(session.pk)).add(entries)


@dataclass(frozen=True)
class FixedTime:
    """The module `time`, at one moment."""

    at_s: int

    def time(self) -> float:
        return self.at_s


def play(caller: Caller, slug: str = "kiln", device: str = "tv", **more: object) -> dict[str, str]:
    wish = {"session": slug, "device_id": device, "device_name": device, **more}
    body: dict[str, str] = caller.post("playback/leases", wish).json()
    return body | {"path": body["playlist_url"].removeprefix("http://testserver")}


def status_of(path: str, settings: Any) -> int:
    """Ask for a file where no door stands before web; the door, which asks web, must be told the same."""
    answer = Client().get(path)
    told = Client().get("/media-access", headers={"X-Forwarded-Uri": path})
    assert (told.status_code == 403) == (answer.status_code == 403)
    assert answer["Access-Control-Allow-Origin"] == "*"
    return answer.status_code


def test_a_lease_opens_its_show_and_what_the_playlists_name(settings: Any) -> None:
    session = a_show("kiln")
    path = play(Caller(make_user()))["path"]

    assert path.startswith("/media/for/")
    assert path.endswith(f"/sessions/{session.pk}/index.m3u8")
    assert {status_of(path.replace("index.m3u8", name), settings) for name in FILES} == {200}


def test_without_a_token_only_pictures_are_open(settings: Any) -> None:
    session = a_show("kiln")

    asked = [status_of(f"/media/sessions/{session.pk}/{name}", settings) for name in FILES]

    assert asked == [403, 403, 403, 403, 200]


@pytest.mark.parametrize("file", FILES[:3])
def test_forged_and_foreign_tokens_open_nothing(file: str, settings: Any) -> None:
    session, other = a_show("kiln"), a_show("wheel")
    path = play(Caller(make_user()))["path"].replace("index.m3u8", file)
    token = path.split("/")[3]
    value, time, signature = token.rsplit(":", 2)
    slug, _, lease = value.partition(":")

    assert status_of(path, settings) == 200
    assert status_of(path.replace(str(session.pk), str(other.pk)), settings) == 403
    others = [f"{slug}:{one}" for one in (tokens.HOST, tokens.LOOK, f"{'A' * 16}.{'A' * 16}")]
    for forged in ("", "x", lease, f"{value}:{time}:{'A' * 43}", *(f"{one}:{time}:{signature}" for one in others)):
        assert status_of(path.replace(token, forged), settings) == 403, forged


def test_token_that_is_a_day_old_opens_nothing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    a_show("kiln")
    path = play(Caller(make_user()))["path"]
    monkeypatch.setattr(tokens, "GOOD_FOR", timedelta(seconds=-1))

    assert status_of(path, settings) == 403


def test_lease_that_was_taken_over_plays_no_more(settings: Any) -> None:
    a_show("kiln")
    settings.MAX_CONCURRENT_STREAMS = 1
    caller = Caller(make_user())
    tv = play(caller)

    phone = play(caller, device="phone", take_over=[tv["lease"]])

    assert status_of(tv["path"], settings) == 403
    assert status_of(phone["path"], settings) == 200


def test_lease_that_is_over_plays_no_more(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    a_show("kiln")
    caller = Caller(make_user())
    tv = play(caller)
    monkeypatch.setattr(leases, "EXPIRES_S", 0)
    phone = play(caller, device="phone")

    leases.give_back(tv["lease"])

    assert [status_of(one["path"], settings) for one in (tv, phone)] == [403, 403]


def test_lease_that_went_on_to_another_show_plays_the_first_no_more(settings: Any) -> None:
    a_show("kiln")
    a_show("wheel")
    caller = Caller(make_user())
    first, second = play(caller), play(caller, "wheel")

    assert first["lease"] == second["lease"]
    assert [status_of(one["path"], settings) for one in (first, second)] == [403, 200]


def test_playback_fails_open_while_redis_is_away_and_until_players_have_asked_again(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MAX_CONCURRENT_STREAMS = 1
    a_show("kiln")
    caller = Caller(make_user())
    stopped = play(caller)
    before = play(caller, device="phone", take_over=[stopped["lease"]])["path"]
    nobody = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    script = nobody.register_script(leases.LUA)
    with monkeypatch.context() as away:
        away.setattr(leases, "_script", lambda: script)
        meanwhile = play(Caller(make_user()))["path"]
        assert [status_of(path, settings) for path in (before, meanwhile)] == [200, 200]
        assert status_of(before.replace("/for/", "/for/x"), settings) == 403

    # Redis is back, and knows nothing of what it was not told
    assert [status_of(path, settings) for path in (before, meanwhile, stopped["path"])] == [200, 200, 403]
    assert "a playlist is open to any lease, Redis is away" in caplog.text
    assert "a playlist is open to a lease that is unknown: Redis was away" in caplog.text
    monkeypatch.setattr(leases, "BELIEVED_FOR_S", 0)
    assert [status_of(path, settings) for path in (before, meanwhile)] == [200, 403]


def test_addresses_without_a_lease_are_good_for_a_look(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session = a_show("kiln")
    record(session)
    caller = Caller()
    shown, listed = caller.get("sessions/kiln").json(), caller.get("sessions").json()["results"][0]
    place = caller.get("watch/kiln?device=tv").json()
    page = session.get_absolute_url()
    on_page = json.loads(re.findall(r'<script id="show-data"[^>]*>(.*?)</script>', caller.client.get(page).text)[0])
    urls = [shown["playlist_url"], listed["playlist_url"], on_page["playlist_url"], *(place[name] for name in PLACE)]
    paths = [url.removeprefix("http://testserver") for url in urls]

    assert [path.rpartition("/")[2] for path in paths] == [*["index.m3u8"] * 3, "high.m3u8", "000000.m4s"]
    assert {status_of(path, settings) for path in paths} == {200}

    monkeypatch.setattr(tokens, "LOOK_FOR", timedelta(seconds=-1))
    assert {status_of(path, settings) for path in paths} == {403}


def test_an_address_stays_the_same_for_a_while(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session, caller = a_show("kiln"), Caller(make_user())
    began_s = 1_800_000_000 - 1_800_000_000 % tokens.STEADY_S
    addresses = []
    for later_s in (0, tokens.STEADY_S - 1, tokens.STEADY_S):
        monkeypatch.setattr(tokens, "time", FixedTime(began_s + later_s))
        addresses.append((play(caller)["path"], studio_page.preview_url(session)))

    assert addresses[0] == addresses[1]
    assert all(one != other for one, other in zip(addresses[1], addresses[2], strict=True))


def test_the_studio_sees_its_picture_without_a_lease(settings: Any) -> None:
    session = a_show("kiln")

    assert status_of(studio_page.preview_url(session), settings) == 200


def test_playlists_are_open_unless_tokens_are_asked_for(settings: Any) -> None:
    session = a_show("kiln")
    settings.PLAYLIST_TOKENS = False

    assert play(Caller(make_user()))["path"] == f"/media/sessions/{session.pk}/index.m3u8"
    assert studio_page.preview_url(session) == f"/media/sessions/{session.pk}/index.m3u8"
