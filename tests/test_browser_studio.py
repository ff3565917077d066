"""A host's evening in a real browser: plan, connect an encoder, go live, pin, chat, sell, end, and see the replay."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import imageio_ffmpeg
import pytest
from playwright.sync_api import expect

from tests.support.showfloor import Showfloor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WITHIN_MS = 30_000
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
ADDRESS = {
    "email": "guest@example.com",
    "name": "A Guest",
    "line1": "4 Example Lane",
    "postal_code": "110001",
    "city": "New Delhi",
}


class Floor:
    """Whoever has a browser on this Showfloor; whatever goes wrong in a page's script fails the test."""

    def __init__(self, browser: "Browser", site: Showfloor) -> None:
        self.browser = browser
        self.site = site
        self.contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def open(
        self, path: str, *, email: str = "", size: dict[str, int] = WIDE, has_script: bool = True, zone: str = "UTC"
    ) -> "Page":
        context = self.browser.new_context(
            base_url=self.site.url, viewport=size, locale="en", timezone_id=zone, java_script_enabled=has_script
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


@pytest.fixture
def floor(browser: "Browser", demo_site: Showfloor) -> Iterator[Floor]:
    expect.set_options(timeout=WITHIN_MS)
    everyone = Floor(browser, demo_site)
    yield everyone
    for context in everyone.contexts:
        context.close()
    assert everyone.errors == []


@contextmanager
def encoder(server: str, key: str) -> Iterator[subprocess.Popen[bytes]]:
    """A small moving picture with a tone, pushed as any encoder would."""
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15", "-f", "lavfi", "-i", "sine=frequency=440"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15", "-pix_fmt", "yuv420p"]
    address = f"{server}/{key}"
    with subprocess.Popen(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            *["-v", "error", "-nostdin", "-re"],
            *picture,
            *coding,
            *["-b:v", "300k", "-c:a", "aac", "-f", "flv", address],
        ]
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(page: "Page", expression: str, argument: object = None) -> None:
    """Wait until a function of the page is true. (The page's policy forbids `wait_for_function`.)"""
    deadline = time.monotonic() + WITHIN_MS / 1000
    while not page.evaluate(expression, argument):
        assert time.monotonic() < deadline, f"still not so: {expression} of {argument!r}"
        page.wait_for_timeout(50)


def wait_for_picture(page: "Page") -> None:
    until(page, "() => document.querySelector('video')?.videoWidth > 0")
    begin = page.evaluate("document.querySelector('video').currentTime")
    until(page, "begin => document.querySelector('video').currentTime > begin + 0.5", begin)


def figure(page: "Page", name: str) -> int:
    return int(page.locator(f"[data-fig={name}]").inner_text())


def plan(page: "Page", title: str) -> None:
    page.fill("[name=title]", title)
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_role("heading", name="Connect your encoder")).to_be_visible()


def add_products(page: "Page", words: str, count: int) -> None:
    expect(page.locator("html[data-script]")).to_be_attached()  # the keys are heard from now on
    page.keyboard.press("a")
    page.fill("#find", words)
    rows = page.locator("dialog[open] .found__row", has_text=re.compile(words, re.IGNORECASE))
    expect(rows.first).to_be_visible()
    for number in range(count):
        rows.get_by_role("button", name=re.compile("^Add ")).first.click()
        expect(page.locator("[data-entry]")).to_have_count(number + 1)
    page.keyboard.press("Escape")


