"""The show's page in real browsers, against a whole Showfloor with a live picture."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imageio_ffmpeg
import pytest
import requests
from playwright.sync_api import expect

from tests.showfloor import Showfloor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

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


@pytest.fixture
def people(browser: "Browser", demo_site: Showfloor) -> Iterator[People]:
    expect.set_options(timeout=WITHIN_MS)
    those = People(browser, demo_site)
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


def hold(page: "Page", *, quantity: int = 1) -> None:
    """Hold what is on the table, as somebody whose address is known."""
    page.locator("[data-pin-buy]").click()
    for _ in range(quantity - 1):
        page.locator("[data-more]").click()
    page.locator("[data-buy-submit]").click()
    expect(page.locator("[data-hold-left]")).to_have_text(re.compile(r"^Held for \d:\d\d$"))


def pay(page: "Page", button: str) -> None:
    """Open the provider's page in its own tab, press one of its buttons, and close it."""
    with page.expect_popup() as popup:
        page.locator("[data-pay]").click()
    popup.value.get_by_role("button", name=button).click()
    popup.value.wait_for_url(re.compile("/orders/"))
    popup.value.close()


# --- the picture ---


def test_the_show_plays_by_itself_and_says_how_far_it_is_behind(people: People) -> None:
    page = people.come()

    wait_for_picture(page)

    assert page.evaluate("document.querySelector('video').muted") is True
    expect(page.get_by_role("button", name="Turn the sound on")).to_be_visible()
    expect(page.locator("[data-behind]")).to_have_text(re.compile(r"^\d+ s behind the camera$"))
    if folder := os.environ.get("SHOWFLOOR_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/show.png")

    page.get_by_role("button", name="Turn the sound on").click()

    assert page.evaluate("document.querySelector('video').muted") is False
    expect(page.get_by_role("button", name="Turn the sound on")).to_be_hidden()


def test_a_quality_can_be_chosen_down_to_the_sound_alone(people: People) -> None:
    page = people.come()
    wait_for_picture(page)
    menu = page.get_by_role("menu", name="Quality")
    open_menu = page.locator(".stage__foot [data-quality-open]")

    open_menu.click()
    names = [name.split("\n")[0].split(" ")[0] for name in menu.get_by_role("menuitemradio").all_inner_texts()]
    assert names[0] == "Auto"
    assert names[-1] == "Audio"
    heights = [int(name.removesuffix("p")) for name in names[1:-1]]
    assert len(heights) >= 2
    assert heights == sorted(heights, reverse=True)

    menu.get_by_role("menuitemradio").nth(len(heights)).click()
    until(page, "height => document.querySelector('video').videoHeight === height", heights[-1])
    expect(open_menu).to_have_text(f"{heights[-1]}p")

    open_menu.click()
    menu.get_by_role("menuitemradio").nth(1).click()
    until(page, "height => document.querySelector('video').videoHeight === height", heights[0])

    open_menu.click()
    menu.get_by_role("menuitemradio", name="Audio only").click()
    expect(page.get_by_text("The picture is off to save data.")).to_be_visible()
    begin = page.evaluate("document.querySelector('video').currentTime")
    until(page, "begin => document.querySelector('video').currentTime !== begin", begin)
    assert page.evaluate("document.querySelector('video').videoHeight") == 0


def test_the_keyboard_pauses_and_plays(people: People) -> None:
    page = people.come()
    wait_for_picture(page)

    page.keyboard.press("k")
    until(page, "() => document.querySelector('video').paused")
    expect(page.locator("[data-play]")).to_have_attribute("aria-label", "Play")

    page.keyboard.press("k")
    until(page, "() => !document.querySelector('video').paused")


def test_a_replay_seeks_to_a_chapter_and_puts_its_product_on_the_table(people: People) -> None:
    page = people.come("/shows/demo-replay/")
    wait_for_picture(page)
    chapter = page.locator("[data-chapter]").last
    lines = page.locator("[data-line]:visible")
    early = lines.count()

    chapter.click()

    expect(chapter).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-pinned]")).to_have_attribute("data-pinned", chapter.get_attribute("data-chapter") or "")
    wait_for_picture(page)
    assert lines.count() > early
    expect(page.locator("[data-pinned] [data-left]")).to_have_text(re.compile(r"left$|^Sold out$"))


# --- chat ---


