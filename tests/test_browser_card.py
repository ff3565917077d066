"""The pay page with Stripe's card form, in a real browser.

Stripe.js can't be had here: a script with its three calls stands in, and gives the card to localstripe.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests
from django.db import connections
from playwright.sync_api import expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from orders.models import Order, ProviderEvent
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support import order_requests, stripe_stand_ins
from tests.support.factories import make_product
from tests.support.realtime_servers import eventually
from tests.support.stripe_stand_ins import DECLINED_CARD, GOOD_CARD, SECRET_KEY, LocalStripe

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

WITHIN_MS = 20_000

# `Stripe(key).elements({clientSecret}).create("payment")` and `confirmPayment`, as Stripe.js has them. The card is
# typed in a field of this script's own, where Stripe would have a frame. localstripe takes one card for an intent
# only, so declining is this script's work.
STRIPE_JS = """
window.Stripe = (key) => ({
  elements: ({ clientSecret, appearance }) => ({
    clientSecret,
    create: (kind) => {
      const heard = {};
      return {
        on: (event, call) => { heard[event] = call; },
        mount: (place) => {
          place.insertAdjacentHTML("beforeend", '<label class="field">Card<input class="input" id="typed"></label>');
          place.dataset.kind = `${kind} ${key} ${appearance.variables.colorPrimary}`;
          heard.ready();
        },
      };
    },
  }),
  confirmPayment: async ({ elements, confirmParams }) => {
    const card = document.getElementById("typed").value;
    if (card !== "pm_card_visa") return { error: { message: "Your card was declined." } };
    const intent = elements.clientSecret.split("_secret_")[0];
    const post = (path, body) => fetch(`https://api.stripe.com/v1/payment_intents/${intent}${path}`, {
      method: "POST", body,
    });
    await post("", new URLSearchParams({ payment_method: card }));
    await post("/confirm", new URLSearchParams());
    location.assign(confirmParams.return_url);
    return new Promise(() => {});
  },
});
"""


@pytest.fixture
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStripe]:
    with stripe_stand_ins.local_stripe(tmp_path_factory.mktemp("localstripe")) as server:
        yield server


@pytest.fixture
def order(live_server: LiveServer, localstripe: LocalStripe, settings: Settings) -> dict[str, Any]:
    """An order of a shop that takes money by Stripe."""
    stripe_stand_ins.use(settings, localstripe.url)
    settings.SITE_URL = live_server.url
    localstripe.send_webhooks_to(f"{live_server.url}/api/v1/webhooks/payments/stripe")
    make_product(skus=("VASE",), price_minor=8600, stock=5)
    headers = {"Idempotency-Key": order_requests.KEY}
    answer = requests.post(f"{live_server.url}/api/v1/orders", json=order_requests.body(), headers=headers, timeout=20)
    assert answer.status_code == 201
    return dict(answer.json())


@pytest.fixture(params=[390, 1280])
def page(order: dict[str, Any], localstripe: LocalStripe, request: pytest.FixtureRequest) -> "Iterator[Page]":
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        context = chromium.new_context(viewport={"width": request.param, "height": 844}, locale="en")
        context.set_default_timeout(WITHIN_MS)
        expect.set_options(timeout=WITHIN_MS)
        context.route(
            "https://js.stripe.com/**", lambda route: route.fulfill(body=STRIPE_JS, content_type="text/javascript")
        )
        context.route("https://api.stripe.com/**", partial(forward, localstripe))
        yield context.new_page()
        chromium.close()


def forward(localstripe: LocalStripe, route: "Route") -> None:
    """Take a browser's request for Stripe to localstripe, with the rights that Stripe.js has without a secret key."""
    request = route.request
    headers = {**request.headers, "Authorization": f"Bearer {SECRET_KEY}"}
    url = request.url.replace("https://api.stripe.com", localstripe.url)
    route.fulfill(response=route.fetch(url=url, headers=headers))


def read(call: Any) -> Any:
    """Look into the database: in another thread, for the browser's loop runs in this one."""

    def run() -> Any:
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(run).result()


def test_a_declined_card_is_said_a_good_one_pays_and_the_webhook_agrees(page: "Page", order: dict[str, Any]) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)

    page.goto(order["payment"]["url"])
    expect(page.get_by_role("timer")).to_be_visible()
    expect(page.locator("[data-card-fields]")).to_have_attribute("data-kind", "payment pk_test_only_for_tests #3238c9")
    page.fill("#typed", DECLINED_CARD)
    page.get_by_role("button", name="Pay $86.00").click()
    expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    expect(page.get_by_role("button", name="Pay $86.00")).to_be_enabled()
    assert read(lambda: Order.objects.get().state) == "created"

    page.fill("#typed", GOOD_CARD)
    page.get_by_role("button", name="Pay $86.00").click()
    page.wait_for_url(f"**/orders/{order['id']}/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, it is yours")
    eventually(lambda: read(ProviderEvent.objects.count) == 1, within_s=20)
    assert read(lambda: Order.objects.get().state) == "placed"
    assert errors == []


def test_without_stripes_script_nothing_is_lost_and_the_page_says_so(page: "Page", order: dict[str, Any]) -> None:
    page.context.unroute("https://js.stripe.com/**")
    page.context.route("https://js.stripe.com/**", lambda route: route.abort())

    page.goto(order["payment"]["url"])

    expect(page.get_by_role("alert")).to_contain_text("The card form could not be loaded. Nothing was paid")
    expect(page.get_by_role("button", name="Pay $86.00")).to_be_hidden()
    expect(page.get_by_role("link", name="Try again")).to_have_attribute("href", f"/orders/{order['id']}/pay/card/")
