"""Do orders, their units and their money agree, and does nothing wait that should have been done?

Statements for `inventory.reconciliation`, which runs them in one snapshot. Beside the order's id stands its number, by
which people know it. What can be put right stands in `orders.repairs`.
"""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from inventory.reconciliation import Check, by_sql, register

# How long something may wait before it counts as stuck: each job has had many tries by then.
UNPAID_FOR = timedelta(seconds=60)  # beyond the deadline and the sweep's grace
REFUND_FOR = timedelta(hours=1)
PAYMENT_FOR = timedelta(minutes=15)

# Joined by the holder's word, not by an id cut out of it: words that are no order's do no harm. What people read is
# looked up for the rows that are wrong alone, behind OFFSET 0, which the planner does not look through.
_UNITS = """
    WITH wanted AS (
        SELECT 'order:' || bought.id AS holder, line.sku,
               CASE bought.state WHEN 'created' THEN line.quantity - line.dropped_units ELSE 0 END AS held,
               CASE bought.state WHEN 'placed' THEN line.quantity - line.dropped_units ELSE 0 END AS committed
        FROM orders_order AS bought
        JOIN orders_orderline AS line ON line.order_id = bought.id
        WHERE bought.state IN ('created', 'placed')
    ), promised AS (
        SELECT reservation.holder, item.sku,
               coalesce(sum(reservation.quantity) FILTER (WHERE reservation.state = 'held'), 0) AS held,
               coalesce(sum(reservation.quantity) FILTER (WHERE reservation.state = 'committed'), 0) AS committed
        FROM inventory_reservation AS reservation
        JOIN inventory_stockitem AS item ON item.id = reservation.stock_item_id
        WHERE reservation.state IN ('held', 'committed')
        GROUP BY reservation.holder, item.sku
    ), compared AS (
        SELECT holder, sku,
               coalesce(wanted.held, 0) || ' held, ' || coalesce(wanted.committed, 0) || ' committed' AS expected,
               coalesce(promised.held, 0) || ' held, ' || coalesce(promised.committed, 0) || ' committed' AS found
        FROM wanted FULL JOIN promised USING (holder, sku)
        WHERE (coalesce(wanted.held, 0), coalesce(wanted.committed, 0))
           <> (coalesce(promised.held, 0), coalesce(promised.committed, 0))
        OFFSET 0
    )
    SELECT holder, expected,
           found || ' (SF-' || bought.number_seq || ', ' || bought.state || ', ' || sku || ')'
    FROM compared CROSS JOIN LATERAL ({order_of_holder}) AS bought
"""

_NOBODY = """
    WITH strange AS (
        SELECT reservation.holder, reservation.quantity, reservation.state, item.sku
        FROM inventory_reservation AS reservation
        JOIN inventory_stockitem AS item ON item.id = reservation.stock_item_id
        WHERE reservation.state IN ('held', 'committed')
          AND NOT EXISTS (
              SELECT FROM orders_order AS bought
              WHERE bought.state IN ('created', 'placed') AND 'order:' || bought.id = reservation.holder
          )
        OFFSET 0
    )
    SELECT holder, 'an order', quantity || ' ' || strange.state || ' for nobody (' || sku || ')'
    FROM strange LEFT JOIN LATERAL ({order_of_holder}) AS bought ON true
    WHERE bought.id IS NULL
"""

_ORDER_OF_HOLDER = """
    SELECT bought.* FROM orders_order AS bought
    WHERE bought.id = CASE WHEN holder ~ '^order:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                           THEN substr(holder, 7)::uuid END
"""

