"""A guest buys, in a real browser against a whole Showfloor: approve, decline, walk away and run out of time."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests
from playwright.sync_api import expect

from tests.support.showfloor import Showfloor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WITHIN_MS = 20_000
ADDRESS = {
    "email": "guest@example.com",
    "name": "A Guest",
    "line1": "4 Example Lane",
    "postal_code": "110001",
    "city": "New Delhi",
}


@pytest.fixture(params=[390, 1280])
def page(browser: "Browser", demo_site: Showfloor, request: pytest.FixtureRequest) -> "Iterator[Page]":
    """A guest's new browser window that fails the test on any error of a script."""
    context = browser.new_context(
        base_url=demo_site.url, viewport={"width": request.param, "height": 844}, locale="en", timezone_id="UTC"
    )
    context.set_default_timeout(WITHIN_MS)
    expect.set_options(timeout=WITHIN_MS)
    window = context.new_page()
    errors: list[str] = []
    window.on("pageerror", lambda error: errors.append(str(error)))
    window.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    yield window
    context.close()
    assert errors == []


@pytest.fixture
def good(demo_site: Showfloor) -> dict[str, Any]:
    """A product with one variant and a few units."""
    products = requests.get(f"{demo_site.url}/api/v1/products?in_stock=1&limit=100", timeout=10).json()["results"]
    for product in products:
        if 3 <= product["available"] <= 60:
            whole = requests.get(f"{demo_site.url}/api/v1/products/{product['slug']}", timeout=10).json()
            if len(whole["variants"]) == 1:
                return dict(whole | whole["variants"][0])
    raise AssertionError("the demo has no such product")


def stock(site: Showfloor, sku: str) -> int:
    answer = requests.get(f"{site.url}/api/v1/availability", params={"sku": sku}, timeout=10)
    return int(answer.json()["results"][0]["available"])


def order(page: "Page", good: dict[str, Any], quantity: int = 1) -> str:
    """Buy from the product's page through checkout up to the provider; return the order's number."""
    page.goto(f"/checkout/?sku={good['sku']}&quantity={quantity}")
    for name, value in ADDRESS.items():
        page.fill(f"[name={name}]", value)
    page.get_by_role("button", name=re.compile("^Pay")).locator("visible=true").click()
    expect(page.get_by_text("Sandbox provider")).to_be_visible()
    return page.get_by_role("heading", level=1).inner_text().removeprefix("Order ")


def test_a_guest_buys_what_is_in_the_cart(page: "Page", demo_site: Showfloor, good: dict[str, Any]) -> None:
    before = stock(demo_site, good["sku"])
    page.goto(f"/shop/{good['slug']}/")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="Cart, 1 item")).to_be_visible()
    page.goto("/cart/")
    page.get_by_role("link", name="Check out").locator("visible=true").click()

    page.fill("[name=postal_code]", "11000")
    page.locator("[name=postal_code]").press("Tab")
    expect(page.get_by_text("5 digits; codes in India have six.")).to_be_visible()
    for name, value in ADDRESS.items():
        page.fill(f"[name={name}]", value)
    page.locator("[name=postal_code]").press("Tab")
    expect(page.locator("[data-delivery]")).to_contain_text(re.compile(r"\w+day \d+ \w+\s*To 110001"))
    page.get_by_role("button", name=re.compile("^Pay")).locator("visible=true").click()
    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading", name="Thank you, it is yours")).to_be_visible()
    assert stock(demo_site, good["sku"]) == before - 1
    page.goto("/cart/")
    expect(page.get_by_text("Your cart is empty")).to_be_visible()
    expect(page.locator("[data-unpaid]")).to_have_count(0)


def test_a_declined_payment_gives_the_units_back(page: "Page", demo_site: Showfloor, good: dict[str, Any]) -> None:
    before = stock(demo_site, good["sku"])
    order(page, good, quantity=2)
    assert stock(demo_site, good["sku"]) == before - 2

    page.get_by_role("button", name="Decline").click()

    expect(page.get_by_role("heading", name="The payment was declined")).to_be_visible()
    expect(page.get_by_text("You paid nothing.")).to_be_visible()
    assert stock(demo_site, good["sku"]) == before
    page.goto(f"/shop/{good['slug']}/")
    expect(page.locator(f"[data-stock='{good['sku']}']")).to_contain_text(str(before))


