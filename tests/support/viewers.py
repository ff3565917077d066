"""People who watch a show, each in a browser of their own, and what they wait for."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.support.showfloor import Showfloor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WITHIN_MS = 30_000
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SHOW = "/shows/demo-live/"


class People:
    """People with a browser each; whatever went wrong in one of their pages fails the test."""

    def __init__(self, browser: "Browser", site: Showfloor) -> None:
        self.browser = browser
        self.site = site
        self.contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def come(self, path: str = SHOW, *, email: str = "", size: dict[str, int] = WIDE) -> "Page":
        context = self.browser.new_context(
            base_url=self.site.url, viewport=size, locale="en", timezone_id="UTC", has_touch=size == PHONE
        )
        context.set_default_timeout(WITHIN_MS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if "Content Security" in said.text else None)
        if email:
            page.goto("/accounts/login/")
            page.fill("[name=login]", email)
            page.fill("[name=password]", "showfloor")
            page.locator("[name=password]").press("Enter")
            page.wait_for_url(lambda address: "/login/" not in address)
        page.goto(path)
        return page


@contextmanager
def coming(browser: "Browser", site: Showfloor) -> Iterator[People]:
    """Let people come; at the end they leave, and nothing may have gone wrong."""
    expect.set_options(timeout=WITHIN_MS)
    those = People(browser, site)
    yield those
    for context in those.contexts:
        context.close()
    assert those.errors == []


def until(page: "Page", expression: str, argument: object = None) -> None:
    """Wait until a function of the page is true of `argument`. (The page's policy forbids `wait_for_function`.)"""
    deadline = time.monotonic() + WITHIN_MS / 1000
    while not page.evaluate(expression, argument):
        assert time.monotonic() < deadline, f"still not so: {expression} of {argument!r}"
        page.wait_for_timeout(50)


def wait_for_picture(page: "Page") -> None:
    """Wait until the video moves: it has a size, and its time goes on."""
    until(page, "() => document.querySelector('video').videoWidth > 0")
    begin = page.evaluate("document.querySelector('video').currentTime")
    until(page, "begin => document.querySelector('video').currentTime > begin + 1", begin)


def wait_for_fresh_numbers(page: "Page") -> int:
    """Wait for the socket's first word, and return how many are left of what is on the table."""
    until(page, "() => !document.querySelector('[data-viewers]').hidden")
    return left(page)


def left(page: "Page") -> int:
    text = page.locator("[data-pinned] [data-left]").inner_text()
    found = re.fullmatch(r"(\d+) left", text)
    assert found, text
    return int(found[1])


def expect_left(page: "Page", count: int) -> None:
    expect(page.locator("[data-pinned] [data-left]")).to_have_text(f"{count} left")
