"""Every pair of things that can happen to orders, cut into each other at each lock.

One action is stopped before or after it takes a lock; the other then runs until it is done or waits for the first;
then the first goes on. Whatever the cut, what is in the database must be what one after the other would have left.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Now

from inventory import reconciliation, reservations
from inventory.models import StockItem
from orders import caps, expiry, idempotency, lifecycle, locks, payments
from orders.archive import as_order, thawing
from orders.archiving import mover
from orders.checkout import place_order, write_orders
from orders.exceptions import IdempotencyInProgress
from orders.idempotency import Idempotency
from orders.lifecycle import Event
from orders.models import ArchivedOrder, Order, Payment, Refund
from orders.providers import Fetched
from tests.support import invariants, unguarded
from tests.support.factories import make_product, make_request

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "archive"]),
    pytest.mark.timeout(300),
]

WAIT_S = 30
SUCCEEDED, FAILED = Payment.State.SUCCEEDED, Payment.State.FAILED
numbers = count(1)


@dataclass(frozen=True)
class World:
    """A SKU with two units left, and orders of one buyer: an unpaid one past its deadline, a paid one, a lapsed one.

    Nobody may have more than three units. The lapsed order is due for the archive.
    """

    sku: str
    unpaid: Order
    paid: Order
    lapsed: Order

    @property
    def buyer(self) -> str:
        return f"{self.sku.lower()}@example.com"

    def order(self, quantity: int, email: str, *, key: Idempotency | None = None) -> Order:
        return place_order(replace(make_request((self.sku, quantity), placed_from=self.sku), email=email), key=key)

    def begin(self) -> None:
        """Let the unpaid order be overdue, and the lapsed one be over for long."""
        late = timedelta(seconds=settings.PAYMENT_SWEEP_GRACE_S + 60)
        Order.objects.filter(pk=self.unpaid.pk).update(expires_at=F("created_at") - late)
        long_ago = timedelta(days=settings.RETURN_WINDOW_DAYS + 1)
        Order.objects.filter(pk=self.lapsed.pk).update(terminal_at=Now() - long_ago)

    def end(self) -> None:
        """Get out of the way of other worlds, where sweep and archive take all there is."""
        orders = Order.objects.filter(lines__sku=self.sku)
        orders.filter(state="created").update(expires_at=Now() + timedelta(hours=1))
        orders.filter(terminal_at__isnull=False).update(terminal_at=Now())

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


def make_worlds(count: int = 12) -> list[World]:
    """Make several at once, by few statements: most of what these tests do is making worlds."""
    skus = [f"VASE-{next(numbers)}" for _ in range(count)]
    for sku in skus:
        make_product(skus=(sku,), price_minor=8600, stock=4, cap_per_buyer=3)
    guests = [replace(make_request((sku, 1), placed_from=sku), email=f"{sku.lower()}@example.com") for sku in skus]
    requests = [request for request in guests for _ in range(3)]
    with transaction.atomic():
        orders = [order for order in write_orders(requests) if isinstance(order, Order)]
    with transaction.atomic():
        lifecycle.advance(locks.lock_orders([order.pk for order in orders[2::3]]), Event.EXPIRED, actor="system")
    for order in orders[1::3]:
        pay(order)
    return [World(*each) for each in zip(skus, orders[::3], orders[1::3], orders[2::3], strict=True)]


spare: list[World] = []


@pytest.fixture(autouse=True)
def no_worlds_of_another_test() -> None:
    spare.clear()


def next_world(*, is_archived: bool = False) -> World:
    """Return a world that nothing has happened to; where asked for, the lapsed order is in the archive already."""
    if not spare:
        spare.extend(make_worlds())
    world = spare.pop()
    world.begin()
    if is_archived:
        assert mover.move().moved == 1
    return world


ACTIONS: dict[str, Callable[[World], object]] = {
    "place": lambda world: world.order(2, f"stranger{next(numbers)}@example.com"),
    "place with a key": lambda world: world.order(1, world.buyer, key=Idempotency("guest", world.sku, "x")),
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
    "place": ["before cap", "after cap", "after stock"],
    "place with a key": ["before key", "after key", "before cap", "after cap", "after stock"],
    "late success": ["before orders", "after orders", "before cap", "after cap", "after stock"],
    "archive": ["before orders", "after orders"],
}


@dataclass
class Cut:
    """The place where the first action stops, once, until it may go on."""

    place: str = ""
    thread: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    may_go_on: threading.Event = field(default_factory=threading.Event)
    is_met: threading.Event = field(default_factory=threading.Event)
    """Set when the other was told that the first is still at it."""

    def wait(self) -> None:
        """Stand at this cut where a stand-in for a guard meets its rivals (tests/support/unguarded.py)."""
        self.pass_by(self.place)

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
    monkeypatch.setattr(caps, "lock_and_count", around("cap", caps.lock_and_count))
    monkeypatch.setattr(idempotency, "claim", around("key", idempotency.claim))
    monkeypatch.setattr(thawing, "_lock", around("thaw", thawing._lock))


@cache
def one_after_the_other(first: str, second: str, *, is_archived: bool) -> dict[str, Any]:
    world = next_world(is_archived=is_archived)
    answers = [answer(ACTIONS[first], world), answer(ACTIONS[second], world)]
    return left_by(world, answers)


def serial_ends(first: str, second: str, *, is_archived: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is left by one after the other, both ways round, the answers always in the order first, second."""
    forth = one_after_the_other(first, second, is_archived=is_archived)
    back = one_after_the_other(second, first, is_archived=is_archived)
    return forth, {**back, "answers": back["answers"][::-1]}


