"""Signing up and in by e-mail address, and one's own pages."""

import re

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.urls import reverse

from shop.models import Address, User
from tests.support.factories import make_user, make_warehouse
from tests.support.mailed_codes import last_code

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-enough-word"
ENTRANCES = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_inactive",
]
OWN_PAGES = ["account_email", "account_change_password", "account_logout", "account_reauthenticate", "shop:account"]


def sign_in(client: Client, email: str, password: str = "showfloor", **more: str) -> int:
    return client.post("/accounts/login/", {"login": email, "password": password, **more}).status_code


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_signing_up_takes_an_address_and_a_password(client: Client) -> None:
    answer = client.post(
        "/accounts/signup/", {"email": "New@Example.com", "password1": PASSWORD, "display_name": "moss"}
    )
    assert answer.status_code == 302
    person = User.objects.get(email="new@example.com")
    assert (person.display_name, person.is_host, person.is_staff) == ("moss", False, False)
    assert not is_signed_in(client)
    assert len(mail.outbox) == 1
    client.post(answer["Location"], {"code": last_code()})
    assert is_signed_in(client)
    assert "new@example.com is confirmed." in client.get("/accounts/").content.decode()


def test_a_name_at_sign_up_is_no_address_and_turns_nothing_round(client: Client) -> None:
    entered = {"email": "new@example.com", "password1": PASSWORD}
    client.post("/accounts/signup/", {**entered, "display_name": "n@example.com"})
    assert not User.objects.exists()
    client.post("/accounts/signup/", {**entered, "display_name": "mo\u202ess\u200b"})
    assert User.objects.get().display_name == "moss"


def test_signing_up_twice_makes_no_second_account_and_tells_a_stranger_nothing(client: Client) -> None:
    make_user("a@example.com")
    client.post("/accounts/signup/", {"email": "A@example.com", "password1": PASSWORD})
    assert User.objects.count() == 1
    assert not is_signed_in(client)


@pytest.mark.parametrize("password", ["short", "password123", ""])
def test_a_weak_password_is_refused_and_the_address_kept(client: Client, password: str) -> None:
    answer = client.post("/accounts/signup/", {"email": "new@example.com", "password1": password})
    assert User.objects.count() == 0
    html = answer.content.decode()
    assert 'value="new@example.com"' in html
    assert 'class="error"' in html


def test_signing_in_and_out(client: Client) -> None:
    make_user("a@example.com")
    assert sign_in(client, "A@Example.com") == 302
    assert is_signed_in(client)
    assert client.get("/accounts/logout/").status_code == 200
    assert is_signed_in(client)
    client.post("/accounts/logout/")
    assert not is_signed_in(client)


def test_signing_in_goes_back_to_pages_of_ours_only(client: Client) -> None:
    make_user("a@example.com")
    data = {"login": "a@example.com", "password": "showfloor"}
    assert client.post("/accounts/login/", {**data, "next": "/wishlist/"})["Location"] == "/wishlist/"
    client.logout()
    assert client.post("/accounts/login/", {**data, "next": "https://elsewhere.example/"})["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_read_alike(client: Client) -> None:
    make_user("a@example.com")
    wrong = client.post("/accounts/login/", {"login": "a@example.com", "password": "no"})
    unknown = client.post("/accounts/login/", {"login": "b@example.com", "password": "no"})
    said = [re.findall(r"<p>([^<]*password[^<]*)</p>", answer.content.decode()) for answer in (wrong, unknown)]
    assert said[0] == said[1] != []


@override_settings(AXES_FAILURE_LIMIT=3, ACCOUNT_RATE_LIMITS=False)
def test_guessing_locks_that_address_and_no_other(client: Client) -> None:
    make_user("a@example.com")
    make_user("b@example.com")
    for _ in range(3):
        answer = client.post("/accounts/login/", {"login": "a@example.com", "password": "guess"})
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    assert sign_in(client, "a@example.com") == 429
    assert not is_signed_in(client)
    assert sign_in(client, "b@example.com") == 302


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(client: Client) -> None:
    make_user("a@example.com")
    client.post("/accounts/password/reset/", {"email": "a@example.com"})
    link = re.search(r"http://[^/]+(/accounts/password/reset/key/\S+)", mail.outbox[0].body)
    assert link
    page = client.get(link[1], follow=True)
    client.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert sign_in(client, "a@example.com", PASSWORD) == 302
    assert "This link no longer works" in Client().get(link[1], follow=True).content.decode()


@pytest.mark.parametrize("name", ENTRANCES)
def test_pages_for_everybody_look_like_ours(client: Client, name: str) -> None:
    html = client.get(reverse(name)).content.decode()
    assert 'class="logo"' in html
    assert "account.css" in html


@pytest.mark.parametrize("name", OWN_PAGES)
def test_own_pages_look_like_ours_and_want_a_person(client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    client.force_login(make_user())
    html = client.get(reverse(name)).content.decode()
    assert 'class="logo"' in html
    assert "account.css" in html


def test_the_name_in_chat_can_be_changed_but_is_no_address(client: Client) -> None:
    person = make_user("a@example.com")
    client.force_login(person)
    client.post("/accounts/", {"display_name": " moss "})
    person.refresh_from_db()
    assert person.public_name == "moss"
    html = client.post("/accounts/", {"display_name": "a@example.com"}).content.decode()
    person.refresh_from_db()
    assert person.public_name == "moss"
    assert "without @" in html


def test_addresses_are_added_changed_and_removed(client: Client) -> None:
    make_warehouse()
    person = make_user()
    client.force_login(person)
    home = {"name": "Moss", "line1": "1 Lane", "postal_code": "110001", "city": "New Delhi", "country": "IN"}
    client.post("/accounts/addresses/new/", home)
    kept = person.addresses.get()
    assert kept.line1 == "1 Lane"
    html = client.post(f"/accounts/addresses/{kept.pk}/", {**home, "postal_code": "11000"}).content.decode()
    assert "5 digits; codes in India have six." in html
    client.post(f"/accounts/addresses/{kept.pk}/", {**home, "line1": "2 Lane"})
    assert person.addresses.get().line1 == "2 Lane"
    client.post(f"/accounts/addresses/{kept.pk}/", {"action": "remove"})
    assert person.addresses.count() == 0


def test_a_strangers_address_is_not_there(client: Client) -> None:
    theirs = Address.objects.create(
        user=make_user(), name="A", line1="1 Lane", city="New Delhi", postal_code="110001", country="IN"
    )
    client.force_login(make_user())
    assert client.get(f"/accounts/addresses/{theirs.pk}/").status_code == 404
    assert client.post(f"/accounts/addresses/{theirs.pk}/", {"action": "remove"}).status_code == 404
    assert Address.objects.filter(pk=theirs.pk).exists()


def test_a_form_without_its_token_is_refused_kindly() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/cart/lines/", {"sku": "A"})
    assert answer.status_code == 403
    assert "Open that page again" in answer.content.decode()


def test_error_pages_need_nothing() -> None:
    from django.template.loader import render_to_string

    for name in ("400.html", "500.html", "503.html", "429.html", "403_csrf.html"):
        html = render_to_string(name)
        assert "<h1>" in html
        assert "tokens.css" in html
