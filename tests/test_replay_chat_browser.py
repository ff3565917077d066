"""The chat of a long replay in Chromium: in step with the picture wherever one seeks, and few questions asked."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import expect

from streams.models import ChatMessage, StreamSession
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support import web_servers
from tests.support.factories import make_session
from tests.support.recordings import film
from tests.support.viewers import PHONE, WIDE, WITHIN_MS, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LENGTH_S = 140
A_SECOND = 15
COUNT = LENGTH_S * A_SECOND
ONE_REST = 6  # a slow machine may take one stop on the way for the end of it
# A hand that is all over the bar.
SCRUB = """async () => {
  for (let at = 5; at < 125; at += 4) {
    document.querySelector("video").currentTime = at;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}"""
SHOWN = "[data-lines] [data-line]:not([hidden])"
LAST_SHOWN = """() => {
  const lines = [...document.querySelectorAll("[data-lines] [data-line]:not([hidden])")];
  return lines.map((line) => line.lastChild.data).filter((text) => text.startsWith("line ")).at(-1) ?? "";
}"""
IN_STEP = f"""([perSecond, count]) => {{
  const [video, last] = [document.querySelector("video"), ({LAST_SHOWN})()];
  const due = Math.min(count - 1, Math.floor(video.currentTime * perSecond));
  return !video.seeking && last !== "" && Math.abs(Number(last.slice(5)) - due) <= perSecond * 2;
}}"""


@pytest.fixture
def site() -> Iterator[str]:
    with web_servers.running(count=1, DEBUG="1") as [address]:
        yield address
    connections.close_all()


@pytest.fixture
def session() -> StreamSession:
    """A show of some minutes, with fifteen messages a second, one while it was awaited, and one about it since."""
    begin = timezone.now() - timedelta(hours=1)
    end = begin + timedelta(seconds=LENGTH_S + 3)  # some time after the last picture
    session = make_session("kiln", state="ended", started_at=begin, ended_at=end)
    film(session, length_s=LENGTH_S, segment_s=20, fps=1)
    spoken = [(begin - timedelta(minutes=1), "first of all"), (end + timedelta(minutes=1), "lovely replay")]
    spoken += [(end - timedelta(seconds=1), "goodbye")]
    spoken += [(begin + timedelta(seconds=number / A_SECOND), f"line {number}") for number in range(COUNT)]
    ChatMessage.objects.bulk_create(
        ChatMessage(session=session, author_name="Ana", text=text, at=at) for at, text in spoken
    )
    return session


@contextmanager
def watching(address: str) -> Iterator[Callable[[dict[str, int]], tuple["Page", list[str]]]]:
    """Open a replay in Chromium, in any size, and hear which of its comments are asked for.

    No test may use the database beside the browser's loop.
    """
    from playwright.sync_api import sync_playwright

    failed: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)

        def watch(size: dict[str, int]) -> tuple["Page", list[str]]:
            asked: list[str] = []
            page = browser.new_page(viewport=size, locale="en", timezone_id="UTC", has_touch=size == PHONE)
            page.on("request", lambda request: asked.append(request.url) if "/comments?" in request.url else None)
            page.on("pageerror", lambda error: failed.append(str(error)))
            page.goto(address)
            until(page, "() => document.querySelector('video').readyState > 0")
            return page, asked

        yield watch
        browser.close()
    assert failed == []


def seek(page: "Page", seconds: float) -> None:
    page.evaluate("seconds => { document.querySelector('video').currentTime = seconds }", seconds)


def in_step(page: "Page") -> None:
    until(page, IN_STEP, [A_SECOND, COUNT])


def picture(page: "Page", name: str) -> None:
    if folder := os.environ.get("SHOWFLOOR_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png")


def test_a_long_chat_keeps_step_wherever_one_seeks(session: StreamSession, site: str) -> None:
    with watching(f"{site}{session.get_absolute_url()}") as watch:
        page, asked = watch(WIDE)
        texts = page.locator(SHOWN)
        in_step(page)
        assert texts.first.inner_text().endswith("first of all")
        assert texts.last.inner_text().endswith("lovely replay")

        seek(page, 80)
        in_step(page)
        picture(page, "replay-chat-1280")
        seek(page, LENGTH_S - 0.5)
        in_step(page)
        expect(texts.nth(-2)).to_have_text("Anagoodbye", timeout=WITHIN_MS)
        expect(texts.last).to_have_text("Analovely replay")

        before = len(asked)
        page.evaluate(SCRUB)
        seek(page, 80)
        in_step(page)
        assert len(asked) <= before + ONE_REST
        assert max(Counter(asked).values()) == 1

        first = texts.first.text_content() or ""
        page.evaluate("document.querySelector('[data-scroll]').scrollTop = 0")
        expect(texts.first).not_to_have_text(first, timeout=WITHIN_MS)
        numbers = [int(number) for number in re.findall(r"line (\d+)", page.locator("[data-lines]").inner_text())]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert numbers[0] < int(first.rpartition("line ")[2])

        phone, _ = watch(PHONE)
        seek(phone, 60)
        in_step(phone)
        picture(phone, "replay-chat-390")
        line = phone.locator(SHOWN, has_text=phone.evaluate(LAST_SHOWN)).last.bounding_box()
        scroll = phone.locator("[data-scroll]").bounding_box()
        assert line
        assert scroll
        assert scroll["y"] <= line["y"] <= scroll["y"] + scroll["height"]
