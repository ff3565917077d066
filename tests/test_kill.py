"""Everything is killed at random while people buy; afterwards nothing is lost, and nobody has paid for nothing.

A whole Showfloor with durable databases, as an operator starts it. What the shop said is compared with what it has,
and what the provider took with what the shop knows of. `KILL_LOAD_S` and `KILL_SEED` in the environment say for how
long and in which order; `make soak` runs two minutes.
"""

import json
import os
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from config import home
from tests.support.customers import PRICES, Customers, Diary
from tests.support.killer import VICTIMS, Killer
from tests.support.showfloor import Showfloor, new_showfloor, wait_until

LOAD_S = float(os.environ.get("KILL_LOAD_S", "15"))
SEED = int(os.environ.get("KILL_SEED", random.randrange(10**6)))
LOAD_MOST_S = LOAD_S + 120  # on a slow machine it takes longer until enough has happened
ENOUGH = int(LOAD_S)
# Each program is killed about every half minute: oftener, and `up` would let it rest for longer and longer.
PAUSE_MOST_S = 5.0
CUSTOMERS = 8
QUIET_WITHIN_S = 240
SCARCE = 40

pytestmark = [pytest.mark.slow, pytest.mark.timeout(int(LOAD_MOST_S) + QUIET_WITHIN_S + 300)]

SHOP = f"""
from tests.support.factories import make_product
for sku, price_minor in {PRICES!r}.items():
    make_product(skus=(sku,), price_minor=price_minor, stock={SCARCE} if sku == "CUP" else 100_000)
"""

# What still has to happen by itself: in a shop that is at rest none of it is left.
UNREST = """
    SELECT 'orders that wait for money', count(*) FROM orders_order WHERE state = 'created'
    UNION ALL
    SELECT 'payments that the provider knows more of', count(*)
    FROM orders_sandboxpayment AS book JOIN orders_payment AS payment USING (ref)
    WHERE book.state = 'succeeded' AND payment.state <> 'succeeded' OR book.then_at IS NOT NULL
    UNION ALL
    SELECT 'payments to close', count(*) FROM orders_payment WHERE state = 'open'
    UNION ALL
    SELECT 'refunds to send', count(*) FROM orders_refund WHERE state = 'pending'
    UNION ALL
    SELECT 'news to tell', count(*) FROM shop_outboxevent WHERE handled_at IS NULL
"""

# What the provider has taken and not given back, by order.
BOOK = """
    SELECT payment.order_id::text, book.charged_minor - book.refunded_minor, book.charged_currency
    FROM orders_sandboxpayment AS book LEFT JOIN orders_payment AS payment USING (ref)
    WHERE book.state = 'succeeded' AND book.charged_minor <> book.refunded_minor
"""


@dataclass
class Books:
    """What the databases say when all is quiet, read without any code of the shop's."""

    orders: dict[str, tuple[str, int]] = field(default_factory=dict)  # state, total
    taken: list[tuple[str | None, int, str]] = field(default_factory=list)


def test_nothing_is_lost_whatever_is_killed() -> None:
    print(f"KILL_SEED={SEED}")  # noqa: T201 (shown when it fails)
    with new_showfloor(
        PAYMENT_WINDOW_S="30", ORDERS_PER_MINUTE_NETWORK="1000000", UNPAID_UNITS_NETWORK="1000000"
    ) as showfloor:
        showfloor.up("--no-demo")
        showfloor.manage("shell", "-c", SHOP)

        customers = Customers(showfloor.url, seed=SEED, count=CUSTOMERS)
        killed = rage(showfloor, customers)
        wait_until_quiet(showfloor)

        diary = customers.diary
        told = "\n".join(
            [f"KILL_SEED={SEED}, killed: {killed}", f"{diary.deeds} {diary.answers}", *exceptions(showfloor)]
        )
        assert (diary.faults, diary.odd) == ([], []), told
        assert is_rough(diary, killed), told
        print(f"{len(diary.confirmed)} orders, {len(killed)} killed, {diary.deeds}, {diary.answers}")  # noqa: T201
        report = reconcile(showfloor)
        assert report["drifts"] == [], told
        books = read(showfloor)
        assert lost(diary, books) == [], told
        assert overcharged(books) == [], told
        assert units_are_right(showfloor), told
        assert told_twice(showfloor) == [], told

        # The audit has eyes: it sees what is taken away now.
        spoil(showfloor, next(each for each in diary.confirmed if books.orders[each][0] == "placed"))
        spoilt = read(showfloor)
        assert len(lost(diary, spoilt)) == 1
        assert len(overcharged(spoilt)) >= 2
        assert sum(reconcile(showfloor)["counts"].values()) > 0


