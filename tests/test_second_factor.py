"""The second factor: asked for at every way in, required of staff where the shop says so."""

import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.cache import cache
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from realtime import identity
from shop.models import AuditEntry, User
from shop.people import second_factor, sessions, tokens
from tests.support.api_client import Caller
from tests.support.factories import make_user
from tests.support.second_factors import App, give_factor

pytestmark = pytest.mark.django_db

EMAIL = "a@example.com"
SIGN_IN = {"login": EMAIL, "password": "showfloor"}
PAGES = [
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_deactivate_totp",
]


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def confirm(client: Client) -> None:
    """Say once more who one is, as changing a factor asks."""
    answer = client.post("/accounts/reauthenticate/", {"password": "showfloor"})
    assert answer.status_code == 302


def take_token(**more: str) -> tuple[int, dict[str, Any]]:
    body = {"email": EMAIL, "password": "showfloor", **more}
    answer = Client().post("/api/v1/tokens", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_the_password_alone_does_not_sign_in(client: Client) -> None:
    app = give_factor(make_user(EMAIL))
    answer = client.post("/accounts/login/", {**SIGN_IN, "next": "/wishlist/"})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)
    assert "Incorrect code" in client.post(answer["Location"], {"code": "000000"}).content.decode()
    assert not is_signed_in(client)
    assert client.post(answer["Location"], {"code": app.code()})["Location"] == "/wishlist/"
    assert is_signed_in(client)


def test_a_code_works_once(client: Client) -> None:
    app = give_factor(make_user(EMAIL))
    code = app.code()
    for browser, is_let_in in ((client, True), (Client(), False)):
        browser.post("/accounts/login/", SIGN_IN)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert is_signed_in(browser) == is_let_in


def test_a_recovery_code_works_once(client: Client) -> None:
    app = give_factor(make_user(EMAIL))
    for browser, is_let_in in ((client, True), (Client(), False)):
        browser.post("/accounts/login/", SIGN_IN)
        browser.post("/accounts/2fa/authenticate/", {"code": app.recovery_codes[0]})
        assert is_signed_in(browser) == is_let_in


def test_guesses_at_the_code_are_bounded_over_pages_and_the_api(client: Client) -> None:
    app = give_factor(make_user(EMAIL))
    assert [take_token(code="000000")[1]["code"] for _ in range(6)] == ["invalid_code"] * 6
    client.post("/accounts/login/", SIGN_IN)
    client.post("/accounts/2fa/authenticate/", {"code": app.code()})
    assert not is_signed_in(client)
    assert take_token(code=app.code())[0] == 401


def test_a_token_needs_the_code() -> None:
    app = give_factor(make_user(EMAIL))
    assert (take_token()[0], take_token()[1]["code"]) == (401, "code_required")
    assert take_token(code="000000")[1]["code"] == "invalid_code"
    code = app.code()
    status, answer = take_token(code=code)
    assert (status, list(answer)) == (201, ["token"])
    assert take_token(code=code)[1]["code"] == "invalid_code"
    assert take_token(code=app.recovery_codes[3])[0] == 201
    wrong = Client().post(
        "/api/v1/tokens", {"email": EMAIL, "password": "no", "code": app.code()}, content_type="application/json"
    )
    assert wrong.json()["code"] == "invalid_credentials"


def test_a_reset_of_the_password_leaves_the_second_factor(client: Client) -> None:
    give_factor(make_user(EMAIL))
    client.post("/accounts/password/reset/", {"email": EMAIL})
    link = re.search(r"http://[^/]+(/accounts/password/reset/key/\S+)", mail.outbox[0].body)
    assert link
    page = client.get(link[1], follow=True)
    client.post(page.request["PATH_INFO"], {"password1": "a-long-enough-word", "password2": "a-long-enough-word"})
    assert not is_signed_in(client)
    client.post("/accounts/login/", {**SIGN_IN, "password": "a-long-enough-word"})
    assert not is_signed_in(client)


def test_the_admin_has_no_way_in_of_its_own(client: Client) -> None:
    give_factor(User.objects.create_superuser(EMAIL, "showfloor"))
    assert client.get("/admin/", follow=True).request["PATH_INFO"] == "/accounts/login/"
    posted = client.post("/admin/login/?next=/admin/", {"username": EMAIL, "password": "showfloor", "next": "/admin/"})
    assert posted["Location"].startswith("/accounts/login/?next=")
    assert not is_signed_in(client)


