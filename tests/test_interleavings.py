"""Every pair of things that can happen to orders, cut into each other at each lock.

One action is stopped before or after it takes a lock; the other then runs until it is done or waits for the first;
then the first goes on. Whatever the cut, what is in the database must be what one after the other would have left.
"""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Now

from inventory import reconciliation, reservations
from inventory.models import StockItem
from orders import expiry, lifecycle, locks, payments
from orders.archive import mover
from orders.checkout import place_order
from orders.models import ArchivedOrder, Order, Payment, Refund
from orders.providers import Fetched
from tests import invariants
from tests.factories import make_product, make_request

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "archive"]), pytest.mark.timeout(300)]

WAIT_S = 30
SUCCEEDED, FAILED = Payment.State.SUCCEEDED, Payment.State.FAILED
numbers = count(1)


@dataclass(frozen=True)
class World:
    """One SKU with one unit left, an unpaid order past its deadline, a paid one, and one that lapsed long ago."""

    sku: str
    unpaid: Order
    paid: Order
    lapsed: Order

    @classmethod
    def make(cls) -> "World":
        sku = f"VASE-{next(numbers)}"
        make_product(skus=(sku,), price_minor=8600, stock=3)
        paid, lapsed, unpaid = (place_order(make_request((sku, 1))) for _ in range(3))
        pay(paid)
        make_overdue(lapsed)
        assert expiry.sweep() == 1
        long_ago = timedelta(days=settings.RETURN_WINDOW_DAYS + 1)
        Order.objects.filter(pk=lapsed.pk).update(terminal_at=Now() - long_ago)
        make_overdue(unpaid)
        return cls(sku, unpaid, paid, lapsed)

    def outcome(self) -> dict[str, Any]:
        """What is in the database of this world, without ids and times."""
        shelf = StockItem.objects.filter(sku=self.sku).values("on_hand", "held", "committed").get()
        orders = {"unpaid": self.unpaid, "paid": self.paid, "lapsed": self.lapsed}
        states = dict(Order.objects.filter(lines__sku=self.sku).values_list("pk", "state"))
        archived = set(ArchivedOrder.objects.filter(pk=self.lapsed.pk).values_list("pk", flat=True))
        return {
            **shelf,
            "states": {
                name: "archived" if order.pk in archived else states[order.pk] for name, order in orders.items()
            },
            "others": sorted(state for pk, state in states.items() if pk not in {o.pk for o in orders.values()}),
            "owed": {
                name: Refund.objects.filter(payment__order_id=order.pk).aggregate(sum=Sum("amount_minor"))["sum"]
                for name, order in orders.items()
            },
        }


def pay(order: Order, state: Payment.State = SUCCEEDED) -> object:
    """Hear of a payment; each attempt is another one, as from two windows."""
    payment = Payment.objects.create(
        order_id=order.pk, provider="sandbox", ref=str(uuid.uuid4()), amount_minor=8600, currency="USD"
    )
    return payments.settle(payment, Fetched(state, payment.amount_minor, payment.currency))


def make_overdue(order: Order) -> None:
    late = timedelta(seconds=settings.PAYMENT_SWEEP_GRACE_S + 60)
    Order.objects.filter(pk=order.pk).update(expires_at=F("created_at") - late)


ACTIONS: dict[str, Callable[[World], object]] = {
    "place": lambda world: place_order(make_request((world.sku, 1))),
    "success": lambda world: pay(world.unpaid),
    "failure": lambda world: pay(world.unpaid, FAILED),
    "sweep": lambda world: expiry.sweep(),
    "cancel unpaid": lambda world: lifecycle.cancel(world.unpaid.pk, actor="user:buyer"),
    "cancel paid": lambda world: lifecycle.cancel(world.paid.pk, actor="user:buyer"),
    "ship": lambda world: lifecycle.ship(world.paid.pk, actor="user:staff"),
    "late success": lambda world: pay(world.lapsed),
    "archive": lambda world: mover.move(),
}
CUTS = {name: ["before orders", "after orders", "after stock"] for name in ACTIONS} | {
    "place": ["before stock", "after stock"],
    "archive": ["before orders", "after orders"],
}


