"""A whole Showfloor with its demo, as `manage.py up` starts it, and Chromium beside it on the same machine."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.showfloor import Showfloor, new_showfloor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WITHIN_S = 60
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--autoplay-policy=no-user-gesture-required"]


@contextmanager
def at_the_demo() -> Iterator[tuple["Browser", Showfloor]]:
    from playwright.sync_api import sync_playwright

    with new_showfloor() as site, sync_playwright() as playwright:
        site.up(within_s=300)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser, site
        browser.close()


def wait_until(page: "Page", condition: Callable[[], bool]) -> None:
    """Raises RuntimeError if it doesn't come true in a minute."""
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("no picture came")
        page.wait_for_timeout(20)
