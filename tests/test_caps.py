"""Whose units count towards a cap: the account's with a verified address, else the browser's and the network's."""

from dataclasses import replace

import pytest
from django.test import Client

from orders.checkout import place_order
from orders.exceptions import OverCap
from orders.models import Order
from orders.placers import of_user
from tests.support import order_requests
from tests.support.buying import ADDRESS, open_checkout, text
from tests.support.factories import make_product, make_request, make_user
from tests.support.order_requests import KEY, assert_problem, body, post, token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def vase() -> None:
    make_product("Rust vase", skus=("VASE",), stock=50, cap_per_buyer=3)


def test_four_typed_addresses_get_no_more_than_one(client: Client) -> None:
    answers = [
        post(client, body(("VASE", 3), email=f"guest{number}@example.com"), key=f"{KEY}{number}")
        for number in range(4)
    ]

    assert [answer.status_code for answer in answers] == [201, 409, 409, 409]
    assert "already" not in assert_problem(answers[1], 409, "over_cap")
    assert Order.objects.count() == 1


def test_four_unverified_accounts_of_one_network_get_no_more_than_one(client: Client) -> None:
    answers = [
        post(client, body(("VASE", 3)), key=f"{KEY}{number}", **token(make_user(is_verified=False))).status_code
        for number in range(4)
    ]

    assert answers == [201, 409, 409, 409]


def test_one_browser_is_one_guest_wherever_it_is() -> None:
    place_order(make_request(("VASE", 3), placed_by="browser", placed_from="at home"))

    with pytest.raises(OverCap):
        place_order(make_request(("VASE", 1), placed_by="browser", placed_from="at work"))
    assert place_order(make_request(("VASE", 3), placed_by="another", placed_from="at work"))


def test_people_of_one_network_who_are_known_have_each_their_own(client: Client) -> None:
    post(client, body(("VASE", 3)), key=f"{KEY}guest")

    for number in range(2):
        answer = post(client, body(("VASE", 3)), key=f"{KEY}{number}", **token(make_user()))
        assert answer.status_code == 201
    assert post(client, body(("VASE", 1)), key=f"{KEY}again").status_code == 409
    assert post(Client(REMOTE_ADDR="198.51.100.7"), body(("VASE", 3)), key=f"{KEY}else").status_code == 201


def test_only_the_owner_of_a_verified_address_hears_how_many_they_have(client: Client) -> None:
    owner = make_user("owner@example.com")
    post(client, body(("VASE", 3), email="owner@example.com"), key=f"{KEY}0", **token(owner))
    stranger = Client(REMOTE_ADDR="198.51.100.7")

    theirs = post(client, body(("VASE", 1), email="owner@example.com"), key=f"{KEY}1", **token(owner))
    typed = post(stranger, body(("VASE", 3), email="owner@example.com"), key=f"{KEY}2")
    more = post(stranger, body(("VASE", 3), email="owner@example.com"), key=f"{KEY}3")

    assert assert_problem(theirs, 409, "over_cap")["already"] == 3
    assert typed.status_code == 201  # nothing of the owner's counts for who types their address
    assert "already" not in assert_problem(more, 409, "over_cap")


@pytest.mark.parametrize(("state", "is_theirs"), [("created", False), ("placed", True)])
def test_a_strangers_order_takes_nothing_of_a_persons_cap_until_it_is_paid(state: str, is_theirs: bool) -> None:
    owner = make_user("owner@example.com")
    order = place_order(
        replace(make_request(("VASE", 3), placed_by="a stranger", placed_from="far"), email="owner@example.com")
    )
    Order.objects.filter(pk=order.pk).update(state=state, buyer=owner)  # it has joined the account

    request = make_request(("VASE", 1), buyer=owner)
    if is_theirs:
        with pytest.raises(OverCap):
            place_order(request)
    else:
        assert place_order(request).placed_by == of_user(owner.pk)


def test_the_page_says_how_a_guest_gets_their_own(client: Client) -> None:
    order_requests.post(client, body(("VASE", 2)))

    answer = client.post("/checkout/", open_checkout(client, sku="VASE", quantity=2) | ADDRESS)

    said = text(answer.content.decode())
    assert answer.status_code == 409
    assert "One person can have 3 of Rust vase. Sign in with an address that you have confirmed" in said
    assert "already" not in said
