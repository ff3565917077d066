"""A guest's orders join the account whose verified address they bear, archived or not; nobody else's do."""

from dataclasses import replace

import pytest
from django.test import Client

from orders import joining
from orders.checkout import place_order
from orders.models import ArchivedOrder, Order
from tests.support.archivable_orders import make_archived
from tests.support.buying import order_by_page, text
from tests.support.factories import make_product, make_request, make_user
from tests.support.mailed_codes import last_code
from tests.support.order_requests import token

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
PASSWORD = "a long and winding word"


@pytest.fixture(autouse=True)
def vase() -> None:
    make_product(skus=("VASE",), stock=50)


def of_guest(email: str) -> Order:
    return place_order(replace(make_request(("VASE", 1)), email=email))


def numbers(client: Client, **headers: str) -> set[str]:
    return {order["number"] for order in client.get("/api/v1/orders", headers=headers).json()["results"]}


def test_at_verification_and_not_before(client: Client) -> None:
    order = of_guest("New@Example.com")
    client.post("/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD})
    order.refresh_from_db()
    assert order.buyer is None

    client.post("/accounts/confirm-email/", {"code": last_code()})

    assert numbers(client) == {order.number}
    assert order.number in text(client.get("/orders/").content.decode())


def test_an_archived_one_joins_too() -> None:
    order = make_archived(email="owner@example.com")
    assert ArchivedOrder.objects.filter(pk=order.pk).exists()
    owner = make_user("owner@example.com")

    assert joining.join(owner) == 1

    assert ArchivedOrder.objects.get(pk=order.pk).buyer_id == owner.pk
    assert numbers(Client(), **token(owner)) == {order.number}


def test_one_made_since_joins_at_the_next_sign_in(client: Client) -> None:
    make_user("owner@example.com")
    order = order_by_page(client, email="owner@example.com")
    elsewhere = Client()

    elsewhere.post("/accounts/login/", {"login": "owner@example.com", "password": "showfloor"})

    assert numbers(elsewhere) == {order.number}


def test_nobody_elses_do() -> None:
    owner, other = make_user("owner@example.com"), make_user("other@example.com", is_verified=False)
    others = place_order(replace(make_request(("VASE", 1), buyer=other), email="owner@example.com"))
    of_guest("other@example.com")

    assert (joining.join(owner), joining.join(other)) == (0, 0)

    others.refresh_from_db()
    assert others.buyer == other


def test_twice_is_once() -> None:
    owner = make_user("owner@example.com")
    of_guest("owner@example.com")

    assert (joining.join(owner), joining.join(owner)) == (1, 0)
