"""The studio's ways to go live: what it says, and what its forms do."""

import pytest
from django.test import Client

from shop.models import User
from streams import shows
from streams.ingest.srt import slots
from streams.models import StreamSession
from tests.support.factories import make_session, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.keeps_redis]

State = StreamSession.State


@pytest.fixture
def host() -> User:
    return make_user(is_host=True)


@pytest.fixture
def session(host: User) -> StreamSession:
    return shows.create(host=host, title="Evening kiln")


def of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def studio(session: StreamSession, form: str = "") -> str:
    return f"/host/shows/{session.slug}/{form}"


def test_every_way_to_go_live_is_shown(session: StreamSession, host: User) -> None:
    page = of(host).get(studio(session)).content.decode()

    assert "Use this camera" in page
    assert f"srt://testserver:{slots.port(session)}?passphrase={session.stream_key}" in page
    assert "rtmp://testserver" in page


def test_the_pages_policy_knows_one_origin(session: StreamSession, host: User) -> None:
    policy = of(host).get(studio(session))["Content-Security-Policy"]

    assert "connect-src 'self'" in policy.split("; ")


def test_a_second_encoder_takes_over_once_the_host_allows_it(session: StreamSession, host: User) -> None:
    of(host).post(studio(session, "takeover/"), {"allowed": "on"})
    session.refresh_from_db()
    assert session.allows_takeover
    assert 'name="allowed" data-submits checked' in of(host).get(studio(session)).content.decode()

    of(host).post(studio(session, "takeover/"))
    session.refresh_from_db()
    assert not session.allows_takeover


def test_a_show_without_an_srt_port_asks_for_one(host: User) -> None:
    bare = make_session(host=host, state=State.SCHEDULED)
    assert "Ask for one" in of(host).get(studio(bare)).content.decode()

    of(host).post(studio(bare, "srt/"))

    bare.refresh_from_db()
    assert slots.port(bare) is not None
    assert "Ask for one" not in of(host).get(studio(bare)).content.decode()


def test_with_every_srt_port_in_use_the_host_is_told(host: User) -> None:
    for number in range(slots.SLOTS):
        make_session(state=State.LIVE, srt_slot=number)
    bare = make_session(host=host, state=State.SCHEDULED)

    page = of(host).post(studio(bare, "srt/"), follow=True).content.decode()

    assert "Every SRT port is in use just now" in page
    bare.refresh_from_db()
    assert bare.srt_slot is None


@pytest.mark.parametrize("form", ["takeover/", "srt/"])
def test_the_forms_are_for_the_shows_host_alone(session: StreamSession, form: str) -> None:
    assert of(make_user(is_host=True)).post(studio(session, form)).status_code == 404
    assert of(make_user()).post(studio(session, form)).status_code == 403
    assert of(session.host).get(studio(session, form)).status_code == 405
    session.refresh_from_db()
    assert not session.allows_takeover


def test_a_show_that_is_over_offers_no_camera(session: StreamSession, host: User) -> None:
    shows.end(session, actor="test")

    assert "data-camera" not in of(host).get(studio(session)).content.decode()
