"""Rushes for one user's streams. The control decides by what it saw before it waited, and must go wrong."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle

import pytest
import requests

from streams import stream_limit
from streams.models import StreamHolder
from streams.stream_limit import Subscription
from tests.support import web_servers
from tests.support.concurrency import together

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CALLS = 1000
PATIENCE_S = 60
# The same statement, but what it saw decides alone, and everybody sees before anybody writes.
WITHOUT_GUARD = stream_limit.TAKE.replace(stream_limit.GUARD, "").replace(
    "FROM streams_streamholder WHERE", "FROM streams_streamholder CROSS JOIN LATERAL pg_sleep(0.3) WHERE"
)


def take(number: int, *, user: str = "u1") -> bool:
    return stream_limit.take(Subscription(user, f"v{number}"), most=3)


def held(user: str = "u1") -> list[str]:
    row = StreamHolder.objects.filter(pk=user.encode()).first()
    return [bytes(stream).decode() for stream in row.stream_ids] if row else []


def test_control_counting_before_the_wait_a_rush_passes_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pg_sleep" in WITHOUT_GUARD
    take(0)
    monkeypatch.setattr(stream_limit, "TAKE", WITHOUT_GUARD)

    outcomes = together([partial(take, number) for number in range(1, 21)])

    assert outcomes.count(True) > 2
    assert len(held()) > 3


def test_a_rush_of_one_user_stops_at_the_limit() -> None:
    outcomes = together([partial(take, number) for number in range(50)])

    assert Counter(outcomes) == {True: 3, False: 47}
    assert len(set(held())) == 3


def test_a_rush_for_one_stream_holds_it_once() -> None:
    outcomes = together([partial(take, 1) for _ in range(50)])

    assert Counter(outcomes) == {True: 50}
    assert held() == ["v1"]


def test_giving_back_in_between_never_passes_the_limit_and_loses_no_stream() -> None:
    def swap(number: int) -> bool:
        was_taken = take(number)
        if was_taken:
            assert len(held()) <= 3
            stream_limit.give_back(Subscription("u1", f"v{number}"))
        return was_taken

    outcomes = together([partial(swap, number) for number in range(40)])

    assert Counter(type(outcome) for outcome in outcomes) == {bool: 40}
    assert held() == []
    assert take(1)
    assert held() == ["v1"]


@pytest.fixture(scope="module")
def sites(django_db_setup: None) -> Iterator[list[str]]:
    with web_servers.running(count=2) as addresses:
        yield addresses


def test_a_thousand_calls_to_two_processes_hold_three_streams(sites: list[str]) -> None:
    def call(number: int, site: str) -> int:
        """Ask, and ask again when told that the database did not answer in time."""
        wish = {"userId": f"u{number % 2}", "videoStreamId": f"v{number}"}
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = requests.post(f"{site}/video-streams/subscription", json=wish, timeout=30)
            if answer.status_code != 503 or time.monotonic() > deadline:
                return answer.status_code
            time.sleep(float(answer.headers["Retry-After"]))

    with ThreadPoolExecutor(64) as pool:
        statuses = list(pool.map(call, range(CALLS), cycle([sites[0], sites[0], sites[1], sites[1]])))

    assert Counter(statuses) == {200: 6, 429: CALLS - 6}
    assert (len(held("u0")), len(held("u1"))) == (3, 3)
