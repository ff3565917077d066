"""Carts of guests and people, their merging at sign-in, and wishlists."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from shop import cart, wishlist
from shop.exceptions import CartFull, QuantityRefused, UnknownSku
from shop.models import Cart, CartLine, Product, User, Variant
from tests.support.factories import make_product, make_user
from tests.support.mailed_codes import last_code

pytestmark = pytest.mark.django_db


def make_http_request(user: User | None = None, session: SessionStore | None = None) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    request.session = session or SessionStore()
    return request


def held(kept: Cart) -> dict[str, int]:
    return {line.variant.sku: line.quantity for line in cart.lines(kept)}


def test_looking_makes_no_cart() -> None:
    request = make_http_request()
    assert cart.find(request) is None
    assert cart.count(request) == 0
    assert cart.entries(None) == []
    assert Cart.objects.count() == 0


def test_a_guest_finds_the_same_cart_again_and_nobody_else_does() -> None:
    request = make_http_request()
    kept = cart.ensure(request)
    assert cart.ensure(request) == cart.find(request) == kept
    assert cart.find(make_http_request()) is None
    assert cart.find(make_http_request(make_user())) is None


def test_a_guests_key_never_opens_a_persons_cart() -> None:
    mine = Cart.objects.create(user=make_user())
    request = make_http_request()
    request.session[cart.SESSION_KEY] = str(mine.key)
    assert cart.find(request) is None
    assert cart.count(request) == 0
    assert cart.ensure(request) != mine


def test_adding_adds_up_and_setting_sets() -> None:
    make_product(skus=("A",))
    kept = Cart.objects.create()
    cart.add(kept, sku="A", quantity=2)
    cart.add(kept, sku="A")
    assert held(kept) == {"A": 3}
    cart.set_line(kept, sku="A", quantity=1)
    cart.set_line(kept, sku="A", quantity=1)
    assert held(kept) == {"A": 1}
    cart.add(kept, sku="A", quantity=99)
    assert held(kept) == {"A": 99}


@pytest.mark.parametrize("quantity", [0, -1, 100])
def test_a_line_holds_1_to_99(quantity: int) -> None:
    make_product(skus=("A",))
    kept = Cart.objects.create()
    with pytest.raises(QuantityRefused):
        cart.set_line(kept, sku="A", quantity=quantity)
    with pytest.raises(QuantityRefused):
        cart.add(kept, sku="A", quantity=quantity)
    assert held(kept) == {}


def test_what_is_not_for_sale_is_unknown() -> None:
    make_product(skus=("OLD",), is_active=False)
    make_product(skus=("GONE", "HERE"))
    Variant.objects.filter(sku="GONE").update(is_active=False)
    kept = Cart.objects.create()
    for sku in ("OLD", "GONE", "NEVER"):
        with pytest.raises(UnknownSku):
            cart.add(kept, sku=sku)
    assert held(kept) == {}


def test_a_cart_has_room_for_so_many_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cart, "LINES_MAX", 2)
    make_product(skus=("A", "B", "C"))
    kept = Cart.objects.create()
    cart.add(kept, sku="A")
    cart.add(kept, sku="B")
    cart.set_line(kept, sku="B", quantity=5)
    with pytest.raises(CartFull):
        cart.add(kept, sku="C")
    assert held(kept) == {"A": 1, "B": 5}


def test_taking_out_twice_is_safe() -> None:
    make_product(skus=("A", "B"))
    kept = Cart.objects.create()
    cart.add(kept, sku="A")
    cart.add(kept, sku="B")
    assert cart.remove(kept, ["A"]) == 1
    assert cart.remove(kept, ["A"]) == 0
    assert held(kept) == {"B": 1}


def test_entries_say_what_is_gone_or_short_and_totals_count_the_rest() -> None:
    make_product(skus=("ENOUGH",), stock=5, price_minor=100)
    make_product(skus=("SHORT",), stock=1, price_minor=10)
    make_product(skus=("OUT",), price_minor=1)
    left = make_product(skus=("LEFT",), stock=5, price_minor=1)
    kept = Cart.objects.create()
    for sku in ("ENOUGH", "SHORT", "OUT", "LEFT"):
        cart.add(kept, sku=sku, quantity=2)
    Product.objects.filter(pk=left.pk).update(is_active=False)
    entries = {entry.line.variant.sku: entry for entry in cart.entries(kept)}
    assert [sku for sku, entry in entries.items() if entry.is_gone] == ["OUT", "LEFT"]
    assert [sku for sku, entry in entries.items() if entry.is_short] == ["SHORT"]
    assert [sku for sku, entry in entries.items() if not entry.is_for_sale] == ["LEFT"]
    assert cart.totals(entries.values()) == {"USD": 220}


def test_entries_ask_the_database_as_often_for_ten_as_for_one() -> None:
    kept = Cart.objects.create()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            for entry in cart.entries(kept):
                assert entry.picture
                assert str(entry.line.variant)
        return len(queries)

    make_product(skus=("S0",), stock=1)
    cart.add(kept, sku="S0")
    one = asked()
    for number in range(1, 10):
        make_product(skus=(f"S{number}",), stock=1)
        cart.add(kept, sku=f"S{number}")
    assert asked() == one == 3


def test_signing_in_merges_the_guests_cart() -> None:
    make_product(skus=("BOTH", "MINE", "THEIRS"))
    person = make_user("a@example.com")
    mine = Cart.objects.create(user=person)
    cart.add(mine, sku="BOTH", quantity=98)
    cart.add(mine, sku="MINE")
    client = Client()
    for sku, quantity in (("BOTH", 5), ("THEIRS", 2)):
        client.post("/cart/lines/", {"sku": sku, "quantity": quantity})
    client.post("/accounts/login/", {"login": "a@example.com", "password": "showfloor"})
    assert held(mine) == {"BOTH": 99, "MINE": 1, "THEIRS": 2}
    assert Cart.objects.count() == 1


def test_signing_up_keeps_the_guests_cart() -> None:
    make_product(skus=("A",))
    client = Client()
    client.post("/cart/lines/", {"sku": "A", "quantity": 3})
    client.post("/accounts/signup/", {"email": "new@example.com", "password1": "a-long-enough-word"})
    client.post("/accounts/confirm-email/", {"code": last_code()})
    assert held(Cart.objects.get(user__email="new@example.com")) == {"A": 3}
    assert Cart.objects.count() == 1


def test_a_merged_cart_is_no_larger_than_a_cart_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cart, "LINES_MAX", 2)
    make_product(skus=("A", "B", "C"))
    guest, mine = Cart.objects.create(), Cart.objects.create(user=make_user())
    cart.add(mine, sku="A")
    cart.add(mine, sku="B")
    cart.add(guest, sku="C")
    cart.merge(guest, into=mine)
    guest = Cart.objects.create()
    cart.add(guest, sku="B", quantity=2)
    cart.merge(guest, into=mine)
    assert held(mine) == {"A": 1, "B": 3}


@pytest.mark.parametrize("how", [cart.add, cart.set_line])
def test_a_cart_that_was_merged_away_meanwhile_is_looked_for_again(
    monkeypatch: pytest.MonkeyPatch, how: Callable[..., CartLine]
) -> None:
    make_product(skus=("A",))
    gone = Cart.objects.create()
    Cart.objects.filter(pk=gone.pk).delete()
    found = iter([gone, Cart.objects.create()])
    monkeypatch.setattr(cart, "ensure", lambda _: next(found))
    assert cart.change(make_http_request(), how, sku="A", quantity=2).quantity == 2
    assert CartLine.objects.count() == 1


def test_merging_twice_merges_once() -> None:
    make_product(skus=("A",))
    guest, mine = Cart.objects.create(), Cart.objects.create(user=make_user())
    cart.add(guest, sku="A", quantity=2)
    cart.merge(guest, into=mine)
    cart.merge(guest, into=mine)
    assert held(mine) == {"A": 2}


@pytest.mark.django_db(transaction=True)
def test_clicks_at_one_moment_add_up() -> None:
    make_product(skus=("A",))
    kept = Cart.objects.create()
    together = threading.Barrier(6, timeout=20)
    errors: list[BaseException] = []

    def click() -> None:
        try:
            together.wait()
            cart.add(kept, sku="A")
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(6)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join(30)
    assert errors == []
    assert CartLine.objects.get().quantity == 6


def test_a_wish_is_made_once_and_taken_back_once() -> None:
    make_product(skus=("A", "B"), stock=2)
    person, other = make_user(), make_user()
    assert wishlist.add(person, sku="A") == wishlist.add(person, sku="A")
    wishlist.add(person, sku="B")
    assert [(wish.item.variant.sku, wish.available) for wish in wishlist.wishes(person)] == [("B", 2), ("A", 2)]
    assert wishlist.wished_skus(person, ["A", "C"]) == {"A"}
    assert wishlist.wished_skus(other, ["A"]) == wishlist.wished_skus(AnonymousUser(), ["A"]) == set()
    assert wishlist.remove(person, sku="A")
    assert not wishlist.remove(person, sku="A")
    with pytest.raises(UnknownSku):
        wishlist.add(person, sku="NEVER")
    assert wishlist.wished_skus(person, ["A", "B"]) == {"B"}
