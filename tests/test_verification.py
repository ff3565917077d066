"""An e-mail address is believed once its owner has shown it; sign-up tells nobody who has an account."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client

from orders.checkout import place_order
from orders.models import ArchivedOrder
from shop import cart, wishlist
from shop.models import Address, AuditEntry, Cart, User
from shop.people import account_forms, erasure, tokens, verification
from shop.people.accounts import Adapter
from streams.chat import moderators
from streams.exceptions import CantModerate
from streams.models import Moderator
from tests.support.archivable_orders import make_archived
from tests.support.factories import make_product, make_request, make_session, make_user
from tests.support.mailed_codes import last_code, last_path

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-enough-word"
OWNER = "owner@example.com"
SIGN_UP = {"email": OWNER, "password1": PASSWORD, "display_name": ""}
SENT = "/accounts/confirm-email/"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def reset_password(email: str, password: str = "the-owners-own-word") -> None:
    """Do what somebody does who reads the mail of an address."""
    client = Client()
    client.post("/accounts/password/reset/", {"email": email})
    page = client.get(last_path("/accounts/password/reset/key/"), follow=True)
    client.post(page.request["PATH_INFO"], {"password1": password, "password2": password})


def confirm_who_it_is(client: Client, password: str = "showfloor") -> None:
    client.post("/accounts/reauthenticate/", {"password": password})


def test_an_unconfirmed_account_opens_nothing() -> None:
    client, again = Client(), Client()
    client.post("/accounts/signup/", SIGN_UP)

    answer = again.post("/accounts/login/", {"login": OWNER, "password": PASSWORD})

    assert answer["Location"] == SENT
    assert not is_signed_in(client)
    assert not is_signed_in(again)
    assert client.get("/accounts/email/").status_code == 302
    body = {"email": OWNER, "password": PASSWORD}
    refused = again.post("/api/v1/tokens", body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "email_not_verified")
    assert not tokens.ApiToken.objects.exists()


def test_only_the_browser_that_signed_up_can_confirm_and_only_with_the_code() -> None:
    stranger, client = Client(), Client()
    client.post("/accounts/signup/", SIGN_UP)
    code = last_code()

    stranger.post(SENT, {"code": code})
    client.post(SENT, {"code": "AAA-AAA"})
    assert not EmailAddress.objects.filter(verified=True).exists()

    client.post(SENT, {"code": code})
    assert EmailAddress.objects.get(email=OWNER).verified
    assert is_signed_in(client)
    assert not is_signed_in(stranger)


def test_guesses_at_the_code_end_after_a_few() -> None:
    client = Client()
    client.post("/accounts/signup/", SIGN_UP)
    code = last_code()

    for _ in range(3):
        client.post(SENT, {"code": "AAA-AAA"})
    client.post(SENT, {"code": code})

    assert not is_signed_in(client)
    assert not EmailAddress.objects.filter(verified=True).exists()


def seen(client: Client, path: str, data: dict[str, str] | None = None) -> tuple[int, str, str, dict[str, Any]]:
    """Return what somebody learns from an answer: all but the words that differ by chance."""
    answer = client.get(path) if data is None else client.post(path, data)
    html = re.sub(r'(value|nonce|content)="[^"]{20,}"', "", answer.content.decode())
    html = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    cookies = {name: morsel["max-age"] for name, morsel in answer.cookies.items()}
    return answer.status_code, answer.headers.get("Location", ""), html, cookies


def walk_of_a_sign_up() -> list[Any]:
    client = Client()
    return [
        seen(client, "/accounts/signup/"),
        seen(client, "/accounts/signup/", SIGN_UP),
        seen(client, SENT),
        seen(client, "/accounts/login/"),
        seen(client, "/accounts/signup/"),
        seen(client, "/accounts/email/"),
        seen(client, SENT, {"action": "resend"}),
        seen(client, SENT),
        seen(client, SENT, {"code": "AAA-AAA"}),
        seen(client, SENT, {"code": "AAA-AAB"}),
        seen(client, SENT, {"code": "AAA-AAC"}),
        seen(client, SENT),
        seen(client, "/accounts/login/"),
        seen(client, "/"),
    ]


def test_every_step_of_a_sign_up_reads_alike_whether_there_is_an_account() -> None:
    without = walk_of_a_sign_up()
    assert "code" in mail.outbox[0].body
    User.objects.all().delete()
    mail.outbox.clear()
    cache.clear()
    make_user(OWNER)

    with_one = walk_of_a_sign_up()

    assert (without[1][1], without[3][1]) == (SENT, SENT)
    assert [said[0] for said in without[2:10]] == [200, 302, 302, 302, 302, 200, 200, 200]
    for step, (one, other) in enumerate(zip(without, with_one, strict=True)):
        assert one == other, step
    assert "There is one with it already" in mail.outbox[0].body
    assert User.objects.count() == 1


def test_a_password_is_hashed_whether_there_is_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth import hashers

    hashed = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", lambda *a, **k: hashed.append(1) or encode(*a, **k))
    counts = []
    for _ in range(2):
        hashed.clear()
        Client().post("/accounts/signup/", SIGN_UP)
        counts.append(len(hashed))

    assert User.objects.count() == 1
    assert counts[0] == counts[1] > 0


def test_a_forgotten_password_reads_alike_whether_there_is_an_account() -> None:
    make_user(OWNER)
    answers = [seen(Client(), "/accounts/password/reset/", {"email": who}) for who in (OWNER, "none@example.com")]
    assert answers[0] == answers[1]
    assert [message.to for message in mail.outbox] == [[OWNER], ["none@example.com"]]
    assert "There is no account with it" in mail.outbox[1].body


def test_adding_an_address_reads_alike_whether_it_is_taken(client: Client) -> None:
    make_user(OWNER)
    said = []
    for address in (OWNER, "free@example.com"):
        cache.clear()
        client = Client()
        client.force_login(make_user(f"asks-{len(said)}@example.com"))
        confirm_who_it_is(client)
        status, location, html, _ = seen(client, "/accounts/email/", {"action_add": "", "email": address})
        page = client.get(location).content.decode().replace(address, "X")
        said.append((status, location, html, re.findall(r"<(?:h1|p)[^>]*>(.*?)</", page)))
    assert said[0] == said[1]
    assert EmailAddress.objects.filter(email=OWNER).count() == 1
    assert not EmailAddress.objects.filter(email="free@example.com").exists()


def test_a_second_address_is_there_once_its_code_came_back(client: Client) -> None:
    person = make_user()
    client.force_login(person)
    confirm_who_it_is(client)
    client.post("/accounts/email/", {"action_add": "", "email": "second@example.com"})
    assert person.emailaddress_set.count() == 1

    client.post(SENT, {"code": last_code()})

    assert person.emailaddress_set.filter(email="second@example.com", verified=True).exists()


def test_a_second_address_wants_the_password_again(client: Client) -> None:
    client.force_login(make_user())
    answer = client.post("/accounts/email/", {"action_add": "", "email": "second@example.com"})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert not mail.outbox


def test_no_second_address_before_the_first_is_confirmed(client: Client) -> None:
    """For sessions from before addresses had to be confirmed."""
    person = make_user(is_verified=False)
    client.force_login(person)
    confirm_who_it_is(client)

    html = client.post("/accounts/email/", {"action_add": "", "email": "second@example.com"}).content.decode()

    assert "Confirm your main address first." in html
    assert not mail.outbox


def test_a_moderator_is_named_by_a_confirmed_address_only() -> None:
    show = make_session()
    pretender, friend = make_user(OWNER, is_verified=False), make_user("friend@example.com")
    EmailAddress.objects.create(user=pretender, email="other@example.com", verified=False)
    EmailAddress.objects.create(user=friend, email="work@example.com", verified=True)

    for address in (OWNER, "other@example.com"):
        with pytest.raises(CantModerate):
            moderators.name(show, address, actor="system")
    moderators.name(show, "Work@Example.com", actor="system")

    assert list(Moderator.objects.values_list("user", flat=True)) == [friend.pk]


def taken_account() -> User:
    """Make what somebody can have gathered with another's address, back when it was believed."""
    taken = make_user(OWNER, is_verified=False, password="known-to-the-thief", is_host=True, display_name="owner")
    User.objects.filter(pk=taken.pk).update(is_staff=True)
    taken.refresh_from_db()
    EmailAddress.objects.create(user=taken, email="thief@example.com", verified=True)
    Authenticator.objects.create(user=taken, type="totp", data={"secret": "x"})
    Address.objects.create(user=taken, name="T", line1="9 Thief St", city="Delhi", postal_code="110001", country="IN")
    taken.groups.add(Group.objects.create(name="packers"))
    Moderator.objects.create(session=make_session(), user=taken)
    make_product(skus=("VASE",), stock=9)
    cart.set_line(Cart.objects.create(user=taken), sku="VASE", quantity=1)
    wishlist.add(taken, sku="VASE")
    return taken


