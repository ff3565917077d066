"""Every kind of page, the admin's and the API's too, runs under its content policy without one breach."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from config.request_limits import QUERY_BYTES_MAX
from shop.models import Product
from streams import pins, run_list
from streams.models import StreamSession
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support.archivable_orders import make_over
from tests.support.factories import make_product, make_session, make_user

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(420),
    pytest.mark.django_db(transaction=True),
]

WITHIN_MS = 60_000
HEARD = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`Content Security breach: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"""
STRANGE = "/shop/?q=" + "9" * QUERY_BYTES_MAX
GUEST = ["/", "/shows/", "/shows/live/", "/shows/next/", "/shows/over/", "/shop/", "/shop/?q=vase&category=kitchen"]
GUEST += [
    "/shop/vase/",
    "/cart/",
    "/wishlist/",
    "/checkout/",
    "/checkout/?sku=VASE",
    "/orders/",
    "/no/such/page",
    STRANGE,
]
GUEST += ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/admin/login/"]
PERSON = ["/accounts/", "/accounts/email/", "/accounts/password/change/", "/accounts/addresses/new/", "/notices/"]
PERSON += [
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/devices/",
    "/orders/",
    "/wishlist/",
    "/accounts/logout/",
    "/host/",
    "/host/shows/live/",
]
PERSON += ["/host/shows/next/", "/shows/live/", "/shows/live/moderation/"]


@dataclass(frozen=True)
class Shop:
    """A shop with something of everything, and somebody who may see all of it."""

    url: str
    session: str
    order: str
    admin: list[str]


@pytest.fixture
def shop(live_server: LiveServer) -> Shop:
    person = make_user("a@example.com", is_host=True, is_staff=True, is_superuser=True)
    make_product("Vase", slug="vase", skus=("VASE",), price_minor=8600, stock=9)
    for slug, state in (("live", "live"), ("next", "scheduled"), ("over", "ended")):
        session = make_session(slug, host=person, state=StreamSession.State(state))
        if state != "ended":
            run_list.add(session, "VASE", actor="user:1")
            pins.pin(session, "VASE", actor="user:1")
    order = make_over(buyer=person, days=1)
    client = Client()
    client.force_login(person)
    models = [f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in admin.site._registry]
    pages = ["/admin/", *map(reverse, models), reverse("admin:shop_product_add")]
    pages.append(reverse("admin:shop_product_change", args=[Product.objects.get().pk]))
    pages.append(reverse("admin:orders_order_change", args=[order.pk]))
    return Shop(live_server.url, client.cookies[settings.SESSION_COOKIE_NAME].value, order.get_absolute_url(), pages)


@pytest.fixture
def page(shop: Shop) -> "Iterator[Page]":
    """A window; what breaks a policy, or a script's error, fails the test. Beside it the database is left alone."""
    told: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        context = chromium.new_context(base_url=shop.url, viewport={"width": 1280, "height": 844}, locale="en")
        context.set_default_timeout(WITHIN_MS)
        context.add_init_script(HEARD)
        opened = context.new_page()
        opened.on("pageerror", lambda error: told.append(f"{opened.url}: {error}"))
        opened.on(
            "console",
            lambda message: told.append(f"{opened.url}: {message.text}") if _is_about(message.text) else None,
        )
        expect.set_options(timeout=WITHIN_MS)
        yield opened
        chromium.close()
    assert told == []


def _is_about(text: str) -> bool:
    return "Content Security" in text or "Permissions-Policy" in text or "Permissions policy" in text


def sign_in(page: "Page", shop: Shop) -> None:
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": shop.session, "url": shop.url}])


def look_at(page: "Page", paths: list[str]) -> None:
    for path in paths:
        answer = page.goto(path, wait_until="load")
        assert answer
        assert answer.status in {200, 400, 404}, path
        policy = answer.headers["content-security-policy"]
        scripts = policy.partition("script-src")[2].partition(";")[0]
        assert "'unsafe-inline'" not in scripts, path
        if "/admin" in path:
            continue
        assert "unsafe" not in policy, path
        assert " style=" not in answer.text(), path
        assert "<style" not in answer.text(), path


def test_pages_for_everybody(page: "Page") -> None:
    look_at(page, GUEST)


def test_pages_of_people(page: "Page", shop: Shop) -> None:
    sign_in(page, shop)
    look_at(page, [*PERSON, shop.order])


def test_a_bar_has_its_length_without_a_style_of_its_own(page: "Page") -> None:
    html = page.request.get("/shows/live/").text()
    share = re.search(r'<i data-filled="(\d+)">', html)
    assert share

    page.goto("/shows/live/")
    bar = page.locator(f'.bar > [data-filled="{share[1]}"]').first
    drawn = bar.evaluate("part => getComputedStyle(part).getPropertyValue('--of')")

    assert 0 <= 5 * int(share[1]) - float(drawn.strip().removesuffix("%")) + 2.5 <= 5


def test_the_admin(page: "Page", shop: Shop) -> None:
    sign_in(page, shop)
    look_at(page, shop.admin)

    page.goto("/admin/")
    assert page.evaluate("() => Boolean(window.Alpine)")
    assert page.locator("[x-cloak]").count() == 0


def test_the_api_is_browsed_with_our_own_files(page: "Page") -> None:
    hosts: set[str] = set()
    page.on("request", lambda asked: hosts.add(asked.url.split("/")[2]) if asked.url.startswith("http") else None)
    look_at(page, ["/api/docs/"])

    call = page.locator("#operations-products-products_list")
    call.locator(".opblock-summary-control").click()
    call.locator(".try-out__btn").click()
    call.locator(".execute").click()
    expect(call.locator(".live-responses-table .response-col_status").last).to_contain_text("200")

    assert len(hosts) == 1
