"""How quickly orders that are over move to the archive, and people find their orders when a million are there.

The move: the command itself, as an operator runs it, killed with -9 on the way and started again; then two of it at
once. The pages: one web process, one client, people with a dozen orders and one with very many; half of theirs are in
the main database.
"""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench import lab
from bench.report import Figures, percentile

MOVED = 50_000
KILLED_AFTER = 15_000
ARCHIVED = 1_000_000
OF_ONE = 100_000  # orders of the person who has very many
PEOPLE = 60_000
MONTHS = 36
REQUESTS = 300
SKUS = [f"BENCH-{number}" for number in range(100)]


def run() -> Figures:
    with lab.databases() as home:
        lab.make_goods(SKUS, units=1_000_000)
        _make_people()
        figures = _move() | _move_side_by_side()
        _fill_main(20_000, oldest_days=20, youngest_days=1)
        with lab.web_processes(1) as [port]:
            people = [random.randrange(2, PEOPLE) for _ in range(REQUESTS)]
            with _signed_in(port, {1, *people}) as get:
                figures |= _first(get, people)
                _fill_archive()
                figures |= _pages(get, people)
        figures["archive on disk, MB"] = _megabytes()
        figures["disk, MB"] = round(sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 2**20)
    return figures


def _make_people() -> None:
    """Make the accounts in one statement; hashing passwords would take an hour."""
    _execute(
        """
        INSERT INTO shop_user (id, password, is_superuser, public_id, email, display_name, is_host, is_staff,
                               is_active, date_joined)
        SELECT number, '!', false, gen_random_uuid(), 'buyer' || number || '@example.com', '', false, false,
               true, now()
        FROM generate_series(1, %s) AS number
        """,
        PEOPLE,
    )


def _move() -> dict[str, Any]:
    """Time the command over orders that are due; kill it once on the way."""
    from orders.models import ArchivedOrder, Order

    _fill_main(MOVED, oldest_days=90, youngest_days=40)
    began = time.monotonic()
    process = _archive_orders()
    while ArchivedOrder.objects.count() < KILLED_AFTER and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed_at, done = time.monotonic(), ArchivedOrder.objects.count()
    out, _ = _archive_orders().communicate()
    seconds = time.monotonic() - killed_at
    report = json.loads(out)
    assert (Order.objects.count(), ArchivedOrder.objects.count(), report["refused"]) == (0, MOVED, [])
    return {
        "orders moved": MOVED,
        "moved when killed": done,
        "then moved": report["moved"],
        "seconds, the command's start included": round(seconds, 1),
        "orders a second, the command's own count": round(report["moved"] / report["seconds"]),
        "seconds in all, both runs": round(seconds + killed_at - began, 1),
    }


def _move_side_by_side() -> dict[str, Any]:
    """Time two of the command at once, as many as there are cores here."""
    _fill_main(MOVED, oldest_days=90, youngest_days=40)
    reports = [json.loads(process.communicate()[0]) for process in [_archive_orders(), _archive_orders()]]
    assert sum(report["moved"] for report in reports) == MOVED
    return {"orders a second, two side by side": round(MOVED / max(report["seconds"] for report in reports))}


def _archive_orders() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "manage.py", "archive_orders", "--json"], stdout=subprocess.PIPE)


def _fill_main(count: int, *, oldest_days: float, youngest_days: float) -> None:
    """Write delivered orders as checkout and shipping leave them: lines, reservations, a payment."""
    _execute(
        """
        INSERT INTO orders_order (id, buyer_id, email, name, line1, city, postal_code, country, state, cancel_reason,
                                  total_minor, currency, session, created_at, expires_at, placed_at, terminal_at)
        SELECT gen_random_uuid(), mod(number, %s) + 1, 'buyer' || mod(number, %s) + 1 || '@example.com', 'A Buyer',
               '4 Example Lane', 'New Delhi', '110001', 'IN', 'delivered', '', 2000, 'USD',
               CASE WHEN mod(number, 3) = 0 THEN 'a-show' ELSE '' END, at, at + '5 min', at + '1 min', at + '3 days'
        FROM generate_series(1, %s) AS number,
             LATERAL (SELECT now() - make_interval(secs => number * 0 + (3 + %s + random() * %s) * 86400)) AS _ (at)
        """,
        PEOPLE,
        PEOPLE,
        count,
        youngest_days,
        oldest_days - youngest_days,
    )
    _execute(
        """
        INSERT INTO orders_orderline (order_id, variant_id, sku, product_name, variant_label, quantity,
                                      unit_price_minor, dropped_units, returned_units, refunded_units)
        SELECT bought.id, variant.id, variant.sku, 'Product ' || variant.sku, '', 1, 1000, 0, 0, 0
        FROM orders_order AS bought, generate_series(0, mod(bought.number_seq, 2)::int) AS line
        JOIN LATERAL (
            SELECT id, sku FROM shop_variant OFFSET mod(bought.number_seq::int + line * 7, 100) LIMIT 1
        ) AS variant ON true
        WHERE NOT EXISTS (SELECT FROM orders_orderline AS known WHERE known.order_id = bought.id)
        """
    )
    _execute(
        """
        INSERT INTO inventory_reservation (stock_item_id, quantity, state, holder, created_at)
        SELECT item.id, line.quantity, 'fulfilled', 'order:' || line.order_id, now()
        FROM orders_orderline AS line JOIN inventory_stockitem AS item ON item.sku = line.sku
        """
    )
    _execute(
        """
        INSERT INTO orders_payment (id, order_id, provider, ref, url, state, amount_minor, currency, paid_minor,
                                    paid_currency, created_at, changed_at)
        SELECT gen_random_uuid(), id, 'sandbox', id::text, '', 'succeeded', 2000, 'USD', 2000, 'USD', now(), now()
        FROM orders_order
        """
    )
    _execute("ANALYZE")


