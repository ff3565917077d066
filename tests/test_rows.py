"""Rows written by hand-made statements are the rows that the ORM would have written."""

import uuid
from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory import statements
from orders.models import Order, OrderLine
from shop import bulk_insert, outbox
from shop.models import OutboxEvent

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 9, 30, 15, 123456, tzinfo=UTC)


def make_order(**changed: object) -> Order:
    fields = {
        "email": "a@example.com",
        "name": 'Zoë O\'Neil "Z" %s',
        "line1": "4 Lane",
        "city": "Delhi",
        "postal_code": "110001",
        "country": "IN",
        "total_minor": 2**53 + 1,
        "currency": "USD",
        "delivery_on": date(2026, 11, 25),
        "created_at": NOW,
        "expires_at": NOW,
    }
    return Order(**fields | changed)


def test_rows_are_read_as_they_were_written() -> None:
    first, second = make_order(), make_order(session="show", delivery_on=None)

    bulk_insert.insert([first, second])

    assert [first.number_seq, second.number_seq] == sorted({first.number_seq, second.number_seq})
    for order in (first, second):
        known = Order.objects.get(pk=order.pk)
        assert {name: value for name, value in vars(known).items() if name != "_state"} == {
            name: value for name, value in vars(order).items() if name != "_state"
        }


def test_rows_of_several_models_are_one_statement_for_one_and_for_ten() -> None:
    def write(number: int) -> int:
        orders = [make_order() for _ in range(number)]
        lines = [
            OrderLine(order=order, sku="VASE", product_name="Vase", quantity=2, unit_price_minor=100)
            for order in orders
        ]
        with CaptureQueriesContext(connection) as queries:
            bulk_insert.insert(
                orders, lines, outbox.make_all("order.created", {order.holder: {"n": 1} for order in orders})
            )
        return len(queries)

    assert write(1) == write(10) == 1
    assert OrderLine.objects.filter(order__email="a@example.com").count() == 11
    assert OutboxEvent.objects.filter(data={"n": 1}, attempts=0, handled_at=None).count() == 11


def test_nothing_to_write_is_no_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        bulk_insert.insert([], [])
    assert not queries.captured_queries


def test_a_row_that_may_not_be_is_refused_with_all_beside_it() -> None:
    order = make_order()
    line = OrderLine(order=order, sku="VASE", product_name="Vase", quantity=0, unit_price_minor=100)

    with pytest.raises(IntegrityError), transaction.atomic():
        bulk_insert.insert([order], [line])

    assert not Order.objects.exists()


def test_a_statement_of_our_own_belongs_to_the_transaction() -> None:
    subject = f"order:{uuid.uuid4()}"

    with transaction.atomic():
        outbox.publish("order.created", subject)
        assert statements.run("SELECT count(*) FROM shop_outboxevent WHERE subject = %s", [subject]) == [(1,)]
        transaction.set_rollback(True)

    assert statements.run("SELECT 1 FROM shop_outboxevent WHERE subject = %(subject)s", {"subject": subject}) == []
