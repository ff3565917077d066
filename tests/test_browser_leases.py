"""Watching on several devices, in real browsers: who may play, who is asked, who must stop; what the host learns."""

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests
from playwright.sync_api import expect

from tests.support.showfloor import Showfloor
from tests.support.viewers import SHOW, People, coming, until, wait_for_picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

SHOPPER = "shopper2@example.com"
WITHIN_S = 60


@pytest.fixture
def people(browser: "Browser", demo_site: Showfloor) -> Iterator[People]:
    with coming(browser, demo_site) as those:
        yield those


def another_tab(page: "Page", path: str = SHOW) -> "Page":
    tab = page.context.new_page()
    tab.goto(path)
    return tab


def watching(page: "Page") -> int:
    """Count the devices that the account's page lists."""
    tab = another_tab(page, "/accounts/devices/")
    count = tab.get_by_role("button", name=re.compile("^Stop ")).count()
    tab.close()
    return count


def wait_for_devices(page: "Page", count: int) -> None:
    deadline = time.monotonic() + WITHIN_S
    while (seen := watching(page)) != count:
        assert time.monotonic() < deadline, f"{seen} devices, not {count}"


def test_one_device_too_many_chooses_another_to_stop_which_may_take_it_back(people: People) -> None:
    first = people.come(email=SHOPPER)
    tabs = [first, another_tab(first), another_tab(first)]
    for tab in tabs:
        wait_for_picture(tab)

    fourth = another_tab(first)
    expect(fourth.get_by_text("You are watching on 3 devices")).to_be_visible()
    expect(fourth.locator("[data-controls]")).to_be_hidden()
    stop = fourth.get_by_role("button", name=re.compile("^Stop .+, and watch here$"))
    assert stop.count() == 3
    stop.first.click()
    wait_for_picture(fourth)

    # the one that was stopped hears so with its next heartbeat
    stopped = wait_for_one(tabs, "Now playing on")
    assert stopped.evaluate("document.querySelector('video').currentTime") == 0
    assert sum(tab.get_by_text("Now playing on").is_visible() for tab in tabs) == 1
    expect(stopped.get_by_role("textbox", name=re.compile("Say something|message", re.IGNORECASE))).to_be_editable()

    stopped.get_by_role("button", name="Watch here").click()
    wait_for_picture(stopped)
    wait_for_one([fourth], "Now playing on")


def wait_for_one(tabs: list["Page"], words: str) -> "Page":
    deadline = time.monotonic() + WITHIN_S
    while True:
        for tab in tabs:
            if tab.get_by_text(words).is_visible():
                return tab
        assert time.monotonic() < deadline, f"nobody was told: {words}"
        tabs[0].wait_for_timeout(200)


def test_a_reload_counts_once_leaving_gives_back_and_the_account_stops_it(people: People) -> None:
    page = people.come(email=SHOPPER)
    wait_for_picture(page)
    wait_for_devices(page, 1)

    for _ in range(3):
        page.reload()
        wait_for_picture(page)
    assert watching(page) == 1

    account = another_tab(page, "/accounts/devices/")
    account.get_by_role("button", name=re.compile("^Stop ")).click()
    expect(account.get_by_text("It stops within a few seconds.")).to_be_visible()
    wait_for_one([page], "Stopped on this device")
    page.get_by_role("button", name="Watch here").click()
    wait_for_picture(page)
    assert watching(page) == 1

    page.goto("/shop/")
    wait_for_devices(page, 0)


def test_a_duplicated_tab_is_a_device_of_its_own(people: People) -> None:
    page = people.come(email=SHOPPER)
    wait_for_picture(page)
    word = page.evaluate("sessionStorage.getItem('showfloor-device')")

    copy = page.context.new_page()
    copy.add_init_script(f"sessionStorage.getItem('copied') || sessionStorage.setItem('showfloor-device', '{word}')")
    copy.add_init_script("sessionStorage.setItem('copied', '1')")
    copy.goto(SHOW)
    wait_for_picture(copy)

    wait_for_devices(page, 2)
    assert page.evaluate("sessionStorage.getItem('showfloor-device')") == word
    assert copy.evaluate("sessionStorage.getItem('showfloor-device')") != word


def test_without_an_answer_it_plays_all_the_same(people: People) -> None:
    page = people.come("/shop/")
    page.route("**/api/v1/playback/leases**", lambda route: route.abort())

    page.goto(SHOW)

    wait_for_picture(page)
    expect(page.locator("[data-slate]")).to_be_hidden()


def test_the_host_learns_how_it_plays(people: People, demo_site: Showfloor) -> None:
    before = plays(demo_site)
    page = people.come()
    wait_for_picture(page)

    page.close()

    deadline = time.monotonic() + WITHIN_S
    while (now := plays(demo_site))["viewings"] <= before["viewings"]:
        assert time.monotonic() < deadline, now
        time.sleep(0.2)
    assert 0 < now["startup"]["p50_ms"] <= now["startup"]["p95_ms"]
    assert now["latency"]["p50_ms"] > 0


def plays(site: Showfloor) -> dict[str, Any]:
    api = f"{site.url}/api/v1"
    who = {"email": "host@example.com", "password": "showfloor"}
    token = requests.post(f"{api}/tokens", json=who, timeout=20).json()["token"]
    answer = requests.get(
        f"{api}/host/sessions/demo-live/figures", headers={"Authorization": f"Token {token}"}, timeout=20
    )
    return dict(answer.json()["watching"])


def test_the_player_minds_its_keys(people: People) -> None:
    page = people.come()
    wait_for_picture(page)
    expect(page.locator("[data-play]")).to_have_attribute("title", "Pause (k)")

    page.keyboard.press("m")
    until(page, "() => !document.querySelector('video').muted")

    page.locator("[data-play]").focus()
    page.keyboard.press("ArrowDown")
    until(page, "() => document.querySelector('video').volume === 0.9")

    page.keyboard.press("i")
    until(page, "() => document.pictureInPictureElement === document.querySelector('video')")
    page.keyboard.press("i")
    until(page, "() => !document.pictureInPictureElement")


def test_a_broken_line_is_told_and_healed(people: People) -> None:
    page = people.come()
    wait_for_picture(page)

    page.context.set_offline(True)
    expect(page.get_by_text("The picture stopped")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()

    page.context.set_offline(False)
    wait_for_picture(page)
    expect(page.locator("[data-slate]")).to_be_hidden()
