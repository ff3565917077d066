"""A payment provider that answers nobody: buyers are told soon, and pages go on."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests
from django.core.cache import cache
from django.db import connections

from orders import access
from orders.checkout import place_order
from orders.exceptions import ProviderSilent
from orders.models import Order
from orders.providers import circuit_breaker
from tests.support import web_servers
from tests.support.factories import make_product, make_request
from tests.support.realtime_servers import eventually
from tests.support.stripe_stand_ins import Answers, prepared_answers

BUYERS = 48


@pytest.fixture
def waiting() -> Iterator[threading.Event]:
    """As many callers as may wait for a provider, waiting until the event is set."""
    begun, over = threading.Barrier(circuit_breaker.ASKING_MAX + 1, timeout=30), threading.Event()

    def call() -> None:
        with circuit_breaker.answering("slow"):
            begun.wait()
            over.wait(30)

    with ThreadPoolExecutor(circuit_breaker.ASKING_MAX) as callers:
        for _ in range(circuit_breaker.ASKING_MAX):
            callers.submit(call)
        begun.wait()
        yield over
        over.set()


def test_only_so_many_wait_and_the_next_is_told_soon(waiting: threading.Event) -> None:
    with pytest.raises(ProviderSilent, match="slow has not answered 8 others yet"), circuit_breaker.answering("slow"):
        raise AssertionError("the call was made")
    assert cache.get(circuit_breaker.keys("slow")[0]) is None  # being busy is not being silent

    waiting.set()
    eventually(lambda: circuit_breaker._turns._value == circuit_breaker.ASKING_MAX, within_s=10)  # type: ignore[attr-defined]
    with circuit_breaker.answering("slow"):
        pass


def test_without_the_bound_the_next_call_would_wait_as_well(
    waiting: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_breaker, "_turns", threading.BoundedSemaphore(64))

    with circuit_breaker.answering("slow"):
        pass


@pytest.mark.django_db(transaction=True)
def test_pages_go_on_while_a_provider_hangs_and_everybody_goes_to_pay() -> None:
    make_product(skus=("VASE",), stock=BUYERS)
    orders = [place_order(make_request(("VASE", 1))) for _ in range(BUYERS)]
    with prepared_answers() as answers, hanging_shop(answers) as site, ThreadPoolExecutor(BUYERS) as buyers:
        paying = [buyers.submit(go_to_pay, site, order) for order in orders]
        eventually(lambda: answers.asked, within_s=30)

        pages = [requests.get(f"{site}/shop/", timeout=30).status_code for _ in range(10)]

        assert pages == [200] * 10
        answers.is_over.set()
        statuses = [buyer.result() for buyer in paying]
    connections.close_all()
    assert set(statuses) == {503}
    assert len(answers.asked) <= circuit_breaker.ASKING_MAX * 2


@contextmanager
def hanging_shop(answers: Answers) -> Iterator[str]:
    """A web process whose Stripe takes every call and answers none."""
    answers.say("POST /v1/payment_intents", None)
    stripe = {
        "DEBUG": "1",  # no static files were collected
        "PAYMENT_PROVIDER": "stripe",
        "STRIPE_API_BASE": answers.url,
        "STRIPE_SECRET_KEY": "none",
        "STRIPE_WEBHOOK_SECRET": "none",
    }
    with web_servers.running(count=1, **stripe) as [site]:
        yield site


def go_to_pay(site: str, order: Order) -> int:
    address = f"{site}/orders/{order.id}/pay/"
    return requests.get(address, params={"access": access.token(order)}, timeout=60).status_code