def _fill_archive() -> None:
    """Write archived orders of many months, and as many of one person as nobody else has."""
    from datetime import timedelta

    from django.utils import timezone

    from orders.archive import partitions

    partitions.ensure(timezone.now() - timedelta(weeks=week) for week in range(5 * MONTHS))
    lines = json.dumps(_lines())
    _execute(
        """
        INSERT INTO orders_archivedorder (id, number_seq, email, name, line1, city, postal_code, country, state,
            cancel_reason, total_minor, currency, session, created_at, expires_at, placed_at, terminal_at, buyer_id,
            lines, reservations)
        SELECT gen_random_uuid(), 10000000 + number, 'buyer' || buyer || '@example.com', 'A Buyer', '4 Example Lane',
               'New Delhi', '110001', 'IN', 'delivered', '', 2000, 'USD', '', at, at, at, at + '3 days', buyer,
               %s::jsonb, '[]'
        FROM generate_series(1, %s) AS number,
             LATERAL (SELECT CASE WHEN number <= %s THEN 1 ELSE mod(number, %s) + 2 END) AS _ (buyer),
             LATERAL (SELECT now() - make_interval(secs => number * 0 + (40 + random() * %s) * 86400)) AS __ (at)
        """,
        lines,
        ARCHIVED,
        OF_ONE,
        PEOPLE - 2,
        MONTHS * 29,
        using="archive",
    )
    _execute("ANALYZE", using="archive")


def _lines() -> list[dict[str, Any]]:
    """Return two lines as the archive keeps them."""
    from django.forms.models import model_to_dict

    from orders.models import OrderLine
    from shop.models import Variant

    rows = []
    for number, variant in enumerate(Variant.objects.all()[:2]):
        line = OrderLine(id=number, sku=variant.sku, product_name="A product", quantity=1, unit_price_minor=1000)
        rows.append(model_to_dict(line, exclude=["order", "variant"]) | {"id": number, "variant_id": variant.pk})
    return rows


def _first(get: Any, people: list[int]) -> dict[str, Any]:
    """Time what is compared with: the list while only what was moved is archived, and a page without any list."""
    from orders.models import ArchivedOrder

    for person in people[:20]:
        get(person, "/orders/")  # warm up
    before = ArchivedOrder.objects.count()
    return _timed(f"orders page, {before} archived", get, [(person, "/orders/") for person in people])


def _pages(get: Any, people: list[int]) -> dict[str, Any]:
    from orders.models import ArchivedOrder

    figures: dict[str, Any] = {"archived": ArchivedOrder.objects.count()}
    deep = list(ArchivedOrder.objects.filter(buyer_id=1).order_by("?")[:REQUESTS])
    cursors = [_cursor(order) for order in deep]
    figures |= _timed("orders page, a dozen orders", get, [(person, "/orders/") for person in people])
    figures |= _timed("orders page, very many, the first", get, [(1, "/orders/")] * REQUESTS)
    figures |= _timed("orders page, very many, anywhere", get, [(1, f"/orders/?cursor={c}") for c in cursors])
    figures |= _timed("order page, archived", get, [(1, f"/orders/{order.pk}/") for order in deep])
    figures |= _timed("GET orders, archived", get, [(1, f"/api/v1/orders?cursor={c}") for c in cursors])
    figures |= _timed("GET orders?state=cancelled, none", get, [(1, "/api/v1/orders?state=cancelled")] * 50)
    figures |= _timed("cart page, empty, to compare", get, [(person, "/cart/") for person in people])
    return figures


def _cursor(order: Any) -> str:
    from orders.listing import _Place

    return _Place.of(order, is_down=True).text


@contextmanager
def _signed_in(port: int, people: set[int]) -> Iterator[Any]:
    """Give a function that gets a page as one of these people, on one connection."""
    import requests
    from django.conf import settings
    from django.test import Client

    from shop.models import User

    cookies = {}
    for user in User.objects.filter(pk__in=people):
        client = Client()
        client.force_login(user)
        cookies[user.pk] = client.cookies[settings.SESSION_COOKIE_NAME].value
    with requests.Session() as session:

        def get(person: int, path: str) -> float:
            began = time.perf_counter()
            cookie = {settings.SESSION_COOKIE_NAME: cookies[person]}
            answer = session.get(f"http://127.0.0.1:{port}{path}", cookies=cookie, timeout=30)
            assert answer.status_code == 200, answer.text
            return (time.perf_counter() - began) * 1000

        yield get


def _timed(name: str, get: Any, calls: list[tuple[int, str]]) -> dict[str, float]:
    waits = [get(person, path) for person, path in calls]
    return {f"{name}: {word} ms": round(percentile(waits, share), 1) for word, share in (("p50", 0.5), ("p95", 0.95))}


def _megabytes() -> int:
    from django.db import connections

    with connections["archive"].cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()) / 1048576")
        return int(cursor.fetchone()[0])


def _execute(statement: str, *values: object, using: str = "default") -> None:
    from django.db import connections

    with connections[using].cursor() as cursor:
        cursor.execute(statement, list(values) or None)
