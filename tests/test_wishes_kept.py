"""What a guest wishes for is on the list once they have signed in, whichever way."""

import pytest
from django.test import Client

from shop import wishlist
from shop.models import User, Variant
from tests.support.factories import make_product, make_user
from tests.support.mailed_codes import last_code

pytestmark = pytest.mark.django_db


def wish(client: Client, sku: str, action: str = "add", **headers: str) -> str:
    answer = client.post("/wishlist/items/", {"sku": sku, "action": action, "next": "/shop/vase/"}, headers=headers)
    return answer.headers.get("Location") or answer.json()["login"]


def wished(email: str) -> list[str]:
    user = User.objects.get(email=email)
    return sorted(wishlist.wished_skus(user, ["VASE", "MUG", "BOWL"]))


def test_a_wish_survives_sign_in_and_one_is_back_on_the_page(client: Client) -> None:
    make_product(skus=("VASE",), slug="vase")
    make_user("a@example.com")

    login = wish(client, "VASE")
    assert login == "/accounts/login/?next=/shop/vase/"
    answer = client.post(login, {"login": "a@example.com", "password": "showfloor", "next": "/shop/vase/"})

    assert answer.headers["Location"] == "/shop/vase/"
    assert wished("a@example.com") == ["VASE"]
    assert client.get("/shop/vase/").content.decode().count('aria-pressed="true"') == 1


def test_it_survives_making_an_account_and_the_way_of_scripts(client: Client) -> None:
    make_product(skus=("VASE",))
    wish(client, "VASE", Accept="application/json")

    client.post("/accounts/signup/", {"email": "new@example.com", "password1": "a-long-enough-word"})
    client.post("/accounts/confirm-email/", {"code": last_code()})

    assert wished("new@example.com") == ["VASE"]


def test_all_of_them_do_and_what_was_there_stays(client: Client) -> None:
    make_product(skus=("VASE", "MUG", "BOWL"))
    user = make_user("a@example.com")
    wishlist.add(user, sku="MUG")
    for sku in ("VASE", "MUG", "VASE", "BOWL"):
        wish(client, sku)

    client.post("/accounts/login/", {"login": "a@example.com", "password": "showfloor"})

    assert wished("a@example.com") == ["BOWL", "MUG", "VASE"]


def test_they_are_for_one_account_only(client: Client) -> None:
    make_product(skus=("VASE",))
    make_user("a@example.com")
    make_user("b@example.com")
    wish(client, "VASE")
    client.post("/accounts/login/", {"login": "a@example.com", "password": "showfloor"})
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"login": "b@example.com", "password": "showfloor"})

    assert (wished("a@example.com"), wished("b@example.com")) == (["VASE"], [])


def test_what_is_not_for_sale_is_not_kept_nor_what_left_the_shop_meanwhile(client: Client) -> None:
    make_product(skus=("VASE", "MUG"))
    make_user("a@example.com")
    for sku in ("VASE", "MUG", "NOTHING", "\x00", ""):
        wish(client, sku)
    wish(client, "BOWL", action="remove")
    Variant.objects.filter(sku="MUG").update(is_active=False)

    answer = client.post("/accounts/login/", {"login": "a@example.com", "password": "showfloor"})

    assert answer.status_code == 302
    assert wished("a@example.com") == ["VASE"]


def test_the_session_keeps_the_newest_few(client: Client) -> None:
    skus = tuple(f"SKU-{number}" for number in range(25))
    make_product(skus=skus)
    for sku in skus:
        wish(client, sku)

    assert client.session[wishlist.SESSION_KEY] == list(skus[-wishlist.KEPT_MAX :])
