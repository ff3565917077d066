"""Playlists that one lease alone may play, asked for through the media server, against a real Redis."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from streams import leases, playback
from streams.host import desk
from streams.media.files import serve
from streams.models import StreamSession
from streams.store import tokens
from tests.caller import Caller
from tests.factories import make_session, make_user

pytestmark = pytest.mark.django_db

FILES = ("index.m3u8", "high.m3u8", "runs/0001/high/000000.m4s", "captions.vtt", "thumbnails.jpg")


@pytest.fixture(autouse=True)
def tokens_are_asked_for(settings: Any, tmp_path: Path) -> None:
    settings.PLAYLIST_TOKENS = True
    settings.MEDIA_ROOT = tmp_path


def a_show(slug: str) -> StreamSession:
    session = make_session(slug)
    for name in FILES:
        path = playback.folder(session.pk) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return session


def play(caller: Caller, slug: str = "kiln", device: str = "tv", **more: object) -> dict[str, str]:
    wish = {"session": slug, "device_id": device, "device_name": device, **more}
    body: dict[str, str] = caller.post("playback/leases", wish).json()
    return body | {"path": body["playlist_url"].removeprefix("http://testserver")}


def status_of(path: str, settings: Any) -> int:
    told: list[int] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> object:
        told.append(int(status.split()[0]))
        assert ("Access-Control-Allow-Origin", "*") in headers
        return None

    def otherwise(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise AssertionError("not a media file")

    environ: WSGIEnvironment = {"PATH_INFO": path, "REQUEST_METHOD": "GET"}
    setup_testing_defaults(environ)
    b"".join(serve("/media", settings.MEDIA_ROOT, otherwise, is_allowed=tokens.is_allowed)(environ, start_response))
    return told[0]


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
    lease, _, signature = token.partition(":")
    unsigned = f"{lease}:{signature.partition(':')[0]}:{'A' * 43}"

    assert status_of(path, settings) == 200
    assert status_of(path.replace(str(session.pk), str(other.pk)), settings) == 403
    for forged in ("", "x", lease, unsigned, f"{'A' * 16}.{'A' * 16}:{signature}", f"{tokens.HOST}:{signature}"):
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


def test_playback_fails_open_while_redis_is_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    a_show("kiln")
    before = play(Caller(make_user()))["path"]
    nobody = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    script = nobody.register_script(leases.LUA)
    monkeypatch.setattr(leases, "_script", lambda: script)

    assert status_of(before, settings) == 200
    assert status_of(play(Caller(make_user()))["path"], settings) == 200
    assert status_of(before.replace("/for/", "/for/x"), settings) == 403


def test_the_studio_sees_its_picture_without_a_lease(settings: Any) -> None:
    session = a_show("kiln")

    assert status_of(desk.preview_url(session), settings) == 200


def test_playlists_are_open_unless_tokens_are_asked_for(settings: Any) -> None:
    session = a_show("kiln")
    settings.PLAYLIST_TOKENS = False

    assert play(Caller(make_user()))["path"] == f"/media/sessions/{session.pk}/index.m3u8"
    assert desk.preview_url(session) == f"/media/sessions/{session.pk}/index.m3u8"