@dataclass
class Cut:
    """The place where the first action stops, once, until it may go on."""

    place: str = ""
    thread: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    may_go_on: threading.Event = field(default_factory=threading.Event)

    def pass_by(self, place: str) -> None:
        if place == self.place and threading.get_ident() == self.thread and not self.reached.is_set():
            self.reached.set()
            assert self.may_go_on.wait(WAIT_S)


cut = Cut()


@pytest.fixture(autouse=True)
def cuttable_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def around(name: str, lock: Callable[..., Any]) -> Callable[..., Any]:
        def locked(*arguments: Any, **named: Any) -> Any:
            cut.pass_by(f"before {name}")
            rows = lock(*arguments, **named)
            cut.pass_by(f"after {name}")
            return rows

        return locked

    for name in ("lock_orders", "lock_overdue_orders", "lock_finished_orders"):
        monkeypatch.setattr(locks, name, around("orders", getattr(locks, name)))
    monkeypatch.setattr(reservations, "lock_stock", around("stock", reservations.lock_stock))


@cache
def one_after_the_other(first: str, second: str) -> dict[str, Any]:
    world = World.make()
    answers = [answer(ACTIONS[first], world), answer(ACTIONS[second], world)]
    return left_by(world, answers)


def serial_ends(first: str, second: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is left by one after the other, both ways round, the answers always in the order first, second."""
    forth, back = one_after_the_other(first, second), one_after_the_other(second, first)
    return forth, {**back, "answers": back["answers"][::-1]}


def interleaved(first: str, second: str, place: str) -> dict[str, Any]:
    """Return what is left when `second` runs while `first` stands at the cut."""
    global cut
    world = World.make()
    cut = Cut(place)
    with ThreadPoolExecutor(max_workers=2) as pool:
        one = pool.submit(in_thread, ACTIONS[first], world, cut)
        while not cut.reached.is_set() and not one.done():
            time.sleep(0.001)
        assert not one.done(), f"{first} never comes {place}"
        other = pool.submit(in_thread, ACTIONS[second], world, None)
        wait_until_done_or_blocked(other)
        cut.may_go_on.set()
        return left_by(world, [one.result(WAIT_S), other.result(WAIT_S)])


def in_thread(action: Callable[[World], object], world: World, stop_at: Cut | None) -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET application_name = 'interleaved'")
        if stop_at:
            stop_at.thread = threading.get_ident()
        return answer(action, world)
    finally:
        connections.close_all()


def answer(action: Callable[[World], object], world: World) -> str:
    """Do it, and return how it was refused: nothing if it wasn't."""
    try:
        action(world)
    except Exception as error:
        return type(error).__name__
    return ""


def wait_until_done_or_blocked(future: "Future[str]") -> None:
    deadline = time.monotonic() + WAIT_S
    while not future.done():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity"
                " WHERE application_name = 'interleaved' AND cardinality(pg_blocking_pids(pid)) > 0"
            )
            if cursor.fetchone():
                return
        assert time.monotonic() < deadline, "neither done nor blocked"
        time.sleep(0.002)


def left_by(world: World, answers: list[str]) -> dict[str, Any]:
    """Return how two actions were answered and what they left, checked; then take it out of the next world's way."""
    left = {**world.outcome(), "answers": answers, "drifts": reconciliation.run_checks(*invariants.ACCOUNTS).drifts}
    Order.objects.filter(state="created").update(expires_at=Now() + timedelta(hours=1))
    Order.objects.filter(terminal_at__isnull=False).update(terminal_at=Now())
    return left


@pytest.mark.parametrize("first", ACTIONS)
def test_any_two_cut_into_each_other_end_as_one_after_the_other(first: str) -> None:
    for second in ACTIONS:
        forth, back = serial_ends(first, second)
        assert forth["drifts"] == back["drifts"] == []
        for place in CUTS[first]:
            left = interleaved(first, second, place)
            assert left in (forth, back), f"{second} while {first} stands {place}"
    invariants.check()


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        ("cancel unpaid", "success", "after orders"),
        ("sweep", "success", "after orders"),
        ("ship", "cancel paid", "after orders"),
    ],
)
def test_control_without_the_orders_lock_they_do_not(
    monkeypatch: pytest.MonkeyPatch, first: str, second: str, place: str
) -> None:
    serial = serial_ends(first, second)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self)

    left = interleaved(first, second, place)

    assert left not in serial
