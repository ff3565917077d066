"""Guessing at passwords is slow from everywhere, and keeps no owner out."""

import re
from itertools import count
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client
from pytest_django import Settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop.http import rate_limits
from shop.models import User
from shop.people import guesses, known_devices
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db

EMAIL, PASSWORD = "a@example.com", "showfloor"
LOGIN, TOKENS = "/accounts/login/", "/api/v1/tokens"
networks = (f"198.51.{number // 250}.{number % 250 + 1}" for number in count())


@pytest.fixture
def owner() -> User:
    return make_user(EMAIL, is_staff=True)


def attempt(
    way: str, *, email: str = EMAIL, password: str = "guess", client: Client | None = None, at: str = ""
) -> Any:
    """Try a password at a way in, from a network of its own unless it is said from where."""
    client, at = client or Client(), at or next(networks)
    if way == TOKENS:
        body = {"email": email, "password": password}
        return client.post(way, body, content_type="application/json", REMOTE_ADDR=at)
    return client.post(way, {"login": email, "username": email, "password": password}, REMOTE_ADDR=at)


def is_in(answer: Any) -> bool:
    return answer.status_code in {201, 302}


def test_a_name_is_guessed_at_slowly_from_however_many_networks(owner: User) -> None:
    answers = [attempt(LOGIN) for _ in range(22)]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 2
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert "Try again in a minute" in answers[-1].content.decode()
    assert attempt(LOGIN, password=PASSWORD).status_code == 429
    assert attempt(LOGIN, email="b@example.com").status_code == 200


def test_without_the_limit_all_guesses_are_answered(owner: User, settings: Settings) -> None:
    """The control: nothing else counts by name alone."""
    settings.AUTHENTICATION_BACKENDS = [
        name for name in settings.AUTHENTICATION_BACKENDS if name != "shop.people.guesses.GuessLimit"
    ]

    assert {attempt(LOGIN).status_code for _ in range(22)} == {200}


def test_the_ways_in_count_together(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "PER_NAME", 4)
    tried = [attempt(way).status_code for _ in range(2) for way in (LOGIN, TOKENS)]
    assert tried == [200, 401] * 2

    refused = attempt(TOKENS, password=PASSWORD)
    assert (refused.status_code, refused.json()["code"]) == (429, "locked_out")
    assert 0 < int(refused["Retry-After"]) <= 60
    assert attempt(LOGIN, password=PASSWORD).status_code == 429


@pytest.mark.parametrize("typed", ["A@EXAMPLE.COM", " a@example.com "])
def test_another_spelling_is_the_same_name(owner: User, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr(guesses, "PER_NAME", 2)
    attempt(LOGIN), attempt(LOGIN)

    assert attempt(LOGIN, email=typed).status_code == 429


def test_the_owners_browser_is_not_kept_out_by_others_guesses(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "PER_NAME", 3)
    home, work = Client(), Client()
    assert is_in(attempt(LOGIN, password=PASSWORD, client=home))
    home.post("/accounts/logout/")
    for _ in range(4):
        attempt(LOGIN)

    assert attempt(LOGIN, password=PASSWORD, client=work).status_code == 429
    assert is_in(attempt(LOGIN, password=PASSWORD, client=home))


def test_guesses_from_the_owners_own_network_do_not_keep_their_browser_out(owner: User) -> None:
    """A neighbour behind the same address has axes lock name and network, over and over."""
    home, at = Client(), "203.0.113.7"
    assert is_in(attempt(LOGIN, password=PASSWORD, client=home, at=at))
    home.post("/accounts/logout/")
    for _ in range(12):
        attempt(LOGIN, at=at)

    assert attempt(LOGIN, password=PASSWORD, at=at).status_code == 429
    assert is_in(attempt(LOGIN, password=PASSWORD, client=home, at=at))


def test_a_known_browser_has_few_guesses_of_its_own(owner: User) -> None:
    stolen = Client()
    assert is_in(attempt(LOGIN, password=PASSWORD, client=stolen))
    stolen.post("/accounts/logout/")

    assert [attempt(LOGIN, client=stolen).status_code for _ in range(11)] == [200] * 10 + [429]


def test_a_made_up_cookie_makes_no_browser_known(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "PER_NAME", 2)
    other = make_user("b@example.com")
    theirs = Client()
    assert is_in(attempt(LOGIN, email=other.email, password=PASSWORD, client=theirs))
    theirs.post("/accounts/logout/")
    attempt(LOGIN), attempt(LOGIN)

    assert attempt(LOGIN, password=PASSWORD, client=theirs).status_code == 429
    theirs.cookies[known_devices.COOKIE] = "made:up"
    assert attempt(LOGIN, password=PASSWORD, client=theirs).status_code == 429


def test_a_reset_by_mail_lets_the_owner_in_whatever_others_try(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "PER_NAME", 2)
    for _ in range(3):
        attempt(LOGIN)
    client = Client()
    client.post("/accounts/password/reset/", {"email": EMAIL})
    link = re.search(r"http://[^/]+(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)
    assert link
    page = client.get(link[1], follow=True)
    new = "another-Pass-4711"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    for _ in range(3):
        attempt(LOGIN)

    assert is_in(attempt(LOGIN, password=new, client=client))


def test_a_network_tries_only_so_many_passwords_whatever_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "PER_NETWORK", 5)
    make_user(EMAIL)
    tried = [attempt(LOGIN, email=f"{number}@example.com", at=f"2001:db8::{number:x}") for number in range(7)]

    assert [answer.status_code for answer in tried] == [200] * 5 + [429] * 2
    assert int(tried[-1]["Retry-After"]) > 60
    assert attempt(TOKENS, password=PASSWORD, at="2001:db8::ffff").status_code == 429
    assert is_in(attempt(LOGIN, password=PASSWORD, at="2001:db8:0:1::1"))


def test_right_passwords_are_no_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "PER_NETWORK", 2)
    monkeypatch.setattr(guesses, "PER_NAME", 2)
    make_user(EMAIL, is_staff=True)

    for way in (LOGIN, TOKENS):
        assert [is_in(attempt(way, password=PASSWORD, at="203.0.113.9")) for _ in range(3)] == [True] * 3


