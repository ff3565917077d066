"""A show in Chromium on a web server that asks for playlist tokens: pictures play for who holds a lease."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from django.db import connections
from django.utils import timezone

from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support import web_servers
from tests.support.factories import make_session
from tests.support.recordings import film
from tests.support.viewers import until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LENGTH_S = 4
TOKEN = re.compile(r"/for/[^/]+")


@pytest.fixture
def site() -> Iterator[str]:
    with web_servers.running(count=1, PLAYLIST_TOKENS="1", DEBUG="1") as [address]:
        yield address
    connections.close_all()


def asked_for(address: str) -> list[tuple[int, str]]:
    """Watch a show's page until its picture moves; return what was asked for of its files.

    The browser runs here alone: no test may use the database beside its loop.
    """
    from playwright.sync_api import sync_playwright

    asked: list[tuple[int, str]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = browser.new_page()
        page.on("response", lambda answer: asked.append((answer.status, answer.url)))
        page.goto(address)
        until(page, "() => document.querySelector('video')?.currentTime > 1")
        browser.close()
    return [(status, url) for status, url in asked if "/sessions/" in url and "/media/" in url]


def test_a_replay_plays_with_a_token_and_not_without(site: str) -> None:
    begun_at = timezone.now() - timedelta(minutes=5)
    session = make_session("kiln", state="ended", started_at=begun_at, ended_at=begun_at + timedelta(seconds=LENGTH_S))
    film(session, length_s=LENGTH_S)

    asked = asked_for(f"{site}{session.get_absolute_url()}")

    addresses = {url for _, url in asked}
    assert {status for status, _ in asked} <= {200, 206}
    assert {url.rpartition("/")[2] for url in addresses} >= {
        "replay.m3u8",
        "high-replay.m3u8",
        "init.mp4",
        "000000.m4s",
    }
    for url in addresses:
        assert TOKEN.search(url)
        assert requests.get(TOKEN.sub("", url), timeout=5).status_code == 403
    # who only looks, by the API, gets what the page got
    place = requests.get(f"{site}/api/v1/watch/kiln?device=tv", timeout=5).json()
    assert [requests.get(place[name], timeout=5).status_code for name in ("playlist_url", "segment_url")] == [200, 200]
