"""Archiving that is interrupted: after every step by a fault, and by kill -9 of a real process at random moments."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid

import pytest

from inventory import reservations
from inventory.models import Reservation
from orders import locks, reading
from orders.archive import partitions
from orders.archiving import copies, mover
from orders.models import ArchivedOrder, Order, OrderLine
from tests.support import invariants
from tests.support.archivable_orders import make_over
from tests.support.realtime_servers import ROOT, database_urls

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

STEPS = [
    (locks, "lock_finished_orders"),
    (partitions, "ensure"),
    (copies, "read"),
    (copies, "write"),
    (copies, "sound"),
    (reservations, "delete_settled"),
    (mover, "_delete"),
]


KILLS = 4


class Killed(BaseException):
    """As if the process had ended here."""


@pytest.mark.parametrize(("module", "step"), STEPS)
def test_a_run_that_ends_after_any_step_is_gone_on_with(
    monkeypatch: pytest.MonkeyPatch, module: object, step: str
) -> None:
    orders = [make_over() for _ in range(3)]
    whole = contents(orders)
    real = getattr(module, step)

    def die(*args: object, **kwargs: object) -> None:
        real(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, step, die)
        with pytest.raises(Killed):
            mover.move()

    assert Order.objects.count() == 3
    assert_whole(whole)
    assert mover.move().moved == 3
    assert_whole(whole)
    assert (Order.objects.count(), ArchivedOrder.objects.count()) == (0, 3)
    invariants.check()


def test_kill_9_at_random_moments_loses_and_doubles_nothing() -> None:
    orders = [make_over(("VASE", 1), ("CUP", 1)) for _ in range(32)]
    whole = contents(orders)

    for _ in range(KILLS):
        before = ArchivedOrder.objects.count()
        process = archive("--batch", "1")
        try:
            eventually_more(before, process)
            time.sleep(random.uniform(0, 0.03))
        finally:
            process.kill()
        assert process.wait() == -signal.SIGKILL
        assert_whole(whole)
    assert Order.objects.exists()  # or the last ones killed nothing

    assert archive().wait() == 0
    assert_whole(whole)
    assert ArchivedOrder.objects.count() == 32
    invariants.check()


def archive(*options: str) -> subprocess.Popen[bytes]:
    """Start the command as an operator would."""
    command = [sys.executable, "manage.py", "archive_orders", *options]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **database_urls()}, stdout=subprocess.DEVNULL)


def eventually_more(before: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the archive grows, or the process has nothing more to do."""
    deadline = time.monotonic() + 60
    while ArchivedOrder.objects.count() == before and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def contents(orders: list[Order]) -> dict[uuid.UUID, str]:
    return copies.read([order.pk for order in orders])


def assert_whole(whole: dict[uuid.UUID, str]) -> None:
    """Each order is there, whole: in the main database, or else as an archived copy; and nothing of it elsewhere."""
    here = copies.read(list(whole))
    archived = {order_id: text for order_id, text in whole.items() if order_id not in here}
    assert here == {order_id: whole[order_id] for order_id in here}
    moments = ArchivedOrder.objects.filter(pk__in=archived).values_list("terminal_at", flat=True)
    if archived:
        assert set(copies.sound(archived, since=min(moments), until=max(moments))) == set(archived)
    assert set(OrderLine.objects.values_list("order_id", flat=True)) == set(here)
    assert set(Reservation.objects.values_list("holder", flat=True)) == {f"order:{order_id}" for order_id in here}
    for order_id in whole:
        assert reading.get_order(order_id).pk == order_id