def test_a_reset_by_the_owner_drops_all_that_was_there_before() -> None:
    taken = taken_account()
    thief = Client()
    thief.force_login(taken)
    token = tokens.issue(taken)
    show = make_session(host=taken, state="scheduled")
    order = place_order(make_request(("VASE", 1), buyer=taken))
    archived = make_archived(buyer=taken)

    reset_password(OWNER)

    taken.refresh_from_db()
    assert taken.check_password("the-owners-own-word")
    assert list(taken.emailaddress_set.values_list("email", "verified", "primary")) == [(OWNER, True, True)]
    assert tokens.find(token) is None
    assert thief.get("/accounts/").status_code == 302
    assert not Authenticator.objects.filter(user=taken).exists()
    assert (taken.is_host, taken.is_staff, taken.display_name, taken.groups.count()) == (False, False, "", 0)
    assert [taken.addresses.count(), taken.wishlist.count(), Cart.objects.count(), Moderator.objects.count()] == [
        0
    ] * 4
    order.refresh_from_db()
    assert (order.buyer_id, ArchivedOrder.objects.get(pk=archived.pk).buyer_id) == (None, None)
    key = show.stream_key
    show.refresh_from_db()
    assert show.stream_key != key
    assert AuditEntry.objects.filter(action="unproven_account_reset", subject=f"user:{taken.public_id}").exists()

    owner = Client()
    owner.post("/accounts/login/", {"login": OWNER, "password": "the-owners-own-word"})
    assert is_signed_in(owner)