@pytest.mark.parametrize(
    ("path", "field"), [("/accounts/password/change/", "oldpassword"), ("/accounts/reauthenticate/", "password")]
)
def test_a_session_left_open_is_no_way_to_try_them_all(owner: User, path: str, field: str) -> None:
    client = Client()
    client.force_login(owner)
    form = {"password1": "another-Pass-4711", "password2": "another-Pass-4711"}

    tried = [client.post(path, {**form, field: f"guess{n}"}, REMOTE_ADDR=next(networks)) for n in range(11)]
    right = client.post(path, {**form, field: PASSWORD}, REMOTE_ADDR=next(networks))

    assert [answer.status_code for answer in tried] == [200] * 10 + [429]
    assert (right.status_code, int(right["Retry-After"]) > 0) == (429, True)
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_strangers_guesses_do_not_keep_who_is_signed_in_from_a_new_password(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guesses, "PER_NAME", 2)
    client = Client()
    client.force_login(owner)
    for _ in range(3):
        attempt(LOGIN)

    new = "another-Pass-4711"
    changed = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert changed.status_code == 302
    owner.refresh_from_db()
    assert owner.check_password(new)


def test_no_address_stands_in_redis(owner: User) -> None:
    for way in (LOGIN, TOKENS):
        attempt(way)
    Client().post("/accounts/password/reset/", {"email": EMAIL})
    Client().post("/accounts/signup/", {"email": "new@example.com", "password1": "another-Pass-4711"})
    kept = redis.Redis.from_url(django_settings.REDIS_URL)

    keys = [key.decode() for key in kept.keys("*")]

    assert any("guess:name" in key for key in keys)
    assert not [key for key in keys if "@" in key or "example" in key]


def test_with_redis_away_people_sign_in(owner: User, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    nowhere = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    for name, script in (("_script", rate_limits.TAKE_LUA), ("_giving_back", rate_limits.GIVE_BACK_LUA)):
        registered = nowhere.register_script(script)
        monkeypatch.setattr(rate_limits, name, lambda registered=registered: registered)
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "unix:///nonexistent/redis.sock"},
    }

    assert is_in(attempt(LOGIN, password=PASSWORD))
    assert attempt(TOKENS, password=PASSWORD).status_code == 201
    assert Client().post("/accounts/password/reset/", {"email": EMAIL}).status_code == 302
    assert Client().get("/shop/?q=vase").status_code == 200


def test_codes_of_a_second_factor_are_counted_still(owner: User) -> None:
    """Whoever knows the password has few tries at the code: allauth counts these, by account."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(owner, generate_totp_secret())
    client = Client()
    attempt(LOGIN, password=PASSWORD, client=client)
    tries = [client.post("/accounts/2fa/authenticate/", {"code": f"{number:06}"}) for number in range(7)]

    assert "wrong" in tries[0].content.decode().lower() or "incorrect" in tries[0].content.decode().lower()
    assert "too many" in tries[6].content.decode().lower()