def test_two_people_chat_and_a_third_finds_it_on_arrival(people: People) -> None:
    one = people.come(email="shopper@example.com")
    two = people.come(email="shopper2@example.com")

    one.get_by_label("Say something").fill("is it <b>glazed</b> inside?")
    one.get_by_label("Say something").press("Enter")
    expect(two.get_by_text("is it <b>glazed</b> inside?")).to_be_visible()
    two.get_by_label("Say something").fill("it holds water, I asked")
    two.get_by_role("button", name="Send").click()

    expect(one.get_by_text("it holds water, I asked")).to_be_visible()
    expect(one.get_by_text("is it <b>glazed</b> inside?")).to_have_count(1)
    expect(one.locator("[data-line]")).to_have_count(two.locator("[data-line]").count())
    assert one.locator("[data-lines] b b").count() == 0

    third = people.come()
    expect(third.get_by_text("it holds water, I asked")).to_be_visible()
    expect(third.get_by_role("link", name="Sign in to say something")).to_be_visible()


def test_what_is_written_while_the_connection_is_broken_waits_and_goes_out(people: People) -> None:
    one = people.come(email="shopper@example.com")
    two = people.come()
    wait_for_fresh_numbers(one)
    one.context.set_offline(True)

    one.get_by_label("Say something").fill("still there?")
    one.get_by_label("Say something").press("Enter")
    expect(one.locator("[data-mine=queued]")).to_contain_text("still there?")
    expect(two.get_by_text("still there?")).to_have_count(0)

    one.context.set_offline(False)
    expect(two.get_by_text("still there?")).to_have_count(1)
    expect(one.locator("[data-mine=queued]")).to_have_count(0)
    expect(one.get_by_text("still there?")).to_have_count(1)


def test_a_number_that_may_be_old_says_so_and_buying_goes_on(people: People) -> None:
    page = people.come()
    count = wait_for_fresh_numbers(page)
    wait_for_picture(page)

    page.context.set_offline(True)
    expect(page.locator("[data-pinned] [data-left]")).to_have_text(f"About {count} left, checking again")
    expect(page.locator("[data-pin-buy]")).to_have_attribute("href", re.compile("/checkout/"))

    page.context.set_offline(False)
    expect_left(page, count)


# --- buying ---


def test_a_purchase_in_one_browser_is_seen_in_another_without_a_reload(people: People) -> None:
    buyer = people.come(email="shopper@example.com")
    watcher = people.come()
    count = wait_for_fresh_numbers(watcher)
    wait_for_picture(buyer)
    watcher.evaluate("window.wasNotReloaded = true")

    hold(buyer, quantity=2)
    expect_left(watcher, count - 2)
    pay(buyer, "Approve")

    expect(buyer.get_by_text("Paid. It is yours")).to_be_visible()
    expect(buyer.get_by_role("link", name="See the order")).to_have_attribute(
        "href", re.compile(r"^/orders/[0-9a-f-]{36}/$")
    )
    expect_left(watcher, count - 2)
    assert watcher.evaluate("window.wasNotReloaded") is True
    wait_for_picture(buyer)


def test_a_declined_payment_gives_the_units_back_and_can_be_tried_again(people: People) -> None:
    buyer = people.come(email="shopper@example.com")
    watcher = people.come()
    count = wait_for_fresh_numbers(watcher)
    hold(buyer)
    expect_left(watcher, count - 1)

    pay(buyer, "Decline")

    expect(buyer.get_by_text("The payment did not go through")).to_be_visible()
    expect_left(watcher, count)
    buyer.get_by_role("button", name="Try again").click()
    expect(buyer.locator("[data-buy-submit]")).to_be_enabled()


def test_a_guest_who_walks_away_loses_the_hold_and_the_others_see_it(people: People, demo_site: Showfloor) -> None:
    guest = people.come(size=PHONE)
    watcher = people.come()
    count = wait_for_fresh_numbers(watcher)
    guest.locator("[data-pin-buy]").click()
    guest.locator("[data-buy-submit]").click()
    expect(guest.get_by_text("This is needed.")).to_have_count(4)
    for name, value in {"E-mail": "guest@example.com", "Name": "A Guest", "Street": "4 Lane", "City": "Delhi"}.items():
        guest.get_by_label(name).fill(value)
    guest.get_by_label("Postal code", exact=True).fill("11")
    guest.locator("[data-buy-submit]").click()
    expect(guest.locator("#buy-postal_code-error")).to_be_visible()
    guest.get_by_label("Postal code", exact=True).fill("110001")
    guest.locator("[data-buy-submit]").click()
    expect(guest.locator("[data-hold-left]")).to_have_text(re.compile(r"^Held for \d:\d\d$"))
    expect_left(watcher, count - 1)
    number = guest.locator("[data-held-number]").inner_text().removeprefix("SF-")

    demo_site.manage(
        "shell",
        "-c",
        "from datetime import timedelta; from django.utils import timezone; from orders.models import Order; "
        f"Order.objects.filter(number_seq={number}).update(expires_at=timezone.now() - timedelta(minutes=1))",
    )

    expect(guest.get_by_text("The time to pay ran out")).to_be_visible()
    expect_left(watcher, count)


