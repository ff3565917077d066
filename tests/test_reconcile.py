"""Reconciliation finds what was broken behind the shop's back, and nothing where all is right."""

from copy import copy

import pytest
from django.db import connection

from inventory import reconciliation
from inventory.reconciliation import Report
from orders.models import Order
from tests.support import invariants

pytestmark = pytest.mark.django_db

Orders = dict[str, Order]


@pytest.fixture
def orders(lasting_past: Orders) -> Orders:
    return {name: copy(order) for name, order in lasting_past.items()}


def sql(statement: str, **parameters: object) -> None:
    """Change rows as somebody with the database's password would, unhindered by triggers and our CHECK."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come can't be altered
        cursor.execute("ALTER TABLE inventory_stockitem DROP CONSTRAINT stock_never_oversold")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)
        assert cursor.rowcount
        cursor.execute("SET LOCAL session_replication_role = origin")


def found(report: Report) -> dict[str, list[tuple[str, str, str]]]:
    return {
        name: [(drift.subject, drift.expected, drift.found) for drift in report.drifts if drift.check == name]
        for name, count in report.counts.items()
        if count
    }


def test_a_shop_with_a_past_is_found_right(orders: Orders) -> None:
    report = reconciliation.run_checks()

    assert {order.state for order in orders.values()} == set(Order.State.values)
    assert found(report) == {}
    assert report.is_good
    assert list(report.counts) == [check.name for check in reconciliation.list_checks() if not check.is_deep]
    invariants.check()


# What somebody did, to which of the orders, and what each check then says of it: what it expects, and what it finds.
DEEDS: dict[str, tuple[str, str, dict[str, tuple[str, str]]]] = {
    "put more on hand": (
        "created",
        "UPDATE inventory_stockitem SET on_hand = on_hand + 3 WHERE sku = 'BOWL'",
        {"stock.on_hand": ("57 on hand", "60 on hand (BOWL, main)")},
    ),
    "took a shipment out of the ledger": (
        "delivered",
        "DELETE FROM inventory_stockmovement WHERE note = %(holder)s AND delta = -2",
        {"stock.on_hand": ("57 on hand", "55 on hand (VASE, main)")},
    ),
    "freed what was held": (
        "created",
        "UPDATE inventory_stockitem SET held = 0 WHERE sku = 'BOWL'",
        {"stock.held": ("2 held", "0 held (BOWL, main)")},
    ),
    "sold more than there is": (
        "created",
        "UPDATE inventory_stockitem SET committed = 999 WHERE sku = 'PLATE' AND committed = 3",
        {"stock.committed": ("3 committed", "999 committed (PLATE, main)")},
    ),
    "lost what an unpaid order holds": (
        "created",
        "DELETE FROM inventory_reservation WHERE holder = %(holder)s AND quantity = 2",
        {
            "stock.held": ("2 held", "4 held (VASE, main)"),
            "orders.units": ("2 held, 0 committed", "0 held, 0 committed ({number}, created, VASE)"),
        },
    ),
    "lost half of what a paid order was split into": (
        "split",
        "DELETE FROM inventory_reservation WHERE holder = %(holder)s AND quantity = 2",
        {
            "stock.committed": ("0 committed", "2 committed (PLATE, north)"),
            "orders.units": ("0 held, 5 committed", "0 held, 3 committed ({number}, placed, PLATE)"),
        },
    ),
    "committed what is not paid": (
        "created",
        "UPDATE inventory_reservation SET state = 'committed' WHERE holder = %(holder)s AND quantity = 1",
        {
            "stock.held": ("1 held", "2 held (BOWL, main)"),
            "stock.committed": ("5 committed", "4 committed (BOWL, main)"),
            "orders.units": ("1 held, 0 committed", "0 held, 1 committed ({number}, created, BOWL)"),
        },
    ),
    "held something for an order that is over": (
        "expired",
        "UPDATE inventory_reservation SET state = 'held' WHERE holder = %(holder)s AND quantity = 2",
        {
            "stock.held": ("6 held", "4 held (VASE, main)"),
            "orders.units": ("0 held, 0 committed", "2 held, 0 committed ({number}, cancelled, VASE)"),
        },
    ),
    "shipped without a word to the stock": (
        "placed",
        "UPDATE orders_order SET state = 'delivered' WHERE id = %(order)s",
        {
            "orders.units": ("0 held, 0 committed", "0 held, 1 committed ({number}, delivered, BOWL)"),
            "orders.sent": ("1 sent", "0 sent ({number}, delivered, BOWL)"),
        },
    ),
    "gave units to somebody unknown": (
        "placed",
        "UPDATE inventory_reservation SET holder = 'friend:7' WHERE holder = %(holder)s AND quantity = 2",
        {
            "orders.units": ("0 held, 2 committed", "0 held, 0 committed ({number}, placed, VASE)"),
            "orders.nobody": ("an order", "2 committed for nobody (VASE)"),
        },
    ),
    "forgot an order": (
        "created",
        "DELETE FROM orders_order WHERE id = %(order)s",
        {"orders.nobody": ("an order", "1 held for nobody (BOWL)")},
    ),
    "wrote a line anew": (
        "placed",
        "UPDATE orders_orderline SET quantity = 4 WHERE order_id = %(order)s AND quantity = 2",
        {
            "orders.units": ("0 held, 4 committed", "0 held, 2 committed ({number}, placed, VASE)"),
            "orders.total": ("7500 USD minor", "4500 USD minor ({number})"),
        },
    ),
    "gave a discount": (
        "created",
        "UPDATE orders_order SET total_minor = 1 WHERE id = %(order)s",
        {"orders.total": ("4500 USD minor", "1 USD minor ({number})")},
    ),
    "gave a discount later": (
        "dropped",
        "UPDATE orders_order SET total_minor = 4499 WHERE id = %(order)s",
        {
            "orders.total": ("4500 USD minor", "4499 USD minor ({number})"),
            "money.paid": ("2999 USD minor", "3000 USD minor ({number}, placed)"),
        },
    ),
    "forgot what was sent": (
        "in_transit",
        "DELETE FROM inventory_reservation WHERE holder = %(holder)s AND quantity = 2",
        {"orders.sent": ("2 sent", "0 sent ({number}, in_transit, VASE)")},
    ),
    "forgot that an order was paid": (
        "delivered",
        "DELETE FROM orders_payment WHERE order_id = %(order)s",
        {"money.paid": ("4500 USD minor", "0 USD minor ({number}, delivered)")},
    ),
    "took another currency": (
        "placed",
        "UPDATE orders_payment SET paid_currency = 'JPY' WHERE order_id = %(order)s",
        {"money.paid": ("4500 USD minor", "0 USD minor and 4500 of another currency ({number}, placed)")},
    ),
    "kept what was paid twice": (
        "paid_twice",
        "DELETE FROM orders_refund WHERE payment_id IN (SELECT id FROM orders_payment WHERE order_id = %(order)s)",
        {"money.paid": ("4500 USD minor", "9000 USD minor ({number}, placed)")},
    ),
    "kept the money of a cancelled order": (
        "cancelled",
        "DELETE FROM orders_refund WHERE payment_id IN (SELECT id FROM orders_payment WHERE order_id = %(order)s)",
        {"money.owed": ("nothing kept", "4500 minor kept ({number}, cancelled)")},
    ),
    "kept a wrong amount": (
        "paid_wrong",
        "UPDATE orders_refund SET amount_minor = 1000"
        " WHERE payment_id IN (SELECT id FROM orders_payment WHERE order_id = %(order)s)",
        {"money.owed": ("nothing kept", "499 minor kept ({number}, created)")},
    ),
    "paid a late comer back too much": (
        "sold_out",
        "UPDATE orders_refund SET amount_minor = 1501"
        " WHERE payment_id IN (SELECT id FROM orders_payment WHERE order_id = %(order)s)",
        {
            "money.owed": ("nothing kept", "-1 minor kept ({number}, cancelled)"),
            "money.refunds": ("at most 1500 minor", "1501 minor paid back (sandbox {ref})"),
        },
    ),
    "made a payment unpaid that was paid back": (
        "cancelled",
        "UPDATE orders_payment SET state = 'failed' WHERE order_id = %(order)s",
        {"money.refunds": ("at most 0 minor", "4500 minor paid back (sandbox {ref})")},
    ),
    "stopped the sweep": (
        "created",
        "UPDATE orders_order SET expires_at = '2026-01-02 03:04:05+0' WHERE id = %(order)s",
        {"stuck.unpaid": ("over by 2026-01-02 03:04:05", "still created ({number})")},
    ),
    "sat on a refund": (
        "cancelled",
        "UPDATE orders_refund SET created_at = '2026-01-02 03:04:05+0'"
        " WHERE payment_id IN (SELECT id FROM orders_payment WHERE order_id = %(order)s)",
        {"stuck.refund": ("done", "pending since 2026-01-02 03:04 (4500 minor)")},
    ),
    "refused a refund": (
        "cancelled",
        "UPDATE orders_refund SET state = 'failed', failure = 'card closed'"
        " WHERE payment_id IN (SELECT id FROM orders_payment WHERE order_id = %(order)s)",
        {"stuck.refused": ("done", "refused: card closed (4500 minor)")},
    ),
    "left a payment open behind an order": (
        "expired",
        "WITH past AS (UPDATE orders_order SET terminal_at = '2026-01-02+0' WHERE id = %(order)s RETURNING id)"
        " INSERT INTO orders_payment (id, order_id, provider, ref, url, state, amount_minor, currency, paid_currency,"
        " created_at, changed_at)"
        " SELECT gen_random_uuid(), id, 'sandbox', 'sbx_1', '', 'open', 1, 'USD', '', now(), now() FROM past",
        {"stuck.payment": ("closed", "open for {number}, cancelled (sandbox sbx_1)")},
    ),
    "stopped the news": (
        "cancelled",
        "UPDATE shop_outboxevent SET created_at = '2026-01-02+0', attempts = 9, last_error = 'no ink'"
        " WHERE subject = %(holder)s AND topic = 'order.cancelled'",
        {"stuck.outbox": ("handled", "order.cancelled of order:{id}, 9 tries: no ink")},
    ),
    "killed the postman": (
        "created",
        "INSERT INTO shop_notice (id, occasion, recipient, kind, subject, title, text, url, email, mail_state,"
        " mail_attempts, mail_claimed_at, mail_error)"
        " VALUES (gen_random_uuid(), 'outbox:7', 'guest', 'order.placed', %(holder)s, 't', '', '', 'a@example.com',"
        " 'sending', 1, '2026-01-02+0', '')",
        {"stuck.mail": ("sent", "sending, 1 tries (order.placed of order:{id})")},
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_was_broken_behind_our_back_is_found(orders: Orders, deed: str) -> None:
    name, statement, expected = DEEDS[deed]
    order = orders[name]
    words = {"number": order.number, "id": order.id, "ref": ""}
    if payment := order.payments.first():
        words["ref"] = payment.ref

    sql(statement, order=order.pk, holder=order.holder)

    report = reconciliation.run_checks()
    first = {check: rows[0][1:] for check, rows in found(report).items()}
    assert first == {check: tuple(text.format(**words) for text in texts) for check, texts in expected.items()}
    of_orders = {drift.subject for drift in report.drifts if drift.check.startswith(("orders.", "money."))}
    assert of_orders <= {order.holder, "friend:7", f"payment:{payment.pk if payment else None}"}
    # Found by hand, too, unless it is a matter of time alone.
    is_of_time = all(check.startswith("stuck.") for check in expected)
    assert bool(list(invariants.faults())) is not is_of_time


def test_each_check_is_shown_to_find_something() -> None:
    shown = {check for _, _, expected in DEEDS.values() for check in expected}

    assert {check.name for check in reconciliation.list_checks() if not check.is_deep} == shown
