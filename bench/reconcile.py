"""Reconciliation of a shop with a million orders: each check alone, and a whole run.

A million orders of one line each over ten thousand stock items: 75% delivered, 10% placed, 5% created, 10% cancelled,
half of these paid back. Written by SQL, not through the shop, and right: a run must find nothing.
"""

from collections import defaultdict

from bench import lab
from bench.report import Figures

ORDERS = 1_000_000
ITEMS = 10_000
RUNS = 2

# Of the number n of an order: what became of it.
FILL = """
CREATE TEMP TABLE made AS
    SELECT n, gen_random_uuid() AS id, 1 + n % {items} AS item, now() - n * interval '1 second' AS at,
           CASE WHEN n % 20 < 15 THEN 'delivered' WHEN n % 20 < 17 THEN 'placed'
                WHEN n % 20 < 18 THEN 'created' ELSE 'cancelled' END AS state,
           n % 20 = 18 AS is_paid_back
    FROM generate_series(1, {orders}) AS n;
INSERT INTO inventory_warehouse (id, code, name, country, postal_code, is_active)
    VALUES (1, 'bench', 'Bench', 'IN', '110001', true);
INSERT INTO orders_order (id, number_seq, email, name, line1, city, postal_code, country, state, cancel_reason,
        total_minor, currency, session, created_at, expires_at, placed_at, terminal_at)
    SELECT id, n, 'buyer@example.com', 'A Buyer', '4 Example Lane', 'New Delhi', '110001', 'IN', state,
           CASE state WHEN 'cancelled' THEN CASE WHEN is_paid_back THEN 'by_buyer' ELSE 'expired' END ELSE '' END,
           1000, 'USD', '', at, CASE state WHEN 'created' THEN now() + interval '1 hour' ELSE at END,
           CASE WHEN state IN ('delivered', 'placed') OR is_paid_back THEN at END,
           CASE WHEN state IN ('delivered', 'cancelled') THEN at END
    FROM made;
INSERT INTO orders_orderline (order_id, sku, product_name, variant_label, quantity, unit_price_minor, dropped_units,
        returned_units, refunded_units)
    SELECT id, 'BENCH-' || item, 'Bench', '', 1, 1000, 0, 0, 0 FROM made;
INSERT INTO inventory_stockitem (id, sku, warehouse_id, on_hand, held, committed, version)
    SELECT item, 'BENCH-' || item, 1, 1000 + count(*) FILTER (WHERE state IN ('created', 'placed')),
           count(*) FILTER (WHERE state = 'created'), count(*) FILTER (WHERE state = 'placed'), 1
    FROM made GROUP BY item;
INSERT INTO inventory_stockmovement (stock_item_id, delta, reason, actor, note, at)
    SELECT item, 1000 + count(*) FILTER (WHERE state <> 'cancelled'), 'received', 'system', '', now()
    FROM made GROUP BY item;
INSERT INTO inventory_stockmovement (stock_item_id, delta, reason, actor, note, at)
    SELECT item, -1, 'shipped', 'system', 'order:' || id, at FROM made WHERE state = 'delivered';
INSERT INTO inventory_reservation (stock_item_id, quantity, state, holder, created_at)
    SELECT item, 1, CASE state WHEN 'delivered' THEN 'fulfilled' WHEN 'placed' THEN 'committed'
                    WHEN 'created' THEN 'held' ELSE 'released' END, 'order:' || id, at
    FROM made;
INSERT INTO orders_payment (id, order_id, provider, ref, url, state, amount_minor, currency, paid_minor,
        paid_currency, created_at, changed_at)
    SELECT gen_random_uuid(), id, 'sandbox', 'sbx_' || n, '', 'succeeded', 1000, 'USD', 1000, 'USD', at, at
    FROM made WHERE state IN ('delivered', 'placed') OR is_paid_back;
INSERT INTO orders_refund (id, payment_id, amount_minor, reason, state, attempt, failure, created_at, done_at)
    SELECT gen_random_uuid(), payment.id, 1000, 'buyer_cancels', 'done', 0, '', at, at
    FROM made JOIN orders_payment AS payment ON payment.order_id = made.id WHERE is_paid_back;
INSERT INTO shop_outboxevent (topic, subject, data, handled_at, attempts, last_error)
    SELECT 'order.placed', 'order:' || id, '{{}}', at, 1, '' FROM made WHERE state <> 'created';
DROP TABLE made;
"""


def run() -> Figures:
    with lab.databases():
        from django.db import connection

        from inventory import reconciliation

        with connection.cursor() as cursor:
            cursor.execute(FILL.format(orders=ORDERS, items=ITEMS))
            cursor.execute("VACUUM (ANALYZE)")
        took_ms: dict[str, list[int]] = defaultdict(list)
        for _ in range(RUNS):
            with reconciliation.snapshot():
                for check in reconciliation.list_checks():
                    if not check.is_deep:
                        report = reconciliation.run_checks(check.name)
                        assert report.is_good, report.drifts[:3]
                        took_ms[check.name].append(report.took_ms)
    figures = {f"{name}: ms": min(each) for name, each in took_ms.items()}
    return {"orders": ORDERS, **figures, "whole run: ms": min(map(sum, zip(*took_ms.values(), strict=True)))}
