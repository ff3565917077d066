"""Idempotency keys are kept for 48 hours, then forgotten and free for use."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from orders import idempotency, tasks
from orders.checkout import place_order
from orders.exceptions import IdempotencyMismatch
from orders.idempotency import Idempotency
from orders.models import IdempotencyKey, Order
from tests.support.factories import make_product, make_request

pytestmark = pytest.mark.django_db

KEY = "0123456789abcdef"


@pytest.fixture(autouse=True)
def vases() -> None:
    make_product(skus=("VASE",), stock=50)


def place(key: str = KEY, *, scope: str = "guest", body: str = "x") -> Order:
    return place_order(make_request(("VASE", 1)), key=Idempotency(scope, key, body))


def make_old(hours: float) -> None:
    IdempotencyKey.objects.update(created_at=Now() - timedelta(hours=hours))


def test_within_48_hours_the_same_request_is_the_same_order() -> None:
    first = place()
    make_old(47.9)

    assert place() == first
    with pytest.raises(IdempotencyMismatch):
        place(body="y")
    assert Order.objects.count() == 1


def test_after_48_hours_the_key_is_free_even_before_it_was_deleted() -> None:
    first = place()
    make_old(48.1)

    assert place(body="y") != first
    assert place(body="y") != first
    assert (Order.objects.count(), IdempotencyKey.objects.count()) == (2, 1)


def test_one_key_in_two_scopes_is_two_keys() -> None:
    assert place(scope="guest") != place(scope="user:1") != place(scope="user:2")
    assert Order.objects.count() == 3


def test_old_keys_are_forgotten_batch_by_batch_and_orders_stay() -> None:
    for number in range(5):
        place(f"{KEY}{number}")
    make_old(49)
    place(f"{KEY}-young")

    assert idempotency.forget(limit=3) == 3
    assert idempotency.forget(limit=3) == 2
    assert idempotency.forget(limit=3) == 0

    assert IdempotencyKey.objects.get().key == f"{KEY}-young"
    assert Order.objects.count() == 6


def test_the_job_forgets_all_that_is_old() -> None:
    place()
    make_old(49)

    tasks.forget_idempotency_keys()

    assert not IdempotencyKey.objects.exists()
