"""A show's page in Chromium: from opening it to the first picture and how far that is behind the camera.

A whole Showfloor with its demo, as `manage.py up` starts it, encoder and browser beside it on the same machine. The
first visit is cold (nothing cached); each of the others comes from an empty page, with the scripts in the cache.
"""

from typing import TYPE_CHECKING

from bench.chromium import at_the_demo, wait_until
from bench.report import Figures, percentile

if TYPE_CHECKING:
    from playwright.sync_api import Page

VISITS = 20
PAGES = {"live": "/shows/demo-live/", "replay": "/shows/demo-replay/"}
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
    figures: dict[str, float] = {}
    with at_the_demo() as (browser, site):
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
    return figures


def _visit(page: "Page", path: str) -> float:
    page.goto("about:blank")
    page.goto(path, wait_until="commit")
    wait_until(page, lambda: bool(page.evaluate("() => Boolean(window.firstPicture)")))
    return float(page.evaluate("() => window.firstPicture")) / 1000


def _behind(page: "Page") -> float:
    page.wait_for_timeout(10_000)
    words = page.locator("[data-behind]").inner_text()
    return float(words.split()[0]) if words else float("nan")