_SENT = """
    WITH sent AS (
        SELECT reservation.holder, item.sku, sum(reservation.quantity) AS units
        FROM inventory_reservation AS reservation
        JOIN inventory_stockitem AS item ON item.id = reservation.stock_item_id
        WHERE reservation.state = 'fulfilled'
        GROUP BY reservation.holder, item.sku
    ), compared AS (
        SELECT bought.id, bought.number_seq, bought.state, line.sku,
               CASE WHEN bought.state IN ('in_transit', 'delivered')
                    THEN line.quantity - line.dropped_units ELSE 0 END AS units,
               coalesce(sent.units, 0) AS found
        FROM orders_order AS bought
        JOIN orders_orderline AS line ON line.order_id = bought.id
        LEFT JOIN sent ON sent.holder = 'order:' || bought.id AND sent.sku = line.sku
    )
    SELECT 'order:' || id, units || ' sent', found || ' sent (SF-' || number_seq || ', ' || state || ', ' || sku || ')'
    FROM compared
    WHERE units <> found
"""

_TOTAL = """
    SELECT 'order:' || bought.id,
           lines.minor || ' ' || bought.currency || ' minor',
           bought.total_minor || ' ' || bought.currency || ' minor (SF-' || bought.number_seq || ')'
    FROM orders_order AS bought
    LEFT JOIN (
        SELECT order_id, sum(quantity * unit_price_minor) AS minor FROM orders_orderline GROUP BY order_id
    ) AS lines ON lines.order_id = bought.id
    WHERE bought.total_minor IS DISTINCT FROM lines.minor
"""

# What we still have of the money of each order, in its own currency and in others.
_KEPT = """
    SELECT payment.order_id,
           coalesce(sum(coalesce(payment.paid_minor, 0) - coalesce(refund.minor, 0))
               FILTER (WHERE payment.paid_currency = payment.currency), 0) AS minor,
           coalesce(sum(coalesce(payment.paid_minor, 0) - coalesce(refund.minor, 0))
               FILTER (WHERE payment.paid_currency <> payment.currency), 0) AS foreign_minor
    FROM orders_payment AS payment
    LEFT JOIN (
        SELECT payment_id, sum(amount_minor) AS minor FROM orders_refund GROUP BY payment_id
    ) AS refund ON refund.payment_id = payment.id
    WHERE payment.state = 'succeeded'
    GROUP BY payment.order_id
"""

# What is due is the total, less what was paid back by line: few lines were, and adding up all of them would take long.
_PAID = """
    WITH kept AS ({kept}), returned AS (
        SELECT order_id, sum(refunded_units * unit_price_minor) AS minor
        FROM orders_orderline WHERE refunded_units > 0 GROUP BY order_id
    )
    SELECT 'order:' || bought.id,
           bought.total_minor - coalesce(returned.minor, 0) || ' ' || bought.currency || ' minor',
           coalesce(kept.minor, 0) || ' ' || bought.currency || ' minor'
               || CASE WHEN kept.foreign_minor <> 0 THEN ' and ' || kept.foreign_minor || ' of another currency'
                  ELSE '' END
               || ' (SF-' || bought.number_seq || ', ' || bought.state || ')'
    FROM orders_order AS bought
    LEFT JOIN kept ON kept.order_id = bought.id
    LEFT JOIN returned ON returned.order_id = bought.id
    WHERE bought.state IN ('placed', 'in_transit', 'delivered')
      AND (coalesce(kept.minor, 0), coalesce(kept.foreign_minor, 0))
       <> (bought.total_minor - coalesce(returned.minor, 0), 0)
"""

_OWED = """
    SELECT 'order:' || bought.id,
           'nothing kept',
           kept.minor + kept.foreign_minor || ' minor kept (SF-' || bought.number_seq || ', ' || bought.state || ')'
    FROM ({kept}) AS kept
    JOIN orders_order AS bought ON bought.id = kept.order_id
    WHERE bought.state IN ('created', 'cancelled') AND (kept.minor, kept.foreign_minor) <> (0, 0)
"""

_REFUNDS = """
    SELECT 'payment:' || payment.id,
           'at most ' || CASE payment.state WHEN 'succeeded' THEN coalesce(payment.paid_minor, 0) ELSE 0 END
               || ' minor',
           refund.minor || ' minor paid back (' || payment.provider || ' ' || payment.ref || ')'
    FROM orders_payment AS payment
    JOIN (
        SELECT payment_id, sum(amount_minor) AS minor FROM orders_refund GROUP BY payment_id
    ) AS refund ON refund.payment_id = payment.id
    WHERE refund.minor > CASE payment.state WHEN 'succeeded' THEN coalesce(payment.paid_minor, 0) ELSE 0 END
"""