def test_an_order_that_is_let_go_frees_its_units_at_once(people: People) -> None:
    buyer = people.come(email="shopper2@example.com")
    watcher = people.come()
    count = wait_for_fresh_numbers(watcher)
    buyer.locator("[data-pin-buy]").click()
    for name, value in {"Name": "Second Shopper", "Street": "4 Lane", "City": "Delhi"}.items():
        if buyer.get_by_label(name).is_visible():
            buyer.get_by_label(name).fill(value)
    buyer.locator("[data-buy-submit]").click()
    expect_left(watcher, count - 1)
    buyer.get_by_role("button", name="Back to the chat").locator("visible=true").click()
    expect(buyer.locator("[data-held-open]")).to_contain_text("Held for")

    buyer.locator("[data-held-open]").click()
    buyer.get_by_role("button", name="Let it go").click()

    expect(buyer.locator("[data-end-title]")).to_have_text("Let go")
    expect_left(watcher, count)


# --- the host's hand ---


def test_a_pin_swaps_the_card_without_a_reload(people: People, demo_site: Showfloor) -> None:
    page = people.come()
    wait_for_fresh_numbers(page)
    first = page.locator("[data-pinned]").get_attribute("data-pinned")

    pin(demo_site, "MUG-MUSTARD")
    expect(page.locator("#h-pin")).to_contain_text("mug")
    expect(page.locator("[data-item=MUG-MUSTARD]")).to_have_attribute("aria-current", "true")

    pin(demo_site, first or "")
    expect(page.locator("[data-pinned]")).to_have_attribute("data-pinned", first or "")


def test_a_waiting_page_plays_when_the_show_begins_and_again_after_it_ended(
    people: People, demo_site: Showfloor
) -> None:
    host = Host(demo_site)
    show = host.call("sessions", title="A show of colour bars")
    host.call(f"sessions/{show['slug']}/products", skus=["MUG-MUSTARD"])
    page = people.come(f"/shows/{show['slug']}/")
    expect(page.get_by_text("Not on air yet")).to_be_visible()
    expect(page.locator("[data-controls]")).to_be_hidden()

    with camera(show["rtmp_url"]):
        wait_for_picture(page)
        expect(page.locator("[data-lamp-live]")).to_be_visible()
        expect(page.locator("[data-slate]")).to_be_hidden()
        host.call(f"sessions/{show['slug']}/pin", sku="MUG-MUSTARD")
        expect(page.locator("#h-pin")).to_contain_text("mug")
        host.call(f"sessions/{show['slug']}/end")

    expect(page.get_by_text("That was the show")).to_be_visible()
    page.get_by_role("link", name="Watch the replay").click()
    expect(page.locator("[data-lamp-replay]")).to_be_visible()
    wait_for_picture(page)
    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^0:\d\d / 0:\d\d$"))


class Host:
    """The demo's host, by the REST API."""

    def __init__(self, site: Showfloor) -> None:
        self.address = f"{site.url}/api/v1"
        answer = requests.post(
            f"{self.address}/tokens", json={"email": "host@example.com", "password": "showfloor"}, timeout=10
        )
        self.token = answer.json()["token"]

    def call(self, path: str, **body: Any) -> dict[str, Any]:
        answer = requests.post(
            f"{self.address}/host/{path}", json=body, headers={"Authorization": f"Token {self.token}"}, timeout=20
        )
        assert answer.ok, answer.text
        return dict(answer.json()) if answer.content else {}


@contextmanager
def camera(address: str) -> Iterator[None]:
    """Push small colour bars with a tone, as an encoder does, while the block runs."""
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15", "-f", "lavfi", "-i", "sine=frequency=440"]
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15", "-pix_fmt", "yuv420p"]
    encoder = subprocess.Popen(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "error",
            "-re",
            *picture,
            *encode,
            "-c:a",
            "aac",
            "-f",
            "flv",
            address,
        ],
        stdin=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        encoder.kill()
        encoder.wait(timeout=10)


def pin(site: Showfloor, sku: str) -> None:
    site.manage(
        "shell",
        "-c",
        "from streams import pins; from streams.models import StreamSession; "
        f"pins.pin(StreamSession.objects.get(slug='demo-live'), {sku!r}, actor='system:test')",
    )
