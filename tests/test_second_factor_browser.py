"""Passkeys, apps and recovery codes in a real browser, with an authenticator that Chromium pretends to have."""

import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.db import connections
from playwright.sync_api import expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from shop.people import tokens
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support import page_checks
from tests.support.factories import make_user
from tests.support.mailed_codes import last_code

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]

T = TypeVar("T")

WITHIN_MS = 20_000
WIDTHS = (360, 390, 1280)
PICTURES = os.environ.get("PICTURES")  # a folder: pages are kept there as pictures, to be looked at


@pytest.fixture
def chromium(live_server: LiveServer) -> "Iterator[Browser]":
    """Chromium for one test: its loop runs in this thread, where the database is set up before and emptied after."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: "Browser", live_server: LiveServer, settings: Settings) -> "Iterator[Page]":
    """A window with a platform authenticator; an error of a script, or one of the content policy, fails the test."""
    cache.clear()
    errors: list[str] = []
    settings.SITE_URL = live_server.url
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 390, "height": 844}, locale="en")
    context.set_default_timeout(WITHIN_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    expect.set_options(timeout=WITHIN_MS)
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    yield page
    context.close()
    assert errors == []


def ask(call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Ask the database beside Playwright's loop."""

    def run() -> T:
        try:
            return call(*args, **kwargs)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def look_at(page: "Page", name: str) -> None:
    """See that a page fits every width, and that axe finds nothing wrong with it."""
    page.wait_for_function("() => document.body && document.readyState === 'complete'")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        if PICTURES and width != 360:
            page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})
    if not page_checks.are_left_out():
        assert page_checks.axe_findings(page) == []


def sign_in(page: "Page", email: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", "showfloor")
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: "Page") -> None:
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_a_passkey_is_added_signs_in_and_is_removed(page: "Page") -> None:
    ask(make_user, "a@example.com", is_host=True)
    sign_in(page, "a@example.com")
    expect(page.get_by_text("You are signed in.")).to_be_visible()
    page.goto("/accounts/")
    look_at(page, "account")
    page.get_by_role("link", name="Set one up").click()
    page.wait_for_url("**/accounts/2fa/")
    look_at(page, "second-factor-none")
    page.get_by_role("link", name="Add a passkey").click()
    look_at(page, "confirm-by-password")
    page.fill("[name=password]", "showfloor")
    page.get_by_role("button", name="Go on").click()
    look_at(page, "passkey-add")
    page.fill("[name=name]", "My phone")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    look_at(page, "recovery-codes")
    page.get_by_role("link", name="Done").click()
    look_at(page, "second-factor")
    page.get_by_role("link", name="See them").click()
    expect(page.get_by_text("My phone")).to_be_visible()
    look_at(page, "passkeys")

    sign_out(page)
    page.goto("/accounts/login/?next=/wishlist/")
    look_at(page, "sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Wishlist")).to_be_visible()

    sign_out(page)
    sign_in(page, "a@example.com")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    look_at(page, "one-more-step")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("You are signed in.")).to_be_visible()

    page.goto("/accounts/2fa/webauthn/")
    page.get_by_role("link", name="Rename My phone").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_role("link", name=re.compile("security key|passkey", re.IGNORECASE)).click()
    look_at(page, "confirm-by-passkey")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Rename the passkey")).to_be_visible()
    look_at(page, "passkey-rename")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="Remove My phone").click()
    look_at(page, "passkey-remove")
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    assert not ask(Authenticator.objects.exists)


def test_a_passkey_that_is_not_there_is_said_in_words(page: "Page") -> None:
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The passkey was not used.")).to_be_visible()
    look_at(page, "passkey-refused")


def test_an_app_is_set_up_and_asked_for(page: "Page") -> None:
    ask(make_user, "a@example.com")
    sign_in(page, "a@example.com")
    expect(page.get_by_text("You are signed in.")).to_be_visible()
    page.goto("/accounts/2fa/totp/activate/")
    page.fill("[name=password]", "showfloor")
    page.get_by_role("button", name="Go on").click()
    look_at(page, "app")
    secret = page.get_by_label("Secret").input_value()
    assert page.locator(".qr").evaluate("image => image.complete && image.naturalWidth > 0")

    def code() -> str:
        cache.clear()
        return format_hotp_value(hotp_value(secret, int(time.time()) // 30))

    page.get_by_label("Code", exact=True).fill(code())
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/accounts/2fa/totp/deactivate/")
    look_at(page, "app-off")
    sign_out(page)
    sign_in(page, "a@example.com")
    page.get_by_label("Code", exact=True).fill(code())
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("You are signed in.")).to_be_visible()


def test_signing_up_asks_for_the_code_of_the_mail(page: "Page") -> None:
    page.goto("/accounts/signup/?next=/wishlist/")
    page.fill("[name=email]", "newcomer-with-a-rather-long-address@example.com")
    page.fill("[name=password1]", "a-long-enough-word")
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("heading", name="Look in your mail")).to_be_visible()
    look_at(page, "confirm-address")
    assert len(mail.outbox) == 1
    page.get_by_label("Code from the mail").fill(last_code())
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Wishlist")).to_be_visible()


def test_tokens_are_seen_and_revoked(page: "Page") -> None:
    person = ask(make_user, "a@example.com")
    ask(tokens.issue, person, name="The till by the door")
    key = ask(tokens.issue, person, name="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)")
    sign_in(page, "a@example.com")
    expect(page.get_by_text("You are signed in.")).to_be_visible()
    page.goto("/accounts/tokens/")
    look_at(page, "tokens")
    page.get_by_role("button", name=re.compile("^Revoke Mozilla")).click()
    expect(page.get_by_text("Revoked:")).to_be_visible()
    assert ask(tokens.find, key) is None
    page.get_by_role("button", name="Revoke all of them").click()
    expect(page.get_by_text("None. A program gets one")).to_be_visible()
    look_at(page, "tokens-none")