@pytest.mark.slow
def test_who_walks_away_sees_the_time_run_out(page: "Page", demo_site: Showfloor, good: dict[str, Any]) -> None:
    before = stock(demo_site, good["sku"])
    number = order(page, good)
    page.get_by_role("link", name="Walk away without paying").click()

    expect(page.get_by_role("heading", name="Held for you")).to_be_visible()
    first = page.get_by_role("timer").inner_text()
    expect(page.get_by_role("timer")).not_to_have_text(first)
    address = page.url
    page.goto("/shop/")
    expect(page.locator("[data-unpaid]")).to_contain_text(number)
    page.goto(address)
    run_out(demo_site, number)

    # The sweep expires it within a second or two, and the page says so by itself.
    expect(page.get_by_role("heading", name="The time ran out")).to_be_visible()
    assert stock(demo_site, good["sku"]) == before
    expect(page.get_by_role("link", name="Order it again")).to_be_visible()


def test_an_order_is_let_go_after_asking_once(page: "Page", demo_site: Showfloor, good: dict[str, Any]) -> None:
    before = stock(demo_site, good["sku"])
    order(page, good)
    page.get_by_role("link", name="Walk away without paying").click()

    page.get_by_role("button", name="Let it go").click()
    page.get_by_role("button", name="Keep it").click()
    assert stock(demo_site, good["sku"]) == before - 1
    page.get_by_role("button", name="Let it go").click()
    page.get_by_role("button", name="Cancel the order").click()

    expect(page.get_by_role("heading", name="You cancelled this order")).to_be_visible()
    assert stock(demo_site, good["sku"]) == before


def run_out(site: Showfloor, number: str) -> None:
    """Put an order's deadline where it would be had its buyer waited."""
    site.manage(
        "shell",
        "-c",
        "from datetime import timedelta; from django.utils import timezone; from orders.models import Order; "
        f"Order.objects.filter(number_seq={number.removeprefix('SF-')})"
        ".update(expires_at=timezone.now() - timedelta(minutes=1))",
    )


def test_fields_follow_the_country_and_keep_what_was_typed(
    page: "Page", demo_site: Showfloor, good: dict[str, Any]
) -> None:
    send_abroad(demo_site)
    page.goto(f"/checkout/?sku={good['sku']}&quantity=1")
    expect(page.get_by_role("button", name="Change the country")).to_be_hidden()
    for name, value in ADDRESS.items():
        page.fill(f"[name={name}]", value)

    page.select_option("[name=country]", "AE")

    expect(page.locator("[data-field=region] [data-label]")).to_have_text("Emirate")
    expect(page.locator("[name=region]")).to_be_visible()
    expect(page.locator("[data-delivery]")).to_contain_text("To United Arab Emirates")
    expect(page.locator("[name=postal_code]")).to_be_hidden()
    expect(page.locator("[name=city]")).to_be_hidden()
    page.select_option("[name=country]", "IN")
    expect(page.locator("[name=postal_code]")).to_have_value("110001")
    expect(page.locator("[name=city]")).to_have_value("New Delhi")
    page.select_option("[name=country]", "AE")
    expect(page.locator("[data-field=region] [data-label]")).to_have_text("Emirate")
    page.select_option("[name=region]", label="Dubai")
    page.get_by_role("button", name=re.compile("^Pay")).locator("visible=true").click()
    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading", name="Thank you, it is yours")).to_be_visible()
    expect(page.locator("address")).to_contain_text("United Arab Emirates")


def test_signing_in_in_another_tab_leaves_the_open_checkout_as_it_is(
    page: "Page", demo_site: Showfloor, good: dict[str, Any]
) -> None:
    page.goto(f"/checkout/?sku={good['sku']}&quantity=1")
    for name, value in ADDRESS.items():
        page.fill(f"[name={name}]", value)
    other = page.context.new_page()
    other.goto("/accounts/login/")
    other.fill("[name=login]", "shopper@example.com")
    other.fill("[name=password]", "showfloor")
    other.locator("form[action*=login] button[type=submit], main form button").first.click()
    expect(other).not_to_have_url(re.compile("login"))

    page.get_by_role("button", name=re.compile("^Pay")).locator("visible=true").click()

    expect(page.get_by_text("Sandbox provider")).to_be_visible()
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("heading", name="The payment was declined")).to_be_visible()


def send_abroad(site: Showfloor) -> None:
    """Have the demo's first warehouse send to the Emirates and to Britain."""
    site.manage(
        "shell",
        "-c",
        "from inventory.models import Courier, Warehouse, Zone\n"
        "for country in ('AE', 'GB'):\n"
        "    for warehouse in Warehouse.objects.all():\n"
        "        Zone.objects.get_or_create(warehouse=warehouse, country=country, postal_prefix='',"
        " defaults={'courier': Courier.objects.first(), 'transit_days': 6})",
    )
