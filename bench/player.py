"""A show's page in Chromium: from opening it to the first picture and how far that is behind the camera.

A whole Showfloor with its demo, as `manage.py up` starts it, encoder and browser beside it on the same machine. The
first visit is cold (nothing cached); each of the others comes from an empty page, with the scripts in the cache.
"""

import shutil
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from bench.report import Figures, percentile
from tests.showfloor import new_showfloor

if TYPE_CHECKING:
    from playwright.sync_api import Page

VISITS = 20
WITHIN_S = 60
PAGES = {"live": "/shows/demo-live/", "replay": "/shows/demo-replay/"}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--autoplay-policy=no-user-gesture-required"]
# Runs before the page's own scripts: the time of the first picture, in milliseconds since the visit began.
NOTE_FIRST_PICTURE = """
const look = () => {
  const video = document.querySelector("video");
  if (!video) return requestAnimationFrame(look);
  video.requestVideoFrameCallback(() => (window.firstPicture = performance.now()));
};
look();
"""


def run() -> Figures:
    from playwright.sync_api import sync_playwright

    figures: dict[str, float] = {}
    with new_showfloor() as site, sync_playwright() as playwright:
        site.up(within_s=300)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, path in PAGES.items():
            context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 800})
            context.add_init_script(NOTE_FIRST_PICTURE)
            page = context.new_page()
            cold, *warm = [_visit(page, path) for _ in range(1 + VISITS)]
            figures[f"{name}, cold, first picture (s)"] = cold
            figures[f"{name}, warm, first picture, p50 of {VISITS} (s)"] = percentile(warm, 0.5)
            figures[f"{name}, warm, first picture, max (s)"] = max(warm)
            if name == "live":
                figures["live, behind the camera after ten seconds (s)"] = _behind(page)
            context.close()
        browser.close()
    return figures


def _visit(page: "Page", path: str) -> float:
    page.goto("about:blank")
    page.goto(path, wait_until="commit")
    _wait_until(page, lambda: bool(page.evaluate("() => Boolean(window.firstPicture)")))
    return float(page.evaluate("() => window.firstPicture")) / 1000


def _behind(page: "Page") -> float:
    page.wait_for_timeout(10_000)
    words = page.locator("[data-behind]").inner_text()
    return float(words.split()[0]) if words else float("nan")


def _wait_until(page: "Page", condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("no picture came")
        page.wait_for_timeout(20)
