"""A live show in Chromium: how far behind the camera it is, what a kill does to it, and how soon its replay plays.

A whole Showfloor with its demo, as `manage.py up` starts it, encoder and browser beside it on the same machine. How
far it is behind is told by the picture's EXT-X-PROGRAM-DATE-TIME, which is when the media process got it.
"""

import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import m3u8
import requests

from bench.chromium import at_the_demo, wait_until
from bench.report import Figures, percentile
from tests.support.showfloor import Showfloor

if TYPE_CHECKING:
    from playwright.sync_api import Page

SHOW = "demo-live"
LOOKS, LOOK_MS = 60, 500
KILLS = 3
SETTLE_MS = 12_000
# Runs before the page's own scripts: when each picture was shown.
NOTE_PICTURES = """
window.shown = [];
const look = () => {
  const video = document.querySelector("video");
  if (!video) return requestAnimationFrame(look);
  const note = () => {
    window.shown.push(Date.now());
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
};
look();
"""
# The page asks its player several times a second how far it is behind: keep the answer, and when that was filmed.
NOTE_BEHIND = """async () => {
  const { Player } = await import("showfloor/player");
  const { get } = Object.getOwnPropertyDescriptor(Player.prototype, "behindS");
  Object.defineProperty(Player.prototype, "behindS", { get() {
    const behindS = get.call(this);
    if (behindS !== null && this.status === "playing") {
      window.behindS = behindS;
      window.filmedAt = Date.now() - behindS * 1000;
    }
    return behindS;
  } });
}"""
STOOD_STILL = """(since) => {
  const shown = window.shown.filter((at) => at >= since - 500);
  return Math.max(...shown.slice(1).map((at, number) => at - shown[number])) / 1000;
}"""


def run() -> Figures:
    figures: dict[str, float] = {}
    with at_the_demo() as (browser, site):
        page = browser.new_page(base_url=site.url, viewport={"width": 1280, "height": 800})
        page.add_init_script(NOTE_PICTURES)
        page.goto(f"/shows/{SHOW}/")
        page.evaluate(NOTE_BEHIND)
        wait_until(page, lambda: bool(page.evaluate("() => window.filmedAt")))
        page.wait_for_timeout(SETTLE_MS)

        behind_s = []
        for _ in range(LOOKS):
            page.wait_for_timeout(LOOK_MS)
            behind_s.append(float(page.evaluate("() => window.behindS")))
        figures[f"behind the camera, p50 of {LOOKS} (s)"] = percentile(behind_s, 0.5)
        figures["behind the camera, max (s)"] = max(behind_s)
        for victim in ("ffmpeg", "run_media", "camera"):
            still_s, missing_s = zip(*(_kill(page, site, victim) for _ in range(KILLS)), strict=True)
            figures[f"{victim} killed: picture stands still, worst of {KILLS} (s)"] = max(still_s)
            figures[f"{victim} killed: missing from the show, worst of {KILLS} (s)"] = max(missing_s)
        figures |= _replay(browser.new_page(base_url=site.url), site)
    return figures


def _kill(page: "Page", site: Showfloor, victim: str) -> tuple[float, float]:
    """Kill a process; return how long the picture stood still, and how much of the show nobody will see."""
    site.show_processes()[victim].kill()
    killed_ms = page.evaluate("() => Date.now()")
    wait_until(page, lambda: bool(page.evaluate("killed => window.filmedAt > killed", killed_ms)))
    still_s = float(page.evaluate(STOOD_STILL, killed_ms))
    missing_s = _last_gap_s(site)
    page.wait_for_timeout(SETTLE_MS)
    return still_s, missing_s


def _last_gap_s(site: Showfloor) -> float:
    address = urljoin(site.url, _playlist_url(site)).replace("index.m3u8", "high.m3u8")
    segments = m3u8.loads(requests.get(address, timeout=10).text).segments
    last = max(place for place, segment in enumerate(segments) if segment.discontinuity)
    before, after = segments[last - 1], segments[last]
    return float((after.program_date_time - before.program_date_time).total_seconds() - before.duration)


def _replay(page: "Page", site: Showfloor) -> Figures:
    """End the show as its host, and open its page as soon as there is a replay."""
    address, host = f"{site.url}/api/v1/host/sessions/{SHOW}/end", {"Authorization": f"Token {_token(site)}"}
    began = time.monotonic()
    requests.post(address, headers=host, timeout=20).raise_for_status()
    while not _playlist_url(site).endswith("/replay.m3u8"):
        time.sleep(0.05)
    listed_s = time.monotonic() - began
    page.goto(f"/shows/{SHOW}/", wait_until="commit")
    wait_until(page, lambda: _plays(page))
    plays_s = time.monotonic() - began
    return {"end of show to its replay listed (s)": listed_s, "end of show to its replay playing (s)": plays_s}


def _plays(page: "Page") -> bool:
    return bool(page.evaluate("() => document.querySelector('video')?.currentTime > 0.1"))


def _playlist_url(site: Showfloor) -> str:
    return str(requests.get(f"{site.url}/api/v1/sessions/{SHOW}", timeout=10).json()["playlist_url"])


def _token(site: Showfloor) -> str:
    who = {"email": "host@example.com", "password": "showfloor"}
    return str(requests.post(f"{site.url}/api/v1/tokens", json=who, timeout=10).json()["token"])
