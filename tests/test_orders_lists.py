"""Lists of orders over the main database and the archive: one list, newest first, nothing lost, nothing twice."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders import checkout, figures, lifecycle, listing
from orders.archive import partitions
from orders.archiving import copies, mover
from orders.exceptions import CursorRefused, OverCap
from orders.listing import Asked
from orders.models import ArchivedOrder, Order
from shop.models import Product, User, Variant
from tests.support.archivable_orders import make_archived, make_over
from tests.support.buying import order_by_page, text
from tests.support.factories import make_product, make_request, make_user
from tests.support.order_requests import assert_problem, token

pytestmark = pytest.mark.django_db

START = datetime.fromisoformat("2026-01-01T12:00:00Z")


def make_row(buyer: User, number: int, *, is_archived: bool, **facts: Any) -> Order:
    """Make an order of the minute `number`, as quickly as can be, without stock."""
    moment = START + timedelta(minutes=number)
    values = {"total_minor": 100, "currency": "USD", "state": "delivered", "email": "a@example.com", "name": "A"}
    values |= {"created_at": moment, "expires_at": moment, "terminal_at": moment, "country": "IN"} | facts
    order = Order.objects.create(buyer=buyer, **values)
    variant = Variant.objects.filter(sku="VASE").first()
    order.lines.create(variant=variant, sku="VASE", product_name=f"Vase {number}", quantity=1, unit_price_minor=100)
    if is_archived:
        move(order)
    return order


def move(*orders: Order) -> None:
    partitions.ensure([order.terminal_at for order in orders if order.terminal_at])
    copies.write(copies.read([order.pk for order in orders]))
    Order.objects.filter(pk__in=[order.pk for order in orders]).delete()


def walk(asked: Asked, *, limit: int) -> list[uuid.UUID]:
    """Page down to the end and up again; both ways must show the same."""
    pages, cursor = [], ""
    while True:
        page = listing.read(asked, limit=limit, cursor=cursor)
        pages.append([order.pk for order in page.orders])
        if not page.older:
            break
        cursor = page.older
    down = [order_id for page_ids in pages for order_id in page_ids]
    up = pages[-1]
    while page.newer:
        page = listing.read(asked, limit=limit, cursor=page.newer)
        up = [order.pk for order in page.orders if order.pk not in set(up)] + up
    assert up == down
    return down


@pytest.mark.parametrize("limit", [1, 2, 3, 20])
def test_both_databases_are_one_list_newest_first(limit: int) -> None:
    buyer = make_user()
    made = [make_row(buyer, number, is_archived=number % 3 == 0) for number in range(8)]
    make_row(make_user(), 4, is_archived=True)

    assert walk(Asked(buyer_id=buyer.pk), limit=limit) == [order.pk for order in reversed(made)]


def test_orders_of_one_moment_are_told_apart_by_their_ids() -> None:
    buyer = make_user()
    made = [make_row(buyer, 0, is_archived=number % 2 == 0) for number in range(6)]

    expected = sorted((order.pk for order in made), reverse=True)
    assert walk(Asked(buyer_id=buyer.pk), limit=2) == expected


def test_an_order_that_is_in_both_shows_once_as_the_main_database_has_it() -> None:
    buyer = make_user()
    order = make_row(buyer, 1, is_archived=False)
    partitions.ensure([START])
    copies.write(copies.read([order.pk]))
    Order.objects.update(state="placed", terminal_at=None)
    asked = Asked(buyer_id=buyer.pk)

    assert [row.state for row in listing.read(asked, limit=5).orders] == ["placed"]
    assert listing.read(Asked(buyer_id=buyer.pk, state="delivered"), limit=5).orders == []
    assert len(listing.read(Asked(buyer_id=buyer.pk, state="placed"), limit=5).orders) == 1


def test_what_comes_between_two_pages_shifts_nothing() -> None:
    buyer = make_user()
    made = [make_row(buyer, number, is_archived=number < 3) for number in range(6)]
    first = listing.read(Asked(buyer_id=buyer.pk), limit=2)
    make_row(buyer, 9, is_archived=False)
    move(made[3])

    second = listing.read(Asked(buyer_id=buyer.pk), limit=2, cursor=first.older)

    assert [order.pk for order in second.orders] == [made[3].pk, made[2].pk]


def test_states_and_times_are_asked_of_both() -> None:
    buyer = make_user()
    here = make_row(buyer, 10, is_archived=False, state="cancelled", cancel_reason="expired")
    there = make_row(buyer, 5, is_archived=True, state="cancelled", cancel_reason="expired")
    make_row(buyer, 7, is_archived=True)
    whose = {"buyer_id": buyer.pk, "state": "cancelled"}

    assert walk(Asked(**whose), limit=5) == [here.pk, there.pk]
    assert walk(Asked(**whose, since=START + timedelta(minutes=6)), limit=5) == [here.pk]
    assert walk(Asked(**whose, until=START + timedelta(minutes=10)), limit=5) == [there.pk]


@pytest.mark.parametrize("cursor", ["x", "ä", "AAAA", "1" * 34, "_" * 36, "%00", "8" * 4000])
def test_a_made_up_cursor_is_refused(client: Client, cursor: str) -> None:
    with pytest.raises(CursorRefused):
        listing.read(Asked(buyer_id=1), limit=5, cursor=cursor)
    user = make_user()
    answer = client.get("/api/v1/orders", {"cursor": cursor}, headers=token(user))
    assert_problem(answer, 404, "not_found")
    assert client.get("/orders/", {"cursor": cursor})["Location"] == "/orders/"


def test_the_page_lists_a_guests_archived_orders_too(client: Client) -> None:
    make_product(skus=("CUP",), stock=5)
    order = order_by_page(client, sku="CUP")
    lifecycle.cancel(order.pk, actor="guest")
    move(Order.objects.get(pk=order.pk))

    page = client.get("/orders/").content.decode()

    assert order.number in text(page)
    assert Order.objects.count() == 0
    assert client.get(f"/orders/{order.pk}/").status_code == 200
    assert Client().get(f"/orders/{order.pk}/").status_code == 404


def test_an_archived_order_looks_as_it_did(client: Client) -> None:
    buyer = make_user()
    client.force_login(buyer)
    order = make_over(("VASE", 2), buyer=buyer)
    addresses = [f"/orders/{order.pk}/", "/orders/", f"/api/v1/orders/{order.pk}", "/api/v1/orders"]
    before = [shown(client, address) for address in addresses]

    mover.move()

    assert ArchivedOrder.objects.exists()
    assert [shown(client, address) for address in addresses] == before


def shown(client: Client, address: str) -> str:
    """What is read there, without what is new each time."""
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode() if "/api/" in address else text(answer.content.decode())


def test_pages_of_the_list_lead_to_each_other(client: Client) -> None:
    buyer = make_user()
    client.force_login(buyer)
    for number in range(11):
        make_row(buyer, number, is_archived=number < 8)

    first = client.get("/orders/").content.decode()
    assert ("Vase 10" in first, "Vase 0 " in first, "Newer" in first) == (True, False, False)
    older = first.split('href="?cursor=')[1].split('"')[0]
    second = client.get(f"/orders/?cursor={older}").content.decode()
    assert ("Vase 0" in second, "Vase 10" in second, "Older" in second) == (True, False, False)
    newer = second.split('href="?cursor=')[1].split('"')[0]
    assert "Vase 10" in client.get(f"/orders/?cursor={newer}").content.decode()


@pytest.mark.parametrize("address", ["/orders/", "/api/v1/orders"])
@pytest.mark.parametrize("archived", [0, 1, 2], ids=["none archived", "half of them archived", "all archived"])
def test_ten_orders_cost_no_more_queries_than_one(client: Client, address: str, archived: int) -> None:
    buyer = make_user()
    client.force_login(buyer)
    make_product("Rust vase", skus=("VASE",))
    counts = []
    for number in range(5):
        make_row(buyer, 2 * number, is_archived=archived > 0)
        make_row(buyer, 2 * number + 1, is_archived=archived > 1)
        if number in {0, 4}:
            with (
                CaptureQueriesContext(connection) as here,
                CaptureQueriesContext(connections["archive"]) as there,
            ):
                page = client.get(address).content.decode()
            counts.append((len(here), len(there)))
            assert page.count("pictures/none.webp") == (2 * number + 2 if address == "/orders/" else 0)

    assert counts[0] == counts[1]
    assert counts[0][1] == 1


def test_while_the_archive_is_away_recent_orders_are_shown_and_programs_wait(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = make_user()
    client.force_login(buyer)
    order = make_row(buyer, 1, is_archived=False)

    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connections["archive"], "cursor", away)

    page = text(client.get("/orders/").content.decode())
    assert order.number in page
    assert "can't be shown at the moment" in page
    assert client.get(f"/orders/{order.pk}/").status_code == 200
    assert_problem(client.get("/api/v1/orders"), 503, "busy")
    assert figures.of_session("demo-live").orders == 0


def test_a_shows_figures_outlive_its_orders_move() -> None:
    make_over(("VASE", 2), ("CUP", 1), session="a-show")
    make_over(("VASE", 1), session="a-show", is_paid=False)
    make_over(("VASE", 4), session="another")
    before = figures.of_session("a-show")
    assert (before.orders, before.revenue_minor, before.sold) == (1, 3 * 8600, {"VASE": 2, "CUP": 1})

    mover.move()

    assert ArchivedOrder.objects.count() == 3
    assert figures.of_session("a-show") == before


def test_a_cap_counts_what_is_archived() -> None:
    buyer = make_user()
    make_archived(("VASE", 2), buyer=buyer)
    Product.objects.filter(variants=Variant.objects.get(sku="VASE")).update(cap_per_buyer=3)

    with pytest.raises(OverCap) as refusal:
        checkout.place_order(make_request(("VASE", 2), buyer=buyer))

    assert refusal.value.already == 2
    assert checkout.place_order(make_request(("VASE", 1), buyer=buyer)).created_at <= timezone.now()
