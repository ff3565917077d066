"""What the studio and servers in front of ours ask before anything is sent."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from streams import shows
from streams.ingest.camera import tickets
from streams.models import Broadcast, StreamSession
from tests.support.api_client import Caller
from tests.support.factories import make_session, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.keeps_redis]

State = StreamSession.State
HOOK = "/api/v1/ingest/publish"


@pytest.fixture
def session() -> StreamSession:
    return shows.create(host=make_user(is_host=True), title="Evening kiln")


def nginx(key: str, **more: str) -> Any:
    """Ask as nginx-rtmp does: a form."""
    said = {
        "call": "publish",
        "app": "live",
        "name": key,
        "addr": "127.0.0.1",
        "clientid": "1",
        "flashver": "",
        **more,
    }
    return Client().post(HOOK, urlencode(said), "application/x-www-form-urlencoded")


def mediamtx(key: str, **more: str) -> Any:
    """Ask as MediaMTX does: JSON."""
    said = {"user": "", "password": "", "token": "", "ip": "127.0.0.1", "action": "publish", "path": f"live/{key}"}
    return Client().post(HOOK, {**said, "protocol": "rtmp", "id": "1", "query": "", **more}, "application/json")


@pytest.mark.parametrize("ask", [nginx, mediamtx])
def test_a_server_in_front_learns_which_keys_may_publish(ask: Any, session: StreamSession) -> None:
    assert ask(session.stream_key).status_code == 204

    Broadcast.objects.create(session=session, protocol="rtmp")
    refused = ask(session.stream_key)
    assert (refused.status_code, refused.json()["code"], refused.json()["reason"]) == (403, "key_refused", "in_use")

    StreamSession.objects.update(allows_takeover=True)
    assert ask(session.stream_key).status_code == 204

    shows.end(session, actor="test")
    assert ask(session.stream_key).json()["reason"] == "ended"
    assert ask("never-a-key").json()["reason"] == "unknown"
    assert ask("no such key \x00").status_code == 400
    assert Broadcast.objects.count() == 1


@pytest.mark.parametrize(
    "said", [{"call": "play"}, {"app": "studio"}, {"name": ""}, {"call": "update_publish"}, {"name": "k" * 300}]
)
def test_anything_but_publishing_is_refused_in_front(said: dict[str, str], session: StreamSession) -> None:
    assert nginx(session.stream_key, **said).status_code == 400


@pytest.mark.parametrize("said", [{"action": "read"}, {"path": "studio"}, {"action": "api"}, {"path": "live/"}])
def test_mediamtx_asks_about_publishing_alone(said: dict[str, str], session: StreamSession) -> None:
    assert mediamtx(session.stream_key, **said).status_code == 400


WORDS = st.one_of(st.text(max_size=30), st.integers(), st.none(), st.lists(st.text(max_size=3), max_size=2))


@given(st.dictionaries(st.sampled_from(["call", "app", "name", "action", "path", "x"]), WORDS | st.just("publish")))
def test_any_question_is_answered_or_refused(said: dict[str, Any]) -> None:
    assert Client().post(HOOK, said, "application/json").status_code in {400, 403}


def test_a_host_gets_a_ticket_for_their_own_camera(session: StreamSession) -> None:
    answer = Caller(session.host).post(f"host/sessions/{session.slug}/camera")

    assert answer.status_code == 201
    assert answer.json()["url"] == "ws://testserver/camera/"
    assert answer.json()["expires_in"] == 60
    assert tickets.redeem(answer.json()["ticket"]) == session
    assert answer["Cache-Control"] == "no-store"


def test_a_proxys_address_of_the_camera_is_told(session: StreamSession, settings: Any) -> None:
    settings.CAMERA_URL = "wss://shop.example.com"
    settings.RTMP_URL = "rtmps://ingest.example.com/live"

    camera = Caller(session.host).post(f"host/sessions/{session.slug}/camera").json()
    key = Caller(session.host).post(f"host/sessions/{session.slug}/key").json()

    assert camera["url"] == "wss://shop.example.com/camera/"
    assert key["rtmp_url"] == f"rtmps://ingest.example.com/live/{key['stream_key']}"


def test_nobody_else_gets_a_ticket(session: StreamSession) -> None:
    path = f"host/sessions/{session.slug}/camera"

    assert Caller(make_user(is_host=True)).post(path).status_code == 404
    assert Caller(make_user()).post(path).status_code == 403
    assert Caller(None).post(path).status_code == 401
    shows.end(session, actor="test")
    assert Caller(session.host).post(path).json()["code"] == "wrong_state"


def test_a_show_without_a_port_says_so(session: StreamSession) -> None:
    bare = make_session(host=session.host, state=State.SCHEDULED)

    assert Caller(session.host).post(f"host/sessions/{bare.slug}/key").json()["srt_url"] is None


def test_the_examples_ask_where_we_answer() -> None:
    deploy = Path(__file__).resolve().parent.parent / "deploy"
    mediamtx = yaml.safe_load((deploy / "mediamtx.yml").read_text())

    assert mediamtx["authMethod"] == "http"
    assert mediamtx["authHTTPAddress"].endswith(HOOK)
    assert list(mediamtx["paths"]) == ["~^live/[A-Za-z0-9_-]+$"]
    assert f"on_publish http://127.0.0.1:8000{HOOK};" in (deploy / "nginx-rtmp.conf").read_text()
