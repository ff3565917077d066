"""axe and the Nu HTML checker find nothing on the pages of a shop that is in business, on a phone and on a desk."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.page_checks import Review
from tests.support.showfloor import Showfloor
from tests.support.site_map import plain_addresses
from tests.support.viewers import PHONE, SHOW, WIDE, People, coming, wait_for_fresh_numbers

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.standards, pytest.mark.timeout(600)]

GUEST, SHOPPER, HOST = "", "shopper@example.com", "host@example.com"
STUDIO = "/host/shows/demo-live/"


@pytest.fixture
def people(browser: "Browser", demo_site: Showfloor) -> Iterator[People]:
    with coming(browser, demo_site) as those:
        yield those


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return Review(tmp_path)


@pytest.fixture(params=[PHONE, WIDE], ids=["390", "1280"])
def size(request: pytest.FixtureRequest) -> dict[str, int]:
    return dict(request.param)


@pytest.mark.parametrize("who", [GUEST, SHOPPER, HOST], ids=["guest", "shopper", "host"])
def test_every_page_without_a_name_in_its_address(
    people: People, review: Review, size: dict[str, int], who: str
) -> None:
    page = people.come("/", email=who, size=size)
    for path in plain_addresses():
        review.open(page, path)
    for path in ("/shop/?q=mug&postal_code=1", "/shop/?q=nothing+is+called+so", "/nowhere/"):
        review.open(page, path)

    review.expect_no_finding()


def test_shows_before_during_and_after(people: People, review: Review, size: dict[str, int]) -> None:
    page = people.come(size=size)
    wait_for_fresh_numbers(page)
    review.look(page, "live")
    page.locator("[data-pin-buy]").click()
    expect(page.locator("[data-buy-form]")).to_be_visible()
    review.look(page, "buying")
    review.open(page, "/shows/demo-upcoming/")
    review.open(page, "/shows/demo-replay/")
    if size == PHONE:
        page.locator(".rail [data-run-open]").click()
        review.look(page, "run list")
    for panel in ("#search", "#place") if size == PHONE else ():
        page.goto("/")
        page.locator(f".only-phone[popovertarget={panel[1:]}]").locator("visible=true").click()
        review.look(page, panel)

    review.expect_no_finding()


def test_a_product_with_choices_and_the_filters(people: People, review: Review, size: dict[str, int]) -> None:
    page = people.come("/shop/?category=knitwear", size=size)
    review.look(page)
    if size == PHONE:
        page.locator("[data-sheet]").first.click()
        review.look(page, "filters")
        page.keyboard.press("Escape")
    page.locator(".card__name a").first.click()
    expect(page.locator("[data-gallery]")).to_be_visible()
    review.look(page)

    review.expect_no_finding()


def test_from_the_cart_to_the_receipt(people: People, review: Review, size: dict[str, int]) -> None:
    page = people.come("/shop/?category=stationery&in_stock=1", email=SHOPPER, size=size)
    page.locator(".card__name a").first.click()
    page.locator("[data-wish-line] button").click()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("[data-said]")).not_to_be_empty()
    review.open(page, "/cart/")
    review.open(page, "/wishlist/")
    review.open(page, "/checkout/")
    press_pay(page)
    review.look(page, "provider")
    page.get_by_role("link", name="Walk away without paying").click()
    expect(page.locator("[data-hold-big]")).to_be_visible()
    review.look(page, "held")
    review.open(page, "/orders/")
    page.go_back()
    page.locator("main [data-pay]").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("main h1")).to_be_visible()
    review.look(page, "paid")
    page.get_by_role("link", name="Receipt").click()
    expect(page).to_have_url(re.compile("/receipt/"))
    review.look(page, "receipt")
    page.go_back()
    page.get_by_role("button", name=re.compile("^Cancel")).first.click()
    review.look(page, "cancelling")

    review.expect_no_finding()


def test_the_studio_and_its_dialogs(people: People, review: Review, size: dict[str, int]) -> None:
    page = people.come(STUDIO, email=HOST, size=size)
    review.look(page, "live")
    for ask in ("end", "key", "keys", "announce", "chat", "encoder", "add"):
        page.goto(f"{STUDIO}?ask={ask}")
        expect(page.locator(f"#ask-{ask}")).to_be_visible()
        review.look(page, ask)
    for path in ("/host/shows/demo-upcoming/", "/host/shows/demo-replay/", f"{STUDIO}moderation/", SHOW):
        review.open(page, path)

    review.expect_no_finding()


def press_pay(page: "Page") -> None:
    """Check out with the address that is known."""
    page.locator("[data-pay]").locator("visible=true").click()
    expect(page.get_by_text("Sandbox provider")).to_be_visible()
