"""SKUs of odd signs on a product's page, where scripts draw."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from shop import wishlist
from shop.models import WishlistItem
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support.factories import make_product, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

WISHED, OTHER, ODD = "red shoe-s/42", "red", "a-b c/%2F"


def test_the_heart_belongs_to_the_variant_that_is_chosen(live_server: LiveServer) -> None:
    make_product("Shoe", slug="shoe", skus=(WISHED, OTHER, ODD), stock=3)
    shopper, client, errors = make_user(), Client(), []
    wishlist.add(shopper, sku=WISHED)
    client.force_login(shopper)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        context = chromium.new_context(base_url=live_server.url)
        context.add_cookies([cookie])
        expect.set_options(timeout=20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/shop/shoe/")
        heart = page.locator("[data-wish-line] button")

        def choose(sku: str, *, is_wished: bool) -> None:
            page.locator(f'[name=sku][value="{sku}"]').check(force=True)
            expect(page.locator("[data-wish-line] [name=sku]")).to_have_value(sku)
            expect(heart).to_have_attribute("aria-pressed", "true" if is_wished else "false")

        expect(heart).to_have_attribute("aria-pressed", "true")
        choose(OTHER, is_wished=False)
        choose(WISHED, is_wished=True)
        choose(ODD, is_wished=False)
        heart.click()
        expect(heart).to_have_attribute("aria-pressed", "true")
        choose(OTHER, is_wished=False)
        choose(ODD, is_wished=True)
        chromium.close()

    assert errors == []
    assert set(WishlistItem.objects.values_list("variant__sku", flat=True)) == {WISHED, ODD}
