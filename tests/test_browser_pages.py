"""Pages under the hand: on a phone, by keys, offline, without a clipboard, and with what was typed wrong."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.showfloor import Showfloor
from tests.support.viewers import PHONE, SHOW, WIDE, People, coming, until, wait_for_fresh_numbers, wait_for_picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOPPER, HOST = "shopper@example.com", "host@example.com"
REPLAY = "/shows/demo-replay/"
ON_A_PHONE = ["/", "/shows/", SHOW, REPLAY, "/shop/", "/cart/", "/wishlist/", "/orders/", "/accounts/login/", "/no/"]
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
NO_COPYING = f"{NO_CLIPBOARD}; document.execCommand = () => false"
# A device that is held in the hand, whose way of sharing refuses.
CAN_SHARE = """
navigator.share = async () => { window.asked = true; throw new DOMException("", window.refusal) };
const query = window.matchMedia;
window.matchMedia = (words) => words === "(pointer: coarse)" ? { matches: true } : query.call(window, words);
"""
FOCUSED = "document.activeElement"


@pytest.fixture
def people(browser: "Browser", demo_site: Showfloor) -> Iterator[People]:
    with coming(browser, demo_site) as those:
        yield those


def test_a_phone_has_search_and_the_postal_code_one_tap_away_on_every_page(people: People) -> None:
    page = people.come("/", size=PHONE)
    for path in ON_A_PHONE:
        page.goto(path)
        tap(page, "search")
        expect(page.locator("#search-words")).to_be_focused()
        page.keyboard.press("Escape")
        tap(page, "place")
        expect(page.locator("#place-code")).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path

    page.goto("/")
    tap(page, "search")
    page.keyboard.type("mug")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/shop/\?q=mug$"))
    tap(page, "place")
    page.fill("#place-code", "400001")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Deliver to 400001").locator("visible=true")).to_be_visible()


def test_between_phone_and_desk_the_postal_code_is_there_too(people: People) -> None:
    page = people.come("/", size={"width": 800, "height": 1000})

    expect(page.get_by_role("button", name=re.compile("Deliver to"))).to_have_count(1)
    page.get_by_role("button", name=re.compile("Deliver to")).click()
    expect(page.locator("#place-code")).to_be_visible()


@pytest.mark.parametrize("height", [700, 800, 1000])
def test_the_show_ends_where_its_content_ends(people: People, height: int) -> None:
    page = people.come(size={"width": 1280, "height": height})
    overlong = """() => {
      const bottom = (name) => document.querySelector(name).getBoundingClientRect().bottom + scrollY;
      const content = Math.max(bottom(".items"), bottom(".side"));
      return document.documentElement.scrollHeight - Math.max(innerHeight, content + 40);
    }"""

    assert page.evaluate(overlong) <= 0
    if height >= 800:
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_the_phones_show_has_its_heading(people: People) -> None:
    page = people.come(size=PHONE)

    [heading] = page.get_by_role("heading", level=1).all()
    box = heading.bounding_box()
    assert box
    assert (box["y"] < 60, box["height"] > 12, box["width"] > 100) == (True, True, True)
    assert page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('h1') !== null",
        [box["x"] + 20, box["y"] + box["height"] / 2],
    )


def test_the_gallery_takes_the_focus_and_the_keys(people: People) -> None:
    page = people.come("/shop/?category=knitwear", size=PHONE)
    page.locator(".card__name a").first.click()
    gallery = page.get_by_role("group", name="Pictures")
    gallery.focus()
    count = gallery.locator("figure").count()
    assert count > 1
    in_sight = """(index) => {
      const gallery = document.querySelector("[data-gallery]");
      const [around, shown] = [gallery, gallery.children[index]].map((one) => one.getBoundingClientRect());
      return shown.left >= around.left - 1 && shown.left < around.left + around.width / 2;
    }"""

    for key, shown in (("ArrowRight", 1), ("ArrowLeft", 0), ("End", count - 1), ("Home", 0)):
        page.keyboard.press(key)
        until(page, in_sight, shown)


def test_a_wrong_postal_code_keeps_the_filters_open_with_its_error_in_sight(people: People) -> None:
    page = people.come("/shop/", size=PHONE)
    page.locator("[data-sheet]").first.click()
    page.fill("#pc", "123")
    page.locator(".filters__foot button").click()

    expect(page.locator("#pc-error")).to_be_in_viewport()
    expect(page.locator("#pc")).to_be_focused()
    expect(page.locator("#pc")).to_have_value("123")
    expect(page.locator("#filters")).to_have_class(re.compile("is-open"))

    page.fill("#pc", "400001")
    page.locator(".filters__foot button").click()
    expect(page.locator("#filters")).not_to_have_class(re.compile("is-open"))
    expect(page.locator("#total")).to_contain_text("400001")


def test_without_script_what_the_filters_refused_is_in_sight_too(people: People) -> None:
    context = people.browser.new_context(base_url=people.site.url, viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto("/shop/?postal_code=123")

    expect(page.get_by_role("alert")).to_be_in_viewport()
    expect(page.get_by_role("alert")).to_contain_text("six digits")
    context.close()


def test_paying_on_a_phone_stays_in_the_tab_and_comes_back_to_the_moment(people: People) -> None:
    page = people.come(REPLAY, email=SHOPPER, size=PHONE)
    wait_for_picture(page)
    page.evaluate("document.querySelector('video').currentTime = 12")
    wait_for_picture(page)
    page.locator("[data-pin-buy]").click()
    expect(page.locator("[data-buy-form]")).not_to_contain_text("The show goes on")
    page.locator("[data-buy-submit]").click()
    expect(page.locator("[data-hold-left]")).to_have_text(re.compile("^Held for"))
    expect(page.locator("[data-pay-here]")).to_be_visible()

    page.locator("[data-pay]").click()
    page.get_by_role("button", name="Approve").click()
    assert len(page.context.pages) == 1
    page.get_by_role("link", name="Back to the show").click()

    expect(page).to_have_url(re.compile(REPLAY))
    expect(page.locator("[data-end-title]")).to_have_text("Paid. It is yours")
    wait_for_picture(page)
    assert page.evaluate("document.querySelector('video').currentTime") >= 11
    assert len(page.context.pages) == 1


def test_buy_is_a_few_keys_away(people: People) -> None:
    page = people.come()
    wait_for_fresh_numbers(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to buying")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("[data-pin-buy]")).to_be_focused()

    page.goto("/shop/?in_stock=1")
    page.locator(".card__name a").first.click()
    page.wait_for_load_state()
    stops_until(page, "Skip to buying", 3)
    page.keyboard.press("Enter")
    stops_until(page, "Buy now", 6)


def test_the_chat_is_a_few_keys_away(people: People) -> None:
    page = people.come()
    stops_until(page, "Skip to the chat", 3)
    page.keyboard.press("Enter")
    assert page.evaluate(f"{FOCUSED}.closest('[data-chat]') !== null")


@pytest.mark.parametrize("words", ["", "mug"])
def test_one_escape_closes_add_products(people: People, words: str) -> None:
    page = people.come("/host/shows/demo-live/", email=HOST)
    dialog = page.get_by_role("dialog", name="Add products")
    page.locator("#add-product").click()
    expect(dialog).to_be_visible()
    page.keyboard.type(words)
    expect(page.locator("#find")).to_have_value(words)

    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_where_nothing_can_be_copied_sharing_shows_the_address(people: People, size: dict[str, int]) -> None:
    page = people.come("/", size=size)
    page.add_init_script(f"{NO_COPYING}; navigator.share = undefined")
    page.goto(SHOW)
    wait_for_fresh_numbers(page)

    page.locator("[data-share]").locator("visible=true").click()

    address = page.get_by_role("textbox", name="Its address, to copy")
    expect(address).to_be_focused()
    expect(address).to_have_value(f"{people.site.url}{SHOW}")
    page.keyboard.press("Escape")
    expect(address).to_be_hidden()


def test_over_plain_http_the_address_is_copied_all_the_same(people: People) -> None:
    page = people.come("/")
    page.add_init_script(f"{NO_CLIPBOARD}; navigator.share = undefined")
    page.add_init_script("addEventListener('copy', () => { window.copied = document.activeElement.value })")
    page.goto(SHOW)
    wait_for_fresh_numbers(page)

    page.locator("[data-share]").locator("visible=true").click()

    expect(page.get_by_text("The address is copied")).to_be_visible()
    assert page.evaluate("window.copied") == f"{people.site.url}{SHOW}"


def test_a_phone_that_can_share_and_fails_says_so_and_one_that_was_turned_away_does_not(people: People) -> None:
    for error, says in (("NotAllowedError", True), ("AbortError", False)):
        page = people.come("/", size=PHONE)
        page.add_init_script(f"{NO_COPYING}; window.refusal = '{error}'")
        page.add_init_script(CAN_SHARE)
        page.goto(SHOW)
        wait_for_fresh_numbers(page)
        page.locator("[data-share]").locator("visible=true").click()
        until(page, "() => window.asked")
        shown = page.get_by_role("textbox", name="Its address, to copy")
        expect(shown).to_be_visible() if says else expect(shown).to_be_hidden()


def test_offline_the_show_does_not_promise_what_it_cannot_do(people: People) -> None:
    page = people.come("/shop/")
    page.add_init_script("MediaSource.isTypeSupported = () => false")
    page.add_init_script("HTMLMediaElement.prototype.canPlayType = () => ''")
    page.goto(SHOW)
    wait_for_fresh_numbers(page)
    slate = page.locator("[data-slate-text]")
    expect(slate).to_contain_text("Chat and buying still work.")

    page.context.set_offline(True)
    expect(slate).to_contain_text("You are offline: picture, chat and buying go on once you are connected again.")
    expect(slate).not_to_contain_text("still work")

    page.context.set_offline(False)
    expect(slate).to_contain_text("Chat and buying still work.")


def test_no_picture_is_without_an_address_whatever_is_opened(people: People) -> None:
    page = people.come(email=SHOPPER)
    wait_for_fresh_numbers(page)
    bare = "[...document.querySelectorAll('img')].filter((one) => !one.getAttribute('src')).length"
    empty = "[...document.querySelectorAll('h1, h2, h3, h4')].filter((one) => !one.textContent.trim()).length"

    assert page.evaluate(f"[{bare}, {empty}]") == [0, 0]
    page.locator("[data-pin-buy]").click()
    expect(page.locator("[data-buy-picture] img")).to_be_visible()
    assert page.evaluate(f"[{bare}, {empty}]") == [0, 0]


def tap(page: "Page", what: str) -> None:
    page.locator(f"[popovertarget={what}]").locator("visible=true").first.click()
    expect(page.locator(f"#{what}")).to_be_visible()


def stops_until(page: "Page", words: str, most: int) -> None:
    """Press Tab until what has the focus says this, so many times at most."""
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(f"{FOCUSED}.textContent.trim()"))
        if seen[-1] == words:
            return
    raise AssertionError(f"{words} is not among the next stops: {seen}")