def test_the_sign_in_for_the_admin_ends_there(client: Client) -> None:
    User.objects.create_superuser(EMAIL, "showfloor")
    address = client.get("/admin/orders/order/", follow=True)
    next_page = re.search(r'name="next" value="([^"]+)"', address.content.decode())
    assert next_page
    answer = client.post("/accounts/login/", {**SIGN_IN, "next": next_page[1]}, follow=True)
    assert answer.request["PATH_INFO"] == "/admin/orders/order/"
    assert answer.status_code == 200


def test_shoppers_are_not_sent_round_by_the_admin(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize("name", PAGES)
def test_pages_look_like_ours_and_want_a_person_who_says_so_again(client: Client, name: str) -> None:
    assert client.get(reverse(name))["Location"].startswith("/accounts/login/")
    person = make_user()
    if name not in ("mfa_index", "mfa_activate_totp"):
        give_factor(person)
    client.force_login(person)
    confirm(client)
    html = client.get(reverse(name)).content.decode()
    assert 'class="logo"' in html
    assert "manage__nav" in html
    assert re.search("<h1>[^<]+</h1>", html)


@pytest.mark.parametrize("name", ["mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"])
def test_changing_a_factor_wants_the_password_again(client: Client, name: str) -> None:
    person = make_user()
    client.force_login(person)
    for answer in (client.get(reverse(name)), client.post(reverse(name), {})):
        assert answer["Location"].startswith("/accounts/reauthenticate/"), name
    assert not Authenticator.objects.exists()


def set_up_app(client: Client) -> str:
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    secret = re.search(r'id="totp-secret" value="([A-Z2-7]+)"', page)
    assert secret
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    code = format_hotp_value(hotp_value(secret[1], int(time.time()) // 30))
    assert client.post(reverse("mfa_activate_totp"), {"code": code})["Location"] == "/accounts/2fa/recovery-codes/"
    return secret[1]


def test_an_app_is_set_up_with_recovery_codes_and_ends_what_came_without(client: Client) -> None:
    person = make_user()
    key = tokens.issue(person)
    client.force_login(person)
    confirm(client)

    secret = set_up_app(client)

    html = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert len(re.findall(r"<li>\d{8}</li>", html)) == 10
    assert tokens.find(key) is None
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept


def test_turning_the_last_factor_off_ends_tokens(client: Client) -> None:
    person = make_user()
    app = give_factor(person)
    key = tokens.issue(person)
    client.force_login(person)
    client.post("/accounts/2fa/reauthenticate/", {"code": app.code()})
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    assert tokens.find(key) is None


def test_secrets_of_another_key_open_nothing_and_raise_nothing(client: Client, settings: Settings) -> None:
    app = give_factor(make_user(EMAIL))
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-" * 8
    client.post("/accounts/login/", SIGN_IN)
    client.post("/accounts/2fa/authenticate/", {"code": app.code()})
    assert not is_signed_in(client)
    settings.SECRET_KEY_FALLBACKS = [old]
    client.post("/accounts/login/", SIGN_IN)
    client.post("/accounts/2fa/authenticate/", {"code": app.code()})
    assert is_signed_in(client)


# --- required of staff -----------------------------------------------------------------------------------


@pytest.fixture
def is_required(settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = True


def some_staff() -> User:
    return User.objects.create_superuser(EMAIL, "showfloor")


@pytest.mark.usefixtures("is_required")
def test_staff_without_one_are_sent_to_set_it_up(client: Client) -> None:
    key = tokens.issue(make_user())
    staff = some_staff()
    client.post("/accounts/login/", SIGN_IN)
    assert is_signed_in(client)
    for path in ("/admin/", "/admin/orders/order/", "/", "/shop/", "/host/"):
        assert client.get(path)["Location"] == "/accounts/2fa/", path
    api = client.get("/api/v1/me")
    assert (api.status_code, api.json()["code"]) == (403, "second_factor_required")
    assert take_token()[1]["code"] == "second_factor_required"
    assert tokens.find(key) is not None

    confirm(client)
    set_up_app(client)

    assert client.get("/admin/").status_code == 200
    assert client.get("/api/v1/me").status_code == 200
    assert second_factor.is_set_up(staff)


@pytest.mark.usefixtures("is_required")
def test_staff_keep_their_last_factor(client: Client) -> None:
    staff = some_staff()
    app = give_factor(staff)
    client.force_login(staff)
    client.post("/accounts/2fa/reauthenticate/", {"code": app.code()})
    html = client.post(reverse("mfa_deactivate_totp")).content.decode()
    assert "cannot deactivate" in html
    assert second_factor.is_set_up(staff)


@pytest.mark.usefixtures("is_required")
def test_what_staff_had_before_opens_nothing_until_it_is_set_up() -> None:
    staff = some_staff()
    key = tokens.issue(staff)
    assert identity.find_by_token(key) is None
    assert Caller(staff).get("me").status_code == 401


@pytest.mark.usefixtures("is_required")
def test_shoppers_and_hosts_are_asked_for_none(client: Client) -> None:
    client.force_login(make_user(is_host=True))
    assert client.get("/host/").status_code == 200


def test_without_the_setting_staff_are_let_in(client: Client) -> None:
    client.force_login(some_staff())
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(("is_set", "site", "is_warned"), [(False, "https:", True), (True, "https:", False)])
def test_a_public_shop_is_warned_of_passwords_alone(
    settings: Settings, is_set: bool, site: str, is_warned: bool
) -> None:
    settings.STAFF_SECOND_FACTOR, settings.SITE_URL, settings.DEBUG = is_set, f"{site}//shop.example.com", False
    warned = {message.id for message in run_checks(include_deployment_checks=True)}
    assert ("shop.W001" in warned) == is_warned


@pytest.mark.parametrize(
    ("fields", "is_offered"), [({}, False), ({"is_host": True}, True), ({"is_staff": True}, True)]
)
def test_hosts_and_staff_are_offered_one(client: Client, fields: dict[str, bool], is_offered: bool) -> None:
    person = make_user(**fields)
    client.force_login(person)
    assert ("Set one up" in client.get("/accounts/").content.decode()) == is_offered
    give_factor(person)
    assert "Set one up" not in client.get("/accounts/").content.decode()


def test_an_admin_takes_a_lost_factor_away(client: Client) -> None:
    person, admin = make_user(EMAIL), User.objects.create_superuser("admin@example.com")
    give_factor(person)
    address = reverse("admin:shop_user_take_second_factor", args=[person.pk])
    client.force_login(make_user(is_staff=True))
    client.post(address, {"_form_submitted": "True"})
    assert second_factor.is_set_up(person)
    client.force_login(admin)
    client.post(address, {"_form_submitted": "True"})
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.get(action="take_second_factor")
    assert (entry.actor, entry.subject) == (f"user:{admin.public_id}", f"user:{person.public_id}")


# --- a working day ---------------------------------------------------------------------------------------


def turn_back(client: Client, by: timedelta) -> None:
    session = client.session
    session[sessions.SIGNED_IN_AT] -= int(by.total_seconds())
    session.save()


def test_staffs_sign_in_lasts_a_working_day_whatever_they_do(client: Client) -> None:
    some_staff()
    client.post("/accounts/login/", SIGN_IN)
    turn_back(client, timedelta(hours=9, minutes=58))
    assert client.get("/admin/").status_code == 200
    turn_back(client, timedelta(minutes=3))
    key = client.session.session_key

    assert client.get("/admin/").status_code == 302

    assert not is_signed_in(client)
    assert not SessionStore().exists(key)


def test_the_api_and_the_sockets_end_with_it(client: Client, settings: Settings) -> None:
    staff = some_staff()
    client.force_login(staff)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"
    found = identity.find_by_cookie(cookie)
    assert found
    assert found.user_id == staff.pk
    turn_back(client, timedelta(hours=11))
    found = identity.find_by_cookie(cookie)
    assert found
    assert found.user_id is None
    assert client.get("/api/v1/me").status_code in (401, 403)


def test_a_sign_in_that_nobody_noted_is_over_for_staff(client: Client) -> None:
    person = make_user()
    client.force_login(person)
    session = client.session
    del session[sessions.SIGNED_IN_AT]
    session.save()
    assert client.get("/accounts/").status_code == 200
    person.is_staff = True
    person.save()
    assert client.get("/accounts/").status_code == 302


def test_a_shopper_stays_for_weeks(client: Client) -> None:
    client.force_login(make_user())
    turn_back(client, timedelta(days=20))
    assert client.get("/accounts/").status_code == 200


def test_an_app_is_somebodys_alone() -> None:
    mine, theirs = App(make_user(EMAIL)), App(make_user())
    assert take_token(code=theirs.code())[1]["code"] == "invalid_code"
    assert take_token(code=mine.code())[0] == 201