def rage(showfloor: Showfloor, customers: Customers) -> list[str]:
    """Let people buy and the killer kill, until enough has happened; return what was killed."""
    killer = Killer(showfloor, seed=SEED, pause_s=min(LOAD_S / len(VICTIMS), PAUSE_MOST_S))
    customers.start()
    killer.start()
    began = time.monotonic()
    while time.monotonic() < began + LOAD_S or not (
        is_rough(customers.diary, killer.killed) or time.monotonic() > began + LOAD_MOST_S
    ):
        time.sleep(0.5)
    killer.stop()
    customers.stop()
    return killer.killed


def wait_until_quiet(showfloor: Showfloor) -> None:
    def unrest() -> dict[str, int]:
        try:
            return {what: number for what, number in ask(showfloor, UNREST) if number}
        except psycopg.OperationalError as error:
            return {str(error): 1}

    wait_until(lambda: not unrest(), within_s=QUIET_WITHIN_S, what=lambda: f"{unrest()}\n{showfloor.output[-3000:]}")


def is_rough(diary: Diary, killed: list[str]) -> bool:
    """Whether enough has happened for this to prove something: everything was killed, and people felt it."""
    return (
        len(diary.confirmed) >= ENOUGH
        and {"pay", "pay and cancel", "decline", "walk away", "cancel"} <= set(diary.deeds)
        and diary.lost_answers > 0
        and set(killed) == {victim.name for victim in VICTIMS}
    )


def reconcile(showfloor: Showfloor) -> dict[str, Any]:
    result = showfloor.manage("reconcile", "--json", is_checked=False)
    report: dict[str, Any] = json.loads(result.stdout)
    assert result.returncode == (1 if any(report["counts"].values()) else 0), result.stderr
    return report


def read(showfloor: Showfloor) -> Books:
    orders = ask(showfloor, "SELECT id::text, state, total_minor FROM orders_order")
    return Books({order_id: (state, total) for order_id, state, total in orders}, ask(showfloor, BOOK))


def lost(diary: Diary, books: Books) -> list[str]:
    """Return the orders that a buyer was told of and the shop has not, or not as it was told."""
    return [
        order_id
        for order_id, total_minor in diary.confirmed.items()
        if books.orders.get(order_id, ("", 0))[1] != total_minor
    ]


def overcharged(books: Books) -> list[str]:
    """Return what was taken from a buyer, and is neither the price of a paid order nor given back."""
    paid = {order_id for order_id, (state, _) in books.orders.items() if state == "placed"}
    wrong = [
        f"{minor} {currency} of {order_id}"
        for order_id, minor, currency in books.taken
        if order_id not in paid or (minor, currency) != (books.orders[order_id][1], "USD")
    ]
    payers = [order_id for order_id, _, _ in books.taken]
    wrong += [f"{order_id} paid twice" for order_id in paid if payers.count(order_id) > 1]
    return wrong + [f"{order_id} did not pay" for order_id in paid if order_id not in payers]


def units_are_right(showfloor: Showfloor) -> bool:
    """Whether exactly the units of paid orders are promised, and of nothing more than there is."""
    sold = """
        SELECT item.sku, item.held, item.committed, item.available,
               (SELECT coalesce(sum(line.quantity), 0) FROM orders_orderline AS line
                JOIN orders_order AS bought ON bought.id = line.order_id
                WHERE line.sku = item.sku AND bought.state = 'placed')
        FROM inventory_stockitem AS item
    """
    return all(
        (held, committed) == (0, units) and available >= 0
        for _, held, committed, available, units in ask(showfloor, sold)
    )


def told_twice(showfloor: Showfloor) -> list[str]:
    """Return the mails that went out more than once."""
    mails = "".join(path.read_text() for path in (showfloor.home / "mail").glob("*.log"))
    counts = Counter(re.findall(r"^Message-ID: (\S+)$", mails, re.MULTILINE))
    assert counts, "no mail at all"
    return [message for message, count in counts.items() if count > 1]


def spoil(showfloor: Showfloor, paid: str) -> None:
    """Lose an order that is paid, and a refund of another."""
    with connect(showfloor) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM orders_order WHERE id = %s", [paid])
        connection.execute("""
            UPDATE orders_sandboxpayment SET refunded_minor = 0
            WHERE ref = (SELECT ref FROM orders_sandboxpayment WHERE refunded_minor > 0 LIMIT 1)
        """)


def exceptions(showfloor: Showfloor) -> list[str]:
    """Return the last errors of its own that the web server has logged."""
    lines = (showfloor.home / "logs" / "web.log").read_text(errors="replace").splitlines()
    return [line.replace("\\n", "\n") for line in lines if "Internal Server Error" in line][-3:]


def ask(showfloor: Showfloor, statement: str) -> list[Any]:
    with connect(showfloor) as connection:
        return connection.execute(statement).fetchall()


def connect(showfloor: Showfloor) -> psycopg.Connection:
    sockets = str(home.socket_dir(showfloor.home, "postgres"))
    return psycopg.connect(host=sockets, user="showfloor", dbname="showfloor", connect_timeout=5)
