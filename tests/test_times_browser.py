"""Where scripts run, a page shows moments in its reader's own time zone, those that come in later too."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import expect

from orders.models import Order
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support import web_servers
from tests.support.factories import make_user
from tests.support.sent_messages import an_order, is_paid

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]

AT = datetime(2026, 11, 30, 20, 15, tzinfo=UTC)  # the first of December in Delhi, the thirtieth in New York


@pytest.fixture
def site() -> Iterator[str]:
    with web_servers.running(count=1, DEBUG="1", TIME_ZONE="Asia/Kolkata") as [address]:
        yield address
    connections.close_all()


def test_an_order_has_one_date(site: str) -> None:
    buyer = make_user("ida@example.com")
    order = an_order(buyer=buyer)
    is_paid(order)
    Order.objects.update(created_at=AT, placed_at=AT)
    client = Client()
    client.force_login(buyer)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key, "url": site}
    connections.close_all()
    seen = walk(site, f"/orders/{order.pk}/", cookie)

    assert seen["scripted"] == ("30 November 2026", "30 Nov, 15:15", "30 Nov, 15:15")
    assert seen["plain"] == ("1 December 2026", "1 Dec, 01:45 IST", "")
    assert seen["receipt"] == ("1 December 2026, 01:45 IST", "1 December 2026, 01:45 IST", "")


def from_disk(route: "Route") -> None:
    """Serve what the front door does, which has no part here."""
    path = settings.PROJECT / urlsplit(route.request.url).path.lstrip("/")
    if path.is_file():
        route.fulfill(path=path)
    else:
        route.abort()


def walk(site: str, path: str, cookie: dict[str, str]) -> dict[str, tuple[str, str, str]]:
    """Return what is shown in New York: with script, without, on the receipt. Nothing here asks the database."""
    from playwright.sync_api import sync_playwright

    seen = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        for name, has_script in (("scripted", True), ("plain", False), ("receipt", True)):
            context = browser.new_context(locale="en", timezone_id="America/New_York", java_script_enabled=has_script)
            context.add_cookies([cookie])  # type: ignore[list-item]
            context.route(f"{site}/static/**", from_disk)
            page = context.new_page()
            if name == "receipt":
                page.goto(f"{site}{path}receipt/")
                times = page.locator("dd time")
                seen[name] = (times.nth(0).inner_text(), times.nth(1).inner_text(), "")
                continue
            page.goto(f"{site}/orders/")
            listed = page.locator("time").first
            if has_script:
                expect(listed).to_have_text("30 November 2026", timeout=20_000)
            day = listed.inner_text()
            page.goto(site + path)
            ordered = page.locator(".moments time").first
            if has_script:
                expect(ordered).to_have_text("30 Nov, 15:15", timeout=20_000)
            seen[name] = (day, ordered.inner_text(), put_later(page) if has_script else "")
        browser.close()
    return seen


def put_later(page: "Page") -> str:
    """Put a moment into the page, as a script does that reads a part of it again."""
    page.evaluate(
        """() => {
          const part = document.createElement("p");
          part.innerHTML = '<time id="late" datetime="2026-11-30T20:15:00Z" data-local="when">1 Dec, 01:45 IST</time>';
          document.body.append(part);
        }"""
    )
    late = page.locator("#late")
    expect(late).to_have_text("30 Nov, 15:15", timeout=20_000)
    return late.inner_text()
