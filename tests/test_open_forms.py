"""Signing in in another tab changes the forms' token: what was typed is kept, and sent by one press."""

import html
import re

import pytest
from django.conf import settings
from django.test import Client

from orders.models import Order
from shop.models import CartLine
from tests.support.buying import ADDRESS, put_into_cart
from tests.support.factories import make_product, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = {"HTTP_ORIGIN": "http://testserver"}


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def token_in(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found
    return found[1]


def sign_in(browser: Client) -> None:
    """Sign in as in another tab: the same cookies, and a new token."""
    make_user("buyer@example.com")
    page = browser.get("/accounts/login/").content.decode()
    entered = {"login": "buyer@example.com", "password": "showfloor", "csrfmiddlewaretoken": token_in(page)}
    assert browser.post("/accounts/login/", entered, **ORIGIN).status_code == 302


def fields_of(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def test_an_open_checkout_is_sent_by_one_press_more(browser: Client) -> None:
    make_product(skus=("VASE",), stock=5)
    put_into_cart(browser, "VASE", 2)
    page = browser.get("/checkout/").content.decode()
    form = fields_of(page) | ADDRESS | {"city": 'Old "Delhi" & <b>'}
    sign_in(browser)

    asked = browser.post("/checkout/", form, **ORIGIN)

    again = asked.content.decode()
    assert asked.status_code == 403
    assert "One more press" in again
    assert 'action="/checkout/"' in again
    assert "&lt;b&gt;" in again
    assert not Order.objects.exists()
    sent = browser.post("/checkout/", fields_of(again), **ORIGIN)
    order = Order.objects.get()
    assert sent["Location"] == f"/orders/{order.id}/pay/"
    assert (order.city, order.buyer and order.buyer.email) == ('Old "Delhi" & <b>', "buyer@example.com")
    assert not CartLine.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [{"HTTP_ORIGIN": "https://evil.example"}, {"HTTP_ORIGIN": "null"}, {"HTTP_SEC_FETCH_SITE": "cross-site"}],
)
def test_another_sites_form_gets_no_offer(browser: Client, headers: dict[str, str]) -> None:
    browser.get("/accounts/login/")

    answer = browser.post("/cart/lines/", {"sku": "VASE", "csrfmiddlewaretoken": "x" * 64}, **headers)

    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Open that page again" in page
    assert "<form" not in page


def test_a_password_is_not_written_into_a_page(browser: Client) -> None:
    browser.get("/accounts/login/")
    form = {"login": "a@example.com", "password": "hunter2", "csrfmiddlewaretoken": "x" * 64}

    page = browser.post("/accounts/login/", form, **ORIGIN).content.decode()

    assert "hunter2" not in page
    assert "Open that page again" in page


def test_a_script_is_told_in_its_own_way(browser: Client) -> None:
    browser.get("/accounts/login/")

    answer = browser.post("/cart/lines/", {"sku": "VASE"}, HTTP_ACCEPT="application/json", **ORIGIN)

    assert (answer.status_code, "detail" in answer.json()) == (403, True)


def test_pages_say_where_the_token_is(client: Client) -> None:
    assert f'data-csrf-cookie="{settings.CSRF_COOKIE_NAME}"' in client.get("/cart/").content.decode()