def test_a_host_shows_and_sells_from_the_studio(floor: Floor) -> None:
    host = floor.open("/host/", email="host@example.com")
    plan(host, "Browser evening")
    slug = host.url.rstrip("/").rpartition("/")[2]
    add_products(host, "vase", 2)
    first, second = host.locator("[data-entry]").evaluate_all("all => all.map(one => one.dataset.entry)")
    expect(host.locator("#c-key")).to_be_hidden()
    host.get_by_text("Show the key").first.click()
    expect(host.locator("#c-key")).to_be_visible()

    with encoder(host.locator("#c-server").input_value(), host.locator("#c-key").input_value()):
        # The preview comes by itself, and only the host has it.
        expect(host.locator(".lamp")).to_contain_text("Preview")
        expect(host.locator(".badge:not(.cam__tag)", has_text="Only you see this")).to_be_visible()
        wait_for_picture(host)
        shopper = floor.open(f"/shows/{slug}/", email="shopper@example.com")
        expect(shopper.get_by_text("Not on air yet")).to_be_visible()

        host.get_by_role("button", name="Go live").click()
        expect(host.locator(".lamp")).to_contain_text("On air")
        expect(host.locator("[data-health-bitrate]")).to_contain_text("Mb/s")
        expect(host.locator("[data-health-behind]")).to_contain_text(" s")
        shopper.reload()
        wait_for_picture(shopper)
        expect(host.locator("[data-fig=viewers]")).to_have_text("1")  # the studio itself is none

        # Pin, and the shopper's page follows.
        host.keyboard.press("p")
        expect(host.locator("[data-pinned]")).to_have_attribute("data-pinned", first)
        expect(shopper.locator("[data-pinned]")).to_have_attribute("data-pinned", first)
        host.keyboard.press("p")
        expect(shopper.locator("[data-pinned]")).to_have_attribute("data-pinned", second)
        host.keyboard.press("u")
        expect(host.get_by_text("Nothing is pinned.")).to_be_visible()
        expect(shopper.locator("[data-pinned]")).to_be_hidden()

        # Chat both ways, and one line deleted for everyone.
        shopper.fill("#say", "does it hold water?")
        shopper.locator("#say").press("Enter")
        expect(host.locator(".line", has_text="does it hold water?")).to_be_visible()
        host.keyboard.press("c")
        host.keyboard.type("glazed inside, it does")
        host.keyboard.press("Enter")
        expect(shopper.locator(".line--host", has_text="glazed inside, it does")).to_be_visible()
        host.keyboard.press("Escape")
        host.keyboard.press("j")
        host.keyboard.press("x")
        expect(shopper.locator(".line", has_text="does it hold water?")).to_have_count(0)
        expect(host.locator(".line", has_text="does it hold water?")).to_have_count(0)
        expect(shopper.locator(".line", has_text="glazed inside")).to_have_count(1)
        host.select_option("#slow", "30")
        expect(shopper.locator("[data-slow]")).to_contain_text("30")

        # An order shows up unpaid, then paid, with the stock falling.
        before = host.locator(f"[data-entry='{first}'] [data-left]").inner_text()
        buyer = floor.open(f"/checkout/?sku={first}&quantity=2&session={slug}")
        for name, value in ADDRESS.items():
            buyer.fill(f"[name={name}]", value)
        buyer.get_by_role("button", name=re.compile("^Pay")).locator("visible=true").click()
        expect(host.locator("[data-fig=unpaid]")).to_have_text("1")
        expect(host.locator(f"[data-entry='{first}'] [data-left]")).not_to_have_text(before)
        assert figure(host, "orders") == 0
        buyer.get_by_role("button", name="Approve").click()
        expect(host.locator("[data-fig=orders]")).to_have_text("1")
        expect(host.locator("[data-fig-money]")).not_to_have_text("$0.00")
        expect(host.locator(f"[data-entry='{first}'] [data-sold]")).to_contain_text("2 sold")

        # Ending asks once, tells what it means, and is for good.
        host.keyboard.press("e")
        expect(host.get_by_role("dialog")).to_contain_text("1 watching, 0 units held")
        host.get_by_role("link", name="Keep going").click()
        expect(host.locator(".lamp")).to_contain_text("On air")
        host.keyboard.press("e")
        host.get_by_role("dialog").get_by_role("button", name="End show").click()
        expect(host.get_by_role("heading", name="That was your show")).to_be_visible()

    expect(host.locator(".sales")).to_contain_text("2")
    host.get_by_role("link", name="Watch the replay").click()
    expect(host).to_have_url(re.compile(f"/shows/{slug}/$"))
    wait_for_picture(host)


@pytest.mark.slow
def test_a_lost_encoder_is_said_and_the_show_goes_on_with_the_next(floor: Floor) -> None:
    host = floor.open("/host/", email="host@example.com", size=PHONE)
    host.locator("[name=preview]").uncheck()
    plan(host, "Shaky line")
    server, key = host.locator("#c-server").input_value(), host.locator("#c-key").input_value()

    with encoder(server, key):
        expect(host.locator(".lamp")).to_contain_text("On air")
        wait_for_picture(host)
    expect(host.locator(".lamp")).to_contain_text("Picture lost")
    expect(host.get_by_text("Your picture is gone")).to_be_visible()
    with encoder(server, key):
        expect(host.locator(".lamp")).to_contain_text("On air")
        wait_for_picture(host)
        host.get_by_role("link", name="End show").click()
        host.get_by_role("dialog").get_by_role("button", name="End show").click()
        expect(host.get_by_role("heading", name="That was your show")).to_be_visible()


