"""A show in Chromium on a web server that asks for playlist tokens: pictures play for who holds a lease."""

import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from django.db import connections
from django.utils import timezone

from streams import playback
from streams.hls.mp4 import describe
from streams.hls.origin import Origin
from streams.hls.recording import Rendition, Run, Segment
from streams.media.child import ffmpeg
from streams.models import StreamSession
from tests import web_servers
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.factories import make_session
from tests.viewers import until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LENGTH_S = 4
TOKEN = re.compile(r"/for/[^/]+")


@pytest.fixture
def site() -> Iterator[str]:
    with web_servers.running(count=1, PLAYLIST_TOKENS="1", DEBUG="1") as [address]:
        yield address
    connections.close_all()


def film(session: StreamSession) -> None:
    """Record a few seconds of a show that is over, as a run of ffmpeg leaves them."""
    folder = playback.folder(session.pk)
    part = folder / "runs/0001/high"
    part.mkdir(parents=True)
    source = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=10", "-f", "lavfi", "-i", "sine=r=48000", "-t", str(LENGTH_S)]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10", "-c:a", "aac"]
    hls = ["-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "-hls_segment_type", "fmp4"]
    hls += ["-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", str(part / "%06d.m4s")]
    subprocess.run(
        [ffmpeg(), "-v", "error", *source, *codecs, *hls, str(part / "ffmpeg.m3u8")], check=True, timeout=30
    )
    tracks = describe((part / "init.mp4").read_bytes())
    entries: list[Run | Segment] = [
        Run(1, session.started_at, (Rendition("high", tracks.codecs, 500_000, tracks.width, tracks.height, 10.0),))
    ]
    for index, path in enumerate(sorted(part.glob("*.m4s"))):
        at = session.started_at + timedelta(seconds=index)
        entries.append(Segment(1, "high", f"runs/0001/high/{path.name}", at, 1.0, size=path.stat().st_size))
    origin = Origin(folder)
    origin.add(entries)
    origin.publish_replay()


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
    film(session)

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
