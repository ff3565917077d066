"""`next`, whatever it holds, leads to a page of ours or nowhere; links in mails lead to the site's own address."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from django.core import mail
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django import Settings

from shop.http.redirects import own_address
from shop.models import Variant
from shop.redis_pool import client as redis_client
from tests.support.factories import make_product, make_user

pytestmark = pytest.mark.django_db

STRANGE = [
    *["abc", "a b", "shop:cart", "shop:product", "account_login", "?", "#x", ".", "..", "x.y", "%", "é", "tel:1"],
    *["http://[", "http://[::1", "http:///x", "http://testserver:99999999/x", "//elsewhere.example", "\\\\elsewhere"],
    *["/\\elsewhere.example", "///elsewhere.example", "javascript:alert(1)", "data:x", "\x00", "/\x00", " /x"],
    *["/a\r\nSet-Cookie: x=y", "http://testserver\\@elsewhere.example", "https://testserver//elsewhere.example/"],
    *["/%", "/%zz", "/é", "/" + "x" * 3000, "http://testserver/cart/", "/cart/?a=1#b"],
]
FORMS = {
    "/place/": {"postal_code": "560001"},
    "/cart/lines/": {"sku": "SKU"},
    "/wishlist/items/": {"sku": "SKU"},
    "/accounts/login/": {"login": "a@example.com", "password": "showfloor"},
    "/accounts/signup/": {"email": "new@example.com", "password1": "another-Pass-4711"},
    "/accounts/logout/": {},
    "/accounts/reauthenticate/": {"password": "showfloor"},
    "/admin/login/": {"username": "a@example.com", "password": "showfloor"},
}


def ways(path: str, target: str, sent: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    yield path, {**sent, "next": target}
    yield f"{path}?{urlencode({'next': target})}", sent


@pytest.mark.parametrize("is_signed_in", [False, True])
@pytest.mark.parametrize("path", FORMS)
def test_no_next_is_an_error_or_leads_away(path: str, is_signed_in: bool) -> None:
    make_product(stock=3)
    user = make_user("a@example.com", is_staff=True)
    sent = {name: Variant.objects.get().sku if value == "SKU" else value for name, value in FORMS[path].items()}
    for target in STRANGE:
        for address, form in ways(path, target, sent):
            redis_client().flushall()
            client = Client(raise_request_exception=False)
            if is_signed_in:
                client.force_login(user)
            answers = [client.get(address), client.post(address, form)]
            assert [answer.status_code for answer in answers if answer.status_code >= 500] == [], (address, target)
            for answer in answers:
                led_to = answer.headers.get("Location", "/")
                assert urlsplit(led_to).netloc in {"", "testserver"}, (target, led_to)
                is_path = re.match(r"/(?![/\\])|http://testserver/(?![/\\])", led_to)
                assert is_path or path == "/admin/login/", (target, led_to)  # Django's own takes relative ones


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/cart/?a=1#b", "/cart/?a=1#b"),
        ("http://testserver/cart/?a=1", "/cart/?a=1"),
        ("/%zz", "/%zz"),
        ("/é", "/é"),
        ("shop:cart", ""),
        ("abc", ""),
        ("http://testserver//elsewhere.example/", ""),
        ("http://elsewhere.example/", ""),
        ("http://[", ""),
        ("/a\nb", ""),
        ("/" + "x" * 2000, ""),
    ],
)
def test_an_address_of_ours_is_a_path(target: str, kept: str) -> None:
    request: HttpRequest = RequestFactory().get("/")

    assert own_address(request, target) == kept


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1:9999", "localhost"])
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts/password/reset/", {"email": "a@example.com"}),
        ("/accounts/password/reset/", {"email": "nobody@example.com"}),
        ("/accounts/signup/", {"email": "new@example.com", "password1": "another-Pass-4711"}),
        ("/accounts/signup/", {"email": "a@example.com", "password1": "another-Pass-4711"}),
    ],
)
def test_links_in_mails_do_not_follow_the_host_that_was_named(
    client: Client, settings: Settings, host: str, path: str, form: dict[str, str]
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = "https://shop.example.com"
    make_user("a@example.com")

    client.post(path, form, headers={"Host": host})

    for letter in mail.outbox:
        assert host not in letter.body.replace("nobody@example.com", "")
        links = re.findall(r"https?://[^/\s]+", letter.body)
        assert set(links) <= {"https://shop.example.com"}
    if path == "/accounts/password/reset/" and form["email"] == "a@example.com":
        assert "https://shop.example.com/accounts/" in mail.outbox[0].body
    if form["email"] == "new@example.com":  # a code, and no link
        assert "Showfloor, shop.example.com" in mail.outbox[0].body
