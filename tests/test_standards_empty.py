"""axe and the Nu HTML checker find nothing on the pages of a shop where nothing has happened yet, nor on odd ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from shop.models import Address, Notice, ProductPicture, User
from streams.models import StreamSession
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support import page_checks, web_servers
from tests.support.factories import make_product, make_session, make_user, make_warehouse
from tests.support.page_checks import Review
from tests.support.site_map import addresses, plain_addresses
from tests.support.viewers import PHONE, WIDE, WITHIN_MS

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
in_both_sizes = pytest.mark.parametrize("size", [PHONE, WIDE], ids=["390", "1280"])

# Pages that a name leads to: these are looked at here, or, where a shop must be in business, on the demo.
HERE = {"shop:product", "shop:address", "streams:show", "streams:studio", "streams:moderation"}
HERE |= {"account_reset_password_from_key"}
ON_THE_DEMO = {"orders:order", "orders:receipt", "orders:sandbox"}
# They lead on to another page, need Stripe, or only take forms.
NO_PAGE_OF_THEIRS = {"orders:pay", "orders:card", "orders:cancel", "streams:opinion", "streams:say"}
# They want a passkey, which a browser makes: test_second_factor_browser.py looks at them.
OF_A_PASSKEY = {"mfa_edit_webauthn", "mfa_remove_webauthn"}


@pytest.fixture
def site() -> Iterator[str]:
    with web_servers.running(count=1, DEBUG="1") as [address]:
        yield address
    connections.close_all()


@contextmanager
def opened(site: str, size: dict[str, int], cookie: str = "") -> Iterator["Page"]:
    """Open a browser. No test may use the database beside its loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        context = browser.new_context(base_url=site, viewport=size, locale="en", timezone_id="UTC")
        context.set_default_timeout(WITHIN_MS)
        if cookie:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}])
        yield context.new_page()
        browser.close()


def signed_in(user: User) -> str:
    """Return the session cookie of somebody who has just signed in."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_every_page_is_looked_at_somewhere() -> None:
    of_forms = {name for name in addresses() if name.startswith(("streams:studio-", "streams:chat-"))}
    named = {name for name, route in addresses().items() if "<" in route}

    assert {"/", "/shop/", "/cart/", "/wishlist/", "/orders/", "/host/", "/accounts/email/"} <= set(plain_addresses())
    assert named - of_forms == HERE | ON_THE_DEMO | NO_PAGE_OF_THEIRS | OF_A_PASSKEY


@pytest.mark.browser
@pytest.mark.standards
@pytest.mark.django_db(transaction=True)
@in_both_sizes
@pytest.mark.parametrize("who", ["guest", "shopper", "host"])
def test_an_empty_shop(site: str, size: dict[str, int], who: str, tmp_path: Path) -> None:
    cookie = "" if who == "guest" else signed_in(make_user(is_host=who == "host"))
    review = Review(tmp_path)

    with opened(site, size, cookie) as page:
        for path in plain_addresses():
            review.open(page, path)

    review.expect_no_finding()


@pytest.mark.browser
@pytest.mark.standards
@pytest.mark.django_db(transaction=True)
@in_both_sizes
def test_odd_things(site: str, size: dict[str, int], tmp_path: Path) -> None:
    """Shows that present nothing, a product without a picture, an account that has just begun, links out of mails."""
    make_warehouse()
    user = make_user(is_host=True)
    place = {"line1": "1 Lane", "city": "Delhi", "postal_code": "110001", "country": "IN"}
    address = Address.objects.create(user=user, name="A", **place)
    bare = make_product("A bare thing", skus=("BARE",))
    ProductPicture.objects.all().delete()
    now = timezone.now()
    shows = [
        make_session(
            f"show-{state}",
            host=user,
            state=state,
            started_at=None if state == "scheduled" else now,
            ended_at=now if state == "ended" else None,
        )
        for state in StreamSession.State.values
    ]
    shows.append(make_session("one-thing", host=user, skus=("BARE",), state="interrupted", started_at=now))
    for number in range(2):
        Notice.objects.create(
            occasion=f"outbox:{number}", recipient=f"user:{user.pk}", user=user, kind="order.placed",
            title="Order A-1", text="Thank you.", read_at=now if number else None,
        )  # fmt: skip
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    paths = [f"/shows/{show.slug}/" for show in shows] + [f"/host/shows/{show.slug}/" for show in shows]
    paths += [f"/host/shows/{shows[0].slug}/moderation/", f"/accounts/addresses/{address.pk}/"]
    paths += [bare.get_absolute_url(), "/notices/", "/shop/", "/", "/host/", "/accounts/", "/accounts/email/"]
    cookie = signed_in(user)
    links = [f"/accounts/password/reset/key/{key}/", "/accounts/password/reset/key/1-worn-out/"]
    review = Review(tmp_path)

    with opened(site, size, cookie) as page:
        for path in paths:
            review.open(page, path)
    with opened(site, size) as page:
        for path in [*links, "/shows/one-thing/", "/shop/?min=much&postal_code=x"]:
            review.open(page, path)

    review.expect_no_finding()


def test_without_java_ci_fails_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "true")

    assert not page_checks.are_left_out()
    with pytest.raises(AssertionError, match="java is not installed"):
        page_checks.nu_findings(tmp_path, [("a page", "<!doctype html>")])


def test_elsewhere_the_checks_are_left_out_and_the_summary_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)

    assert page_checks.are_left_out()
    assert any("java is not installed" in one for one in page_checks.missing())


@pytest.mark.standards
def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    wrong = "<!doctype html><html lang=en><title>A</title><h1></h1><img alt=''><p style='colour: red'>"

    found = page_checks.nu_findings(tmp_path, [("a page", wrong)])

    assert [one for one in found if "a page" in one and "“src”" in one]
    assert [one for one in found if "Empty heading" in one]