_UNPAID = """
    SELECT 'order:' || id,
           'over by ' || to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
           'still created (SF-' || number_seq || ')'
    FROM orders_order
    WHERE state = 'created' AND expires_at < now() - %(after)s
"""

_REFUND = """
    SELECT 'refund:' || id,
           'done',
           'pending since ' || to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
               || ' (' || amount_minor || ' minor)'
    FROM orders_refund
    WHERE state = 'pending' AND created_at < now() - %(after)s
"""

_REFUSED = """
    SELECT 'refund:' || id, 'done', 'refused: ' || failure || ' (' || amount_minor || ' minor)'
    FROM orders_refund
    WHERE state = 'failed'
"""

_PAYMENT = """
    SELECT 'payment:' || payment.id,
           'closed',
           'open for SF-' || bought.number_seq || ', ' || bought.state || ' (' || payment.provider || ' '
               || payment.ref || ')'
    FROM orders_payment AS payment
    JOIN orders_order AS bought ON bought.id = payment.order_id
    WHERE payment.state = 'open' AND bought.state <> 'created'
      AND coalesce(bought.terminal_at, bought.placed_at) < now() - %(after)s
"""


def _unpaid_for() -> timedelta:
    return UNPAID_FOR + timedelta(seconds=settings.PAYMENT_SWEEP_GRACE_S)


register(
    Check(
        "orders.units",
        _("Each unpaid order holds its units and each paid one has them committed; no finished one keeps any"),
        _("Let the order's units be reserved anew from what is there; if there are too few, cancel the order."),
        by_sql(_UNITS.format(order_of_holder=_ORDER_OF_HOLDER)),
    ),
    Check(
        "orders.nobody",
        _("Every unit that is held or committed is so for an order that exists"),
        _("Release the units, after asking yourself where the order has gone."),
        by_sql(_NOBODY.format(order_of_holder=_ORDER_OF_HOLDER)),
    ),
    Check(
        "orders.sent",
        _("What was sent is what was ordered"),
        _("Look at what has left the building; receive, or write off, the difference, and note it with the order."),
        by_sql(_SENT),
    ),
    Check(
        "orders.total",
        _("An order's total is the sum of its lines"),
        _("Ask the database's log who changed it; what the buyer saw stands in the mail of the order."),
        by_sql(_TOTAL),
    ),
    Check(
        "money.paid",
        _("For a paid order there is exactly its money"),
        _("Too much: pay the surplus back. Too little: ask the provider; if nothing came, cancel the order."),
        by_sql(_PAID.format(kept=_KEPT)),
    ),
    Check(
        "money.owed",
        _("Of an unpaid or cancelled order nothing is kept"),
        _("Pay it back."),
        by_sql(_OWED.format(kept=_KEPT)),
    ),
    Check(
        "money.refunds",
        _("Nothing is paid back that was not paid"),
        _("Compare with the provider's own list; what went out twice can only be asked back from the buyer."),
        by_sql(_REFUNDS),
    ),
    Check(
        "stuck.unpaid",
        _("No order waits for its payment past its deadline"),
        _("See whether the sweeper runs; expire the order now."),
        by_sql(_UNPAID, after=_unpaid_for),
    ),
    Check(
        "stuck.refund",
        _("No refund waits for longer than an hour"),
        _("See whether the worker runs and the provider answers; send it again."),
        by_sql(_REFUND, after=REFUND_FOR),
    ),
    Check(
        "stuck.refused",
        _("No refund was refused by the provider"),
        _("Pay the buyer another way, then mark the refund as done; or send it again."),
        by_sql(_REFUSED),
    ),
    Check(
        "stuck.payment",
        _("No payment stays open once its order does not wait for it"),
        _("See whether the worker runs and the provider answers; close it now."),
        by_sql(_PAYMENT, after=PAYMENT_FOR),
    ),
)
