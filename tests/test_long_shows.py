"""A show of hours: no second of it is more work than another, and its long lists are small, kept and awaited."""

import gzip
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from streams.hls.origin import Origin
from streams.hls.recording import Rendition, Run, Segment
from streams.models import StreamSession
from streams.store.headers import cache_control, compressed
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support.realtime_servers import ROOT
from tests.support.recordings import film
from tests.support.viewers import until

START = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
HIGH = Rendition("high", "avc1.64001f,mp4a.40.2", 2_000_000, 1280, 720, 25.0)
SLOW_S = 13
PAGE = """<!doctype html><video muted playsinline width=320></video>
<script type="importmap">{"imports": {"showfloor/": "/js/", "showfloor/player": "/js/player.js",
"showfloor/loads": "/js/loads.js", "hls.js": "/hls.mjs"}}</script>
<script type="module">import { Player } from "showfloor/player";
const player = new Player(document.querySelector("video"));
player.load("/media/replay.m3u8", { isLive: false });</script>"""


def recorded(folder: Path, *, seconds: int) -> Origin:
    origin = Origin(folder)
    origin.add([Run(1, START, (HIGH,)), *(segment(number) for number in range(seconds))])
    return origin


def segment(number: int) -> Segment:
    at = START + timedelta(seconds=number)
    return Segment(1, "high", f"runs/0001/high/{number:06d}.m4s", at, 1.0, size=250_000)


def calls_of(work: Any) -> int:
    """Count the calls of functions that some work makes, Python's and C's."""
    count = 0

    def note(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("rehearsed", [False, True])
def test_a_second_of_a_long_show_is_no_more_work_than_one_of_a_short_one(tmp_path: Path, rehearsed: bool) -> None:
    calls = {}
    for seconds in (120, 4 * 3600):
        origin = recorded(tmp_path / str(seconds), seconds=seconds)
        since = START + timedelta(seconds=seconds // 2) if rehearsed else None
        origin.publish(since=since)

        def one_more(origin: Origin = origin, seconds: int = seconds, since: datetime | None = since) -> None:
            origin.add([segment(seconds)])
            origin.publish(since=since)

        calls[seconds] = calls_of(one_more)
        assert len((tmp_path / str(seconds) / "high.m3u8").read_bytes()) < 4_000

    # A search by halves looks at some more of them.
    assert calls[4 * 3600] <= calls[120] + 60


def test_the_list_of_four_hours_is_packed_for_a_store_and_short_ones_are_not(tmp_path: Path) -> None:
    recorded(tmp_path, seconds=4 * 3600).publish_replay()
    whole = (tmp_path / "high-replay.m3u8").read_bytes()

    packed = compressed("sessions/x/high-replay.m3u8", whole)

    assert packed
    assert gzip.decompress(packed) == whole
    assert len(packed) < len(whole) / 8
    assert compressed("sessions/x/replay.m3u8", (tmp_path / "replay.m3u8").read_bytes()) is None
    assert compressed("sessions/x/runs/0001/high/000001.m4s", bytes(100_000)) is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("high-replay.m3u8", "max-age=86400"),
        ("replay.m3u8", "max-age=1"),
        ("captions-replay.m3u8", "max-age=1"),
        ("index.m3u8", "max-age=1"),
        ("high.m3u8", "max-age=1"),
        ("previews/x/high-preview.m3u8", "max-age=1"),
    ],
)
def test_only_what_is_finished_is_kept_in_caches(name: str, kept: str) -> None:
    assert cache_control(f"sessions/x/{name}") == kept


@contextmanager
def slow_site(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a replay whose media playlist takes SLOW_S to arrive, piece by piece, and a page with our player."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            kind, body = self._find()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            pieces = SLOW_S * 4 if self.path.endswith("/high-replay.m3u8") else 1
            for number in range(pieces):
                self.wfile.write(body[len(body) * number // pieces : len(body) * (number + 1) // pieces])
                if pieces > 1:
                    time.sleep(SLOW_S / pieces)

        def _find(self) -> tuple[str, bytes]:
            path = self.path.partition("?")[0]
            if path == "/":
                return "text/html", PAGE.encode()
            if path == "/hls.mjs":
                return "text/javascript", (ROOT / "node_modules/hls.js/dist/hls.mjs").read_bytes()
            root = ROOT / "static" if path.startswith("/js/") else folder
            found = root / path.removeprefix("/media/").removeprefix("/")
            return "text/javascript" if found.suffix == ".js" else "video/mp4", (
                found.read_bytes() if found.is_file() else b""
            )

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
@pytest.mark.browser
def test_a_list_that_arrives_slowly_is_awaited_and_asked_for_once(tmp_path: Path, settings: Any) -> None:
    from playwright.sync_api import sync_playwright

    settings.MEDIA_ROOT = tmp_path
    session = StreamSession(started_at=START)
    film(session, length_s=6)
    with slow_site(tmp_path / "sessions" / str(session.pk)) as (address, asked), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = browser.new_page()
        page.goto(address)
        until(page, "() => document.querySelector('video').currentTime > 1")
        browser.close()

    assert asked.count("/media/high-replay.m3u8") == 1
    assert asked.count("/media/replay.m3u8") == 1
