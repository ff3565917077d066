"""An order that came to nothing gives the cart back; one that is paid after all takes it again."""

import pytest
from django.test import Client

from orders.models import Order
from shop import cart
from shop.models import Cart, CartLine
from tests.support import invariants, paying
from tests.support.buying import ADDRESS, open_checkout, order_by_page, pay, put_into_cart, text
from tests.support.factories import make_product, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def in_cart() -> dict[str, int]:
    return dict(CartLine.objects.values_list("variant__sku", "quantity"))


def order_the_cart(client: Client, **units: int) -> Order:
    make_product("Rust vase", skus=("VASE",), stock=20)
    make_product("Mug", skus=("MUG",), stock=20)
    for sku, quantity in units.items():
        put_into_cart(client, sku, quantity)
    assert client.post("/checkout/", open_checkout(client) | ADDRESS).status_code == 302
    assert in_cart() == {}
    return Order.objects.get()


def test_a_declined_payment_gives_the_cart_back(client: Client) -> None:
    order = order_the_cart(client, VASE=2, MUG=1)

    page = text(pay(client, order, "decline"))

    assert in_cart() == {"VASE": 2, "MUG": 1}
    assert "They are in your cart again." in page
    assert "Back to your cart" in page
    assert "Order it again" not in page
    assert client.post("/checkout/", open_checkout(client) | ADDRESS).status_code == 302
    assert in_cart() == {}
    invariants.check()


def test_so_does_time_that_ran_out(client: Client) -> None:
    paying.expire(order_the_cart(client, VASE=2))

    assert in_cart() == {"VASE": 2}


def test_who_lets_it_go_does_not_want_it(client: Client) -> None:
    order = order_the_cart(client, VASE=2)

    client.post(f"/orders/{order.id}/cancel/")

    assert in_cart() == {}


def test_what_was_not_in_the_cart_does_not_come_into_it(client: Client) -> None:
    make_product(skus=("VASE",), stock=20)
    put_into_cart(client, "VASE", 1)
    order = order_by_page(client, quantity=3)

    assert "Order it again" in text(pay(client, order, "decline"))

    assert in_cart() == {"VASE": 1}


def test_it_comes_back_beside_what_was_put_in_since_and_never_to_more_than_fits(client: Client) -> None:
    order = order_the_cart(client, VASE=5)
    put_into_cart(client, "VASE", 97)

    paying.expire(order)

    assert in_cart() == {"VASE": cart.QUANTITY_MAX}


def test_it_comes_back_to_who_signed_in_meanwhile(client: Client) -> None:
    order = order_the_cart(client, VASE=2)
    put_into_cart(client, "MUG", 1)
    make_user("buyer@example.com")
    signed_in = {"login": "buyer@example.com", "password": "showfloor"}
    assert client.post("/accounts/login/", signed_in).status_code == 302

    paying.expire(order)

    mine = Cart.objects.get(user__email="buyer@example.com")
    assert dict(CartLine.objects.filter(cart=mine).values_list("variant__sku", "quantity")) == {"MUG": 1, "VASE": 2}


def test_a_payment_that_comes_late_takes_it_again(client: Client) -> None:
    order = order_the_cart(client, VASE=2)
    client.get(f"/orders/{order.id}/pay/")
    payment = order.payments.get()
    paying.expire(order)
    assert in_cart() == {"VASE": 2}

    paying.answer(payment)
    paying.payments.refresh(payment)

    order.refresh_from_db()
    assert order.state == "placed"
    assert in_cart() == {}


def test_a_sweep_of_many_gives_each_cart_its_own() -> None:
    make_product(skus=("VASE",), stock=50)
    for quantity in (1, 2, 3):
        client = Client()
        put_into_cart(client, "VASE", quantity)
        assert client.post("/checkout/", open_checkout(client) | ADDRESS).status_code == 302
    first, *others = Order.objects.order_by("created_at")
    Order.objects.filter(pk__in=[order.pk for order in others]).update(
        expires_at=first.created_at - paying.timedelta(1)
    )

    paying.expire(first)

    assert sorted(CartLine.objects.values_list("quantity", flat=True)) == [1, 2, 3]
