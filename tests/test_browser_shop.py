"""Looking around the shop in a real browser, with script and without."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.support.showfloor import Showfloor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WITHIN_MS = 20_000
WIDE, PHONE = 1280, 390


@pytest.fixture
def window(browser: "Browser", demo_site: Showfloor) -> "Iterator[Callable[..., Page]]":
    """Open new browser windows; any error of a script fails the test."""
    contexts, errors = [], []

    def open_one(width: int = WIDE, **options: Any) -> "Page":
        context = browser.new_context(
            base_url=demo_site.url, viewport={"width": width, "height": 844}, locale="en", **options
        )
        context.set_default_timeout(WITHIN_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
        return page

    expect.set_options(timeout=WITHIN_MS)
    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


def sign_in(page: "Page", email: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", "showfloor")
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("You are signed in.")).to_be_visible()


def is_narrower_than_the_window(page: "Page") -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.slow
def test_filters_change_the_results_where_they_stand(window: "Callable[..., Page]") -> None:
    page = window()
    page.goto("/shop/")
    page.evaluate("window.isTheSamePage = true")
    page.get_by_role("checkbox", name="Light").check()
    expect(page).to_have_url(re.compile(r"\?category=light$"))
    expect(page.get_by_role("checkbox", name="Light")).to_be_focused()
    expect(page.get_by_role("link", name="Remove Light")).to_be_visible()
    page.get_by_label("Sort by").locator("visible=true").select_option("price")
    expect(page).to_have_url(re.compile("sort=price"))
    prices = [float(text.split("$")[1].replace(",", "")) for text in page.locator(".grid .price").all_inner_texts()]
    assert prices == sorted(prices) != []
    page.get_by_role("link", name="Remove Light").click()
    expect(page.get_by_role("checkbox", name="Light")).not_to_be_checked()
    page.go_back()
    expect(page.get_by_role("checkbox", name="Light")).to_be_checked()
    assert page.evaluate("window.isTheSamePage")


def test_show_more_appends_and_keeps_the_place(window: "Callable[..., Page]") -> None:
    page = window()
    page.goto("/shop/")
    first = page.locator(".card__name a").all_inner_texts()
    page.get_by_role("link", name="Show more").click()
    expect(page.locator(".card")).to_have_count(48)
    names = page.locator(".card__name a").all_inner_texts()
    assert names[:24] == first
    expect(page.locator(".card__name a").nth(24)).to_be_focused()


def test_on_a_phone_the_filters_are_a_sheet_that_keeps_the_focus(window: "Callable[..., Page]") -> None:
    page = window(PHONE)
    page.goto("/shop/")
    page.get_by_role("link", name=re.compile("^Filter")).click()
    sheet = page.get_by_role("dialog", name="Filters")
    expect(sheet.get_by_role("link", name="Close the filters")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(sheet.get_by_role("button", name=re.compile("^Show"))).to_be_focused()
    sheet.get_by_role("checkbox", name="Sound").check()
    expect(sheet.get_by_role("button", name=re.compile(r"^Show \d+ things?$"))).to_be_visible()
    expect(page).to_have_url(re.compile("category=sound"))
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("^Filter"))).to_be_focused()


@pytest.mark.slow
def test_a_heart_answers_at_once_and_stays(window: "Callable[..., Page]") -> None:
    page = window()
    page.goto("/shop/?q=teapot")
    page.get_by_role("button", name=re.compile("^Wish for")).first.click()
    expect(page).to_have_url(re.compile("/accounts/login/"))
    sign_in(page, "shopper@example.com")
    page.goto("/shop/?q=teapot")
    heart = page.get_by_role("button", name=re.compile("^Wish for")).first
    expect(heart).to_have_attribute("aria-pressed", "true")  # what the guest wished for came along
    for pressed in ("false", "true", "false"):
        with page.expect_response("**/wishlist/items/"):
            heart.click()
        page.reload()
        expect(heart).to_have_attribute("aria-pressed", pressed)


def mailed_code(site: Showfloor, address: str) -> str:
    """Return the code that was mailed to an address; the demo keeps its mails as files."""
    mails = [path.read_text() for path in (site.home / "mail").iterdir()]
    found = [re.findall(r"^([A-Z0-9]{3,}-?[A-Z0-9]{3,})\r?$", mail, re.MULTILINE) for mail in mails if address in mail]
    [code] = [code for codes in found for code in codes]
    return str(code)


def test_a_guests_cart_comes_along_to_a_new_account(window: "Callable[..., Page]", demo_site: Showfloor) -> None:
    page = window()
    page.goto("/shop/crew-jumper/")
    page.locator(".pick label", has_text="L").first.click()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="Cart, 1 item")).to_be_visible()
    page.goto("/accounts/signup/")
    page.fill("[name=email]", "newcomer@example.com")
    page.fill("[name=password1]", "a-long-enough-word")
    page.get_by_role("button", name="Make my account").click()
    page.get_by_label("Code from the mail").fill(mailed_code(demo_site, "newcomer@example.com"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("link", name="Cart, 1 item")).to_be_visible()
    page.goto("/cart/")
    page.get_by_role("button", name=re.compile("^One more of Crew jumper")).click()
    expect(page.get_by_role("link", name="Cart, 2 items")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^One more of Crew jumper"))).to_be_focused()
    page.get_by_role("button", name=re.compile("^Take Crew jumper")).click()
    expect(page.get_by_text("Your cart is empty")).to_be_visible()


def test_everything_works_without_script(window: "Callable[..., Page]") -> None:
    page = window(PHONE, java_script_enabled=False)
    page.goto("/shop/?category=knitwear")
    page.get_by_role("link", name=re.compile("^Filter")).click()
    page.get_by_role("checkbox", name="Light").check()
    page.get_by_role("button", name=re.compile("^Show")).click()
    expect(page).to_have_url(re.compile("category=light"))
    page.goto("/shop/crew-jumper/")
    page.get_by_role("link", name="Rust").click()
    page.locator(".pick label", has_text="XL").click()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_text("Crew jumper, Rust, XL is in your cart.")).to_be_visible()
    page.get_by_role("button", name="Buy now").click()
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 390, 820, 1280])
def test_no_page_scrolls_sideways(window: "Callable[..., Page]", width: int) -> None:
    page = window(width)
    for address in ("/shop/", "/shop/crew-jumper/", "/cart/", "/wishlist/", "/accounts/login/", "/accounts/signup/"):
        page.goto(address)
        assert is_narrower_than_the_window(page), address
