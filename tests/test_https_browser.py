"""`up --https`: a show, its chat, a camera and an order in Chromium, over HTTP/2 and secure sockets, at one origin."""

import re
import ssl
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import expect

from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support.showfloor import Showfloor, new_showfloor
from tests.support.viewers import WIDE, until, wait_for_picture
from tests.test_browser_camera import CAMERA_FLAGS, end, go_live
from tests.test_browser_checkout import ADDRESS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]

SLOWLY_MS = 60_000


@pytest.fixture(scope="module")
def site() -> Iterator[Showfloor]:
    with new_showfloor() as showfloor:
        showfloor.up("--https")
        yield showfloor


@pytest.fixture(scope="module")
def root(site: Showfloor) -> str:
    """The certificate that `up` names."""
    [path] = re.findall(r"until they trust (\S+);", site.output)
    return str(path)


@pytest.fixture
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_FLAGS, *CAMERA_FLAGS])
        yield chromium
        chromium.close()


class Visitors:
    """Windows that keep a list of what went wrong in them and of every address that they asked."""

    def __init__(self, browser: "Browser", site: Showfloor) -> None:
        self._browser, self._site = browser, site
        self.errors: list[str] = []
        self.asked: set[str] = set()

    def come(self, path: str, *, email: str = "") -> "Page":
        # Nothing is installed into the system, so the browser does not know the authority.
        context = self._browser.new_context(
            base_url=self._site.url, viewport=WIDE, locale="en", timezone_id="UTC", ignore_https_errors=True
        )
        context.set_default_timeout(SLOWLY_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if "Content Security" in said.text else None)
        page.on("request", lambda request: self.asked.add(request.url))
        page.on("websocket", lambda socket: self.asked.add(socket.url))
        if email:
            page.goto("/accounts/login/")
            page.fill("[name=login]", email)
            page.fill("[name=password]", "showfloor")
            page.locator("[name=password]").press("Enter")
            page.wait_for_url(lambda address: "/login/" not in address)
        page.goto(path)
        return page


@pytest.fixture
def visitors(browser: "Browser", site: Showfloor) -> Iterator[Visitors]:
    expect.set_options(timeout=SLOWLY_MS)
    those = Visitors(browser, site)
    yield those
    assert those.errors == []
    ours = (site.url, site.url.replace("https", "wss", 1), "blob:", "data:")
    assert [address for address in those.asked if not address.startswith(ours)] == []


def test_the_root_certificate_vouches_and_plain_http_is_sent_on(site: Showfloor, root: str) -> None:
    answer = requests.get(f"{site.url}/health", verify=root, timeout=10)
    assert answer.json() == {"status": "OK"}
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "h3" in answer.headers["Alt-Svc"]
    plain = requests.get(site.url.replace("https", "http", 1) + "/shop/", allow_redirects=False, timeout=10)
    assert (plain.status_code, plain.headers["Location"]) == (308, f"{site.url}/shop/")
    by_name = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", root, "-o", "/dev/null", "-w", "%{http_version}", f"{site.url}/health"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert by_name.stdout == "2"
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{site.url}/health", timeout=10)
    assert ssl.create_default_context(cafile=root).get_ca_certs()


def test_a_show_is_watched_talked_in_and_bought_from(visitors: Visitors) -> None:
    page = visitors.come("/shows/demo-live/", email="shopper@example.com")
    wait_for_picture(page)
    assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
    cookies = {cookie["name"]: cookie["secure"] for cookie in page.context.cookies()}
    assert cookies
    assert set(cookies.values()) == {True}
    page.locator("[name=text]").locator("visible=true").first.fill("over https")
    page.keyboard.press("Enter")
    other = visitors.come("/shows/demo-live/")
    expect(other.get_by_text("over https").locator("visible=true").first).to_be_visible()

    products = page.evaluate("fetch('/api/v1/products?in_stock=1').then((answer) => answer.json())")["results"]
    slug = next(product["slug"] for product in products if product["available"] > 3)
    sku = page.evaluate(f"fetch('/api/v1/products/{slug}').then((answer) => answer.json())")["variants"][0]["sku"]
    other.goto(f"/checkout/?sku={sku}&quantity=1")
    for name, value in ADDRESS.items():
        other.fill(f"[name={name}]", value)
    other.get_by_role("button", name=re.compile("^Pay")).locator("visible=true").click()
    expect(other.get_by_text("Sandbox provider")).to_be_visible()
    other.get_by_role("button", name="Approve").click()
    expect(other.get_by_text("Paid").locator("visible=true").first).to_be_visible()


def test_a_camera_goes_live(visitors: Visitors) -> None:
    host = visitors.come("/host/", email="host@example.com")
    host.fill("[name=title]", "From a secure kitchen")
    host.get_by_role("button", name="Plan it").click()
    go_live(host)
    expect(host.locator(".lamp")).to_contain_text("On air")
    viewer = visitors.come(f"/shows/{host.url.rstrip('/').rpartition('/')[2]}/")
    wait_for_picture(viewer)
    until(viewer, "() => !document.querySelector('[data-viewers]').hidden")
    end(host)
