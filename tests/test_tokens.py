"""API tokens: several a person, kept as digests, ended by whatever ends the sign-in they stand for."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from realtime import identity
from shop import tasks
from shop.models import ApiToken, User
from shop.people import tokens
from tests.support.api_client import Caller
from tests.support.concurrency import together
from tests.support.factories import make_user
from tests.support.mailed_codes import last_path

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-enough-word"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def ask(key: str) -> int:
    return Client().get("/api/v1/me", headers={"Authorization": f"Token {key}"}).status_code


def take(**more: str) -> Any:
    body = {"email": "a@example.com", "password": "showfloor", **more}
    return Client().post("/api/v1/tokens", body, content_type="application/json")


def change_on_the_page(person: User) -> None:
    client = Client()
    client.force_login(person)
    client.post(
        reverse("account_change_password"), {"oldpassword": "showfloor", "password1": PASSWORD, "password2": PASSWORD}
    )


def reset_by_mail(person: User) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": person.email})
    page = client.get(last_path("/accounts/password/reset/key/"), follow=True)
    client.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})


def change_in_the_admin(person: User) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser(f"admin-{uuid.uuid4().hex}@example.com"))
    answer = client.post(
        reverse("admin:auth_user_password_change", args=[person.pk]), {"password1": PASSWORD, "password2": PASSWORD}
    )
    assert answer.status_code == 302


def change_past_the_model(person: User) -> None:
    other = User()
    other.set_password(PASSWORD)
    User.objects.filter(pk=person.pk).update(password=other.password)


@pytest.mark.parametrize("change", [change_on_the_page, reset_by_mail, change_in_the_admin, change_past_the_model])
def test_another_password_ends_tokens_and_other_sessions(change: Callable[[User], None]) -> None:
    person, other = make_user("a@example.com"), make_user()
    keys, others = [tokens.issue(person) for _ in range(2)], tokens.issue(other)
    elsewhere = Client()
    elsewhere.force_login(person)
    assert [ask(key) for key in (*keys, others)] == [200, 200, 200]

    change(person)

    assert [ask(key) for key in (*keys, others)] == [401, 401, 200]
    assert identity.find_by_token(keys[0]) is None
    assert elsewhere.get("/accounts/").status_code == 302
    person.refresh_from_db()
    assert list(tokens.list_good(person)) == []
    assert person.check_password(PASSWORD)


def test_signing_in_anew_or_out_ends_no_token(client: Client) -> None:
    person = make_user("a@example.com")
    key = tokens.issue(person)
    client.post("/accounts/login/", {"login": "a@example.com", "password": "showfloor"})
    client.post("/accounts/logout/")
    assert ask(key) == 200


def test_a_closed_account_has_no_token_also_once_it_is_open_again() -> None:
    person = make_user()
    key = tokens.issue(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    assert ask(key) == 401
    assert identity.find_by_token(key) is None
    person.is_active = True
    person.save(update_fields=["is_active"])
    assert ask(key) == 401


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_marked", [True, False], ids=["marked", "control"])
def test_a_token_that_is_issued_while_the_password_changes_is_void(
    is_marked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_marked:
        monkeypatch.setattr(tokens, "_mark", lambda user: "m" * 64)
    person = make_user("a@example.com")
    was_known, is_changed = threading.Event(), threading.Event()

    def sign_in() -> str:
        user = User.objects.get(email="a@example.com")
        assert user.check_password("showfloor")
        was_known.set()
        assert is_changed.wait(30)
        return tokens.issue(user)

    def change() -> None:
        assert was_known.wait(30)
        person.set_password(PASSWORD)
        person.save()
        is_changed.set()

    key, _ = together([sign_in, change])

    assert isinstance(key, str)
    assert ask(key) == (401 if is_marked else 200)


def test_each_call_gives_a_token_of_its_own() -> None:
    make_user("a@example.com")
    first, second = take(name="till 4").json()["token"], take().json()["token"]
    assert first != second
    assert [ask(first), ask(second)] == [200, 200]
    assert ApiToken.objects.filter(name="till 4").count() == 1


def test_the_database_holds_nothing_that_opens_an_account() -> None:
    key = tokens.issue(make_user())
    with connection.cursor() as cursor:
        cursor.execute("SELECT token::text FROM shop_apitoken token")
        (row,) = cursor.fetchone()
    assert key not in row
    assert key.removeprefix(tokens.PREFIX) not in row
    assert ask(ApiToken.objects.get().digest) == 401


def test_a_token_ends_by_itself() -> None:
    key = tokens.issue(make_user())
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ask(key) == 401
    tasks.tidy_news()
    assert not ApiToken.objects.exists()
    tokens.issue(make_user())
    assert timedelta(days=89) < ApiToken.objects.get().expires_at - timezone.now() <= timedelta(days=90)


def test_of_very_many_tokens_the_longest_unused_end() -> None:
    person, other = make_user(), make_user()
    keys = [tokens.issue(person) for _ in range(tokens.TOKENS_MAX)]
    theirs = tokens.issue(other)
    ask(keys[0])
    newest = tokens.issue(person)
    assert person.api_tokens.count() == tokens.TOKENS_MAX
    assert [ask(keys[0]), ask(keys[1]), ask(keys[2]), ask(newest), ask(theirs)] == [200, 401, 200, 200, 200]


def test_a_use_is_noted_once_an_hour() -> None:
    key = tokens.issue(make_user())
    ask(key)
    first = ApiToken.objects.get().last_used_at
    assert first
    ask(key)
    assert ApiToken.objects.get().last_used_at == first
    long_ago = timezone.now() - timedelta(hours=2)
    ApiToken.objects.update(last_used_at=long_ago)
    ask(key)
    assert ApiToken.objects.get().last_used_at > long_ago + timedelta(hours=1)


@pytest.mark.parametrize("key", ["", "x", "sf_\x00", "\ud800", "é" * 9, "a b"])
def test_what_is_no_token_opens_nothing(key: str) -> None:
    assert tokens.find(key) is None
    assert identity.find_by_token(key) is None


def test_ones_own_tokens_can_be_seen_and_ended() -> None:
    person, other = make_user(), make_user()
    caller, second = Caller(person), tokens.issue(person, name="till 4")
    theirs = tokens.issue(other)

    rows = caller.get("me/tokens").json()["results"]

    assert [(row["name"], row["is_current"]) for row in rows] == [("till 4", False), ("", True)]
    assert set(rows[0]) == {"id", "name", "created_at", "last_used_at", "expires_at", "is_current"}
    assert caller.call("DELETE", f"me/tokens/{rows[0]['id']}").status_code == 204
    assert caller.call("DELETE", f"me/tokens/{rows[0]['id']}").status_code == 404
    assert caller.call("DELETE", f"me/tokens/{other.api_tokens.get().pk}").status_code == 404
    assert [ask(second), ask(theirs)] == [401, 200]
    assert caller.call("DELETE", "me/tokens").status_code == 204
    assert caller.get("me/tokens").status_code == 401
    assert ask(theirs) == 200


def test_a_guest_has_no_tokens() -> None:
    for method in ("GET", "DELETE"):
        assert Caller().call(method, "me/tokens").status_code == 401
    assert Caller().call("DELETE", f"me/tokens/{uuid.uuid4()}").status_code == 401


def test_the_page_shows_and_ends_ones_own(client: Client) -> None:
    person, other = make_user(), make_user()
    first, second, theirs = tokens.issue(person, name="till <4>"), tokens.issue(person), tokens.issue(other)
    client.force_login(person)
    page = client.get("/accounts/tokens/")
    assert "till &lt;4&gt;" in page.content.decode()
    assert first not in page.content.decode()

    for bad in ("nonsense", ""):
        assert client.post("/accounts/tokens/", {"token": bad}).status_code == 404
    client.post("/accounts/tokens/", {"token": str(other.api_tokens.get().pk)})
    client.post("/accounts/tokens/", {"token": str(ApiToken.objects.get(name="till <4>").pk)})
    assert [ask(first), ask(second), ask(theirs)] == [401, 200, 200]
    client.post("/accounts/tokens/")
    assert [ask(second), ask(theirs)] == [401, 200]
    assert "None. A program gets one" in client.get("/accounts/tokens/").content.decode()


@pytest.mark.parametrize("path", ["/accounts/tokens/", "/api/v1/me/tokens"])
def test_lists_cost_the_same_for_one_token_and_for_ten(
    client: Client, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    person = make_user()
    client.force_login(person)
    tokens.issue(person)
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for _ in range(9):
        tokens.issue(person)
    with django_assert_num_queries(len(one)):
        client.get(path)


def test_a_new_key_of_the_shop_ends_tokens(settings: Settings) -> None:
    key = tokens.issue(make_user())
    settings.SECRET_KEY = "another-" * 8
    assert ask(key) == 401