@pytest.mark.slow
def test_a_key_that_was_replaced_opens_nothing(floor: Floor) -> None:
    host = floor.open("/host/", email="host@example.com")
    plan(host, "Leaky key")
    server, old = host.locator("#c-server").input_value(), host.locator("#c-key").input_value()

    host.get_by_role("link", name="Make a new one").click()
    host.get_by_role("button", name="New key").click()
    expect(host.get_by_text("There is a new key.")).to_be_visible()
    assert host.locator("#c-key").input_value() != old

    with encoder(server, old) as process:
        assert process.wait(timeout=20) != 0
    expect(host.locator(".lamp")).to_contain_text("Off air")


@pytest.mark.slow
def test_the_studio_works_without_script(floor: Floor) -> None:
    host = floor.open("/host/", email="host@example.com", has_script=False)
    plan(host, "No script")

    host.get_by_role("link", name="Add products").click()
    host.fill("[name=q]", "vase")
    host.get_by_role("button", name="Search").click()
    host.get_by_role("button", name=re.compile("^Add ")).first.click()
    expect(host.get_by_text("On the list")).to_be_visible()
    host.get_by_role("link", name="Close").click()
    host.get_by_role("button", name=re.compile("^Pin ")).first.click()
    expect(host.get_by_role("button", name="Unpin", exact=True)).to_be_visible()
    host.fill("[name=text]", "anybody here?")
    host.get_by_role("button", name="Send").click()
    expect(host.locator(".line", has_text="anybody here?")).to_be_visible()
    host.locator(".line").hover()
    host.get_by_role("button", name=re.compile("^Delete what")).click()
    expect(host.locator(".line")).to_have_count(0)
    host.get_by_role("link", name="Call it off").click()
    host.get_by_role("dialog").get_by_role("button", name="Call it off").click()

    expect(host.get_by_role("heading", name="This show was called off")).to_be_visible()


@pytest.mark.slow
def test_a_message_waits_is_shown_pinned_and_announced_over(floor: Floor) -> None:
    studio = floor.open("/host/shows/demo-live/", email="host@example.com")
    viewer = floor.open("/shows/demo-live/", email="shopper@example.com", size=PHONE)
    studio.locator("[data-ask=chat]").click()
    studio.get_by_label("Blocked words").fill("bargain")
    studio.get_by_role("button", name="Keep these rules").click()
    expect(studio.get_by_text("The chat follows these rules from now on.")).to_be_visible()
    studio.keyboard.press("Escape")

    viewer.get_by_label("Say something").fill("is it a bargain?")
    viewer.get_by_label("Say something").press("Enter")
    expect(viewer.locator(".line--held")).to_contain_text("A moderator looks at it first.")
    studio.get_by_role("button", name=re.compile("^Show what")).click()
    expect(viewer.locator(".line--held")).to_have_count(0)
    expect(viewer.locator("[data-line]").get_by_text("is it a bargain?")).to_be_visible()

    line = studio.locator("[data-lines] > [data-line]").filter(has_text="is it a bargain?")
    line.hover()
    line.locator("summary").click()
    line.get_by_role("button", name="Pin").click()
    expect(viewer.locator("[data-pinned-line]")).to_contain_text("is it a bargain?")

    studio.locator("#announce").click()
    studio.locator("#announce-text").fill("We begin again in two minutes.")
    studio.get_by_role("button", name="Announce", exact=True).click()
    expect(viewer.locator("[data-announcement]")).to_contain_text("We begin again in two minutes.")
    expect(studio.locator("[data-announcement]")).to_contain_text("We begin again in two minutes.")
    expect(studio.get_by_label("Say something as host")).to_be_in_viewport()
    studio.locator("#announce").click()
    studio.get_by_role("button", name="End: We begin").click()
    expect(viewer.locator("[data-announcement]")).to_have_count(0)


@pytest.mark.slow
def test_a_show_is_planned_in_the_hosts_own_time(floor: Floor) -> None:
    host = floor.open("/host/", email="host@example.com", zone="Asia/Kolkata")
    expect(host.get_by_text("Your time, Asia/")).to_be_visible()
    host.fill("[name=title]", "Half past")
    host.fill("[name=starts_at]", "2090-06-01T20:00")
    host.get_by_role("button", name="Plan it").click()
    host.goto("/host/")

    row = host.locator(".showrow", has_text="Half past")
    expect(row).to_contain_text("20:00")
    at = row.locator("time").get_attribute("datetime")
    assert at
    assert datetime.fromisoformat(at) == datetime(2090, 6, 1, 14, 30, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_no_page_of_a_host_scrolls_sideways(floor: Floor, size: dict[str, int]) -> None:
    host = floor.open("/host/", email="host@example.com", size=size)
    shows = ["demo-live", "demo-upcoming", "demo-replay"]
    for path in ("/host/", *[f"/host/shows/{slug}/" for slug in shows], "/host/shows/demo-upcoming/?ask=add"):
        host.goto(path)
        assert host.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