@pytest.fixture(scope="module")
def hands() -> Iterator[ThreadPoolExecutor]:
    """Two threads that keep their connections."""
    with ThreadPoolExecutor(max_workers=2, initializer=name_connection) as pool:
        yield pool
        both = threading.Barrier(2, timeout=WAIT_S)
        for _ in range(2):
            pool.submit(close_connections, both)


def close_connections(both: threading.Barrier) -> None:
    both.wait()
    connections.close_all()


def name_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET application_name = 'interleaved'")


def interleaved(
    hands: ThreadPoolExecutor, first: str, second: str, place: str, *, is_archived: bool = False
) -> dict[str, Any]:
    """Return what is left when `second` runs while `first` stands at the cut."""
    global cut
    world = next_world(is_archived=is_archived)
    cut = Cut(place)
    one = hands.submit(in_thread, ACTIONS[first], world, cut)
    while not cut.reached.is_set() and not one.done():
        time.sleep(0.001)
    assert not one.done(), f"{first} never comes {place}"
    other = hands.submit(answer, ACTIONS[second], world)
    wait_until_done_or_blocked(other)
    cut.may_go_on.set()
    return left_by(world, [one.result(WAIT_S), other.result(WAIT_S)])


def in_thread(action: Callable[[World], object], world: World, stop_at: Cut) -> str:
    stop_at.thread = threading.get_ident()
    return answer(action, world)


def answer(action: Callable[[World], object], world: World) -> str:
    """Do it, and return how it was refused: nothing if it wasn't. Told that the key is in use, come again later."""
    try:
        action(world)
    except IdempotencyInProgress:
        cut.is_met.set()
        assert cut.may_go_on.wait(WAIT_S)
        time.sleep(0.002)
        return answer(action, world)
    except Exception as error:
        return type(error).__name__
    return ""


def wait_until_done_or_blocked(future: "Future[str]") -> None:
    deadline = time.monotonic() + WAIT_S
    while not future.done() and not cut.is_met.is_set():
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
    world.end()
    return left


@pytest.mark.parametrize("first", ACTIONS)
def test_any_two_cut_into_each_other_end_as_one_after_the_other(hands: ThreadPoolExecutor, first: str) -> None:
    for second in ACTIONS:
        forth, back = serial_ends(first, second)
        assert forth["drifts"] == back["drifts"] == []
        for place in CUTS[first]:
            left = interleaved(hands, first, second, place)
            assert left in (forth, back), f"{second} while {first} stands {place}"
    invariants.check()


def test_anything_cut_into_a_success_that_brings_its_order_back_ends_so_too(hands: ThreadPoolExecutor) -> None:
    for second in ACTIONS:
        forth, back = serial_ends("late success", second, is_archived=True)
        assert forth["drifts"] == back["drifts"] == []
        for place in ["before thaw", "after thaw"]:
            left = interleaved(hands, "late success", second, place, is_archived=True)
            assert left in (forth, back), f"{second} while late success stands {place}"
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
    hands: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, first: str, second: str, place: str
) -> None:
    serial = serial_ends(first, second)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self)

    left = interleaved(hands, first, second, place)

    assert left not in serial


class AtTheCut:
    """Where stand-ins for guards meet: the first stands at the cut between looking and acting."""

    def wait(self) -> None:
        cut.wait()


def test_control_without_the_caps_lock_a_buyer_has_four(
    hands: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = "place with a key", "late success"
    serial = serial_ends(first, second)
    unguarded.without_cap_lock(monkeypatch, AtTheCut())

    left = interleaved(hands, first, second, "between")

    assert left not in serial
    assert (left["answers"], left["held"] + left["committed"]) == (["", ""], 4)


def test_control_without_the_keys_claim_the_same_request_is_another(
    hands: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = second = "place with a key"
    serial = serial_ends(first, second)
    unguarded.without_key_claim(monkeypatch, AtTheCut())

    left = interleaved(hands, first, second, "between")

    assert left not in serial
    assert left["answers"] == ["OverCap", ""]


def test_control_without_the_thaws_lock_an_order_is_brought_back_twice(
    hands: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = second = "late success"
    serial = serial_ends(first, second, is_archived=True)
    make = as_order.make

    def make_at_the_cut(archived: ArchivedOrder) -> Order:
        cut.wait()
        return make(archived)

    monkeypatch.setattr(thawing, "_lock", lambda order_id: None)
    monkeypatch.setattr(as_order, "make", make_at_the_cut)

    left = interleaved(hands, first, second, "between", is_archived=True)

    assert left not in serial
    assert left["answers"] == ["IntegrityError", ""]