def test_a_reset_of_a_confirmed_account_keeps_what_is_theirs() -> None:
    person = make_user(OWNER, is_host=True, display_name="moss")
    EmailAddress.objects.create(user=person, email="work@example.com", verified=True)
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    Address.objects.create(user=person, name="M", line1="1 Lane", city="Delhi", postal_code="110001", country="IN")
    token = tokens.issue(person)

    reset_password("work@example.com")

    person.refresh_from_db()
    assert (person.is_host, person.display_name, person.addresses.count()) == (True, "moss", 1)
    assert person.emailaddress_set.count() == 2
    assert Authenticator.objects.filter(user=person).exists()
    assert tokens.find(token) is None


@pytest.mark.parametrize("is_main_verified", [True, False])
def test_no_reset_goes_to_an_address_that_nobody_confirmed(is_main_verified: bool) -> None:
    person = make_user(OWNER, is_verified=is_main_verified)
    EmailAddress.objects.create(user=person, email="typo@example.com", verified=not is_main_verified)

    Client().post("/accounts/password/reset/", {"email": "typo@example.com"})

    assert "There is no account with it" in mail.outbox[0].body
    assert "/reset/key/" not in mail.outbox[0].body


def test_whom_staff_made_keeps_what_staff_gave() -> None:
    made = User.objects.create_user(OWNER, is_host=True)
    reset_password(OWNER)
    made.refresh_from_db()
    assert made.is_host
    assert verification.is_verified(made)


def test_who_has_a_shell_vouches_for_the_first_admin() -> None:
    admin = User.objects.create_superuser("first@example.com", "showfloor")
    assert verification.is_verified(admin)


@pytest.mark.parametrize("is_guarded", [True, False], ids=["guarded", "control"])
def test_a_rival_who_signs_up_in_between_is_answered_as_an_older_account(
    is_guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_user = Adapter.save_user

    def save_second(self: Adapter, *args: Any, **kwargs: Any) -> Any:
        if not User.objects.exists():
            make_user(OWNER)
        return save_user(self, *args, **kwargs)

    monkeypatch.setattr(Adapter, "save_user", save_second)
    if not is_guarded:
        monkeypatch.setattr(account_forms, "IntegrityError", ZeroDivisionError)
        with pytest.raises(IntegrityError), transaction.atomic():
            Client().post("/accounts/signup/", SIGN_UP)
        return

    client = Client()
    answer = client.post("/accounts/signup/", SIGN_UP)

    assert answer["Location"] == SENT
    assert client.get(SENT).status_code == 200


def test_erasing_takes_the_second_factor_and_the_tokens() -> None:
    person = make_user(OWNER)
    tokens.issue(person)
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    erasure.erase(OWNER, actor="system")
    assert not Authenticator.objects.exists()
    assert not person.api_tokens.exists()
