"""The show's page in real browsers, against a whole Showfloor with a live picture: video and the host's hand."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imageio_ffmpeg
import pytest
import requests
from playwright.sync_api import expect

from tests.support.showfloor import Showfloor
from tests.support.viewers import SHOW, People, coming, until, wait_for_fresh_numbers, wait_for_picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def people(browser: "Browser", demo_site: Showfloor) -> Iterator[People]:
    with coming(browser, demo_site) as those:
        yield those


def test_the_show_plays_by_itself_and_says_how_far_it_is_behind(people: People) -> None:
    page = people.come()

    wait_for_picture(page)

    assert page.evaluate("document.querySelector('video').muted") is True
    expect(page.get_by_role("button", name="Turn the sound on")).to_be_visible()
    expect(page.locator("[data-behind]")).to_have_text(re.compile(r"^\d+ s behind the camera$"))
    expect(page.locator("[data-captions]")).to_be_hidden()
    if folder := os.environ.get("SHOWFLOOR_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/show.png")

    page.get_by_role("button", name="Turn the sound on").click()

    assert page.evaluate("document.querySelector('video').muted") is False
    expect(page.get_by_role("button", name="Turn the sound on")).to_be_hidden()


def test_a_browser_without_h264_says_so_and_sells_all_the_same(people: People) -> None:
    page = people.come("/shop/")
    page.add_init_script(
        "const may = MediaSource.isTypeSupported.bind(MediaSource);"
        "MediaSource.isTypeSupported = (mime) => !/avc1|mp4a/.test(mime) && may(mime)"
    )
    page.goto(SHOW)

    expect(page.locator("[data-slate-title]")).to_have_text("This browser can't play the video")
    expect(page.get_by_role("link", name="Buy").or_(page.get_by_role("button", name="Buy")).first).to_be_visible()


@pytest.mark.slow
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


def test_the_seek_bar_shows_the_moment_under_the_pointer(people: People) -> None:
    page = people.come("/shows/demo-replay/")
    wait_for_picture(page)
    bar, picture = page.locator("[data-seek]"), page.locator("[data-peek-picture]")
    box = bar.bounding_box()
    assert box
    places = []

    for part in (0.2, 0.8):
        page.mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 2)
        expect(picture).to_be_visible()
        expect(picture).to_have_css("background-image", re.compile(r"/sessions/.+/thumbnails\.jpg"))
        places.append(picture.evaluate("element => element.style.backgroundPosition"))
    assert places[0] != places[1]
    expect(page.locator("[data-peek-time]")).to_have_text(re.compile(r"^0:3\d$"))

    page.mouse.move(box["x"], 0)
    expect(page.locator("[data-peek]")).to_be_hidden()
    bar.focus()
    page.keyboard.press("End")
    expect(picture).to_be_visible()


@pytest.mark.slow
def test_captions_are_off_until_somebody_wants_them_and_stay_on_then(people: People) -> None:
    page = people.come("/shows/demo-replay/")
    wait_for_picture(page)
    button, words = page.locator("[data-captions]"), page.locator("[data-cues]")
    expect(button).to_have_attribute("aria-pressed", "false")
    page.evaluate("document.querySelector('video').currentTime = 9")
    wait_for_picture(page)
    expect(words).to_be_hidden()

    page.keyboard.press("c")

    expect(words).to_contain_text("Sea first.")
    expect(button).to_have_attribute("aria-label", "Captions off")
    assert page.evaluate("document.querySelector('[data-cues]').getBoundingClientRect().bottom") <= page.evaluate(
        "document.querySelector('[data-seek]').getBoundingClientRect().top"
    )
    page.reload()
    expect(words).to_contain_text("Good evening.")
    button.click()
    expect(words).to_be_hidden()


def test_a_pin_swaps_the_card_without_a_reload(people: People, demo_site: Showfloor) -> None:
    page = people.come()
    wait_for_fresh_numbers(page)
    first = page.locator("[data-pinned]").get_attribute("data-pinned")

    pin(demo_site, "MUG-MUSTARD")
    expect(page.locator("#h-pin")).to_contain_text("mug")
    expect(page.locator("[data-item=MUG-MUSTARD]")).to_have_attribute("aria-current", "true")

    pin(demo_site, first or "")
    expect(page.locator("[data-pinned]")).to_have_attribute("data-pinned", first or "")


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_picture_comes_back_whatever_is_killed_and_nobody_reloads(people: People, demo_site: Showfloor) -> None:
    page = people.come()
    wait_for_picture(page)
    page.evaluate("() => { window.isTheSameVisit = true }")

    for victim in ("ffmpeg", "run_media", "camera"):
        demo_site.show_processes()[victim].kill()
        killed_ms = page.evaluate("() => Date.now()")

        # What is on screen was filmed after that, so it is no rest of the buffer.
        until(page, FILMED_AFTER, killed_ms)
        expect(page.locator("[data-slate]")).to_be_hidden()
    assert page.evaluate("() => window.isTheSameVisit") is True


# The moment at which the camera saw the picture, which is told in whole seconds.
FILMED_AFTER = """(moment) => {
  const behind = parseInt(document.querySelector("[data-behind]").textContent);
  return Date.now() - (behind + 0.5) * 1000 > moment;
}"""


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
