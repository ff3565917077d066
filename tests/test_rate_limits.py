"""Token buckets: shared by processes, refilled by Redis's clock, and no obstacle when Redis is away."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop import redis_pool
from shop.http import rate_limits
from shop.http.rate_limits import Bucket


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis that nobody listens at."""
    nowhere = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    script = nowhere.register_script(rate_limits.TAKE_LUA)
    monkeypatch.setattr(rate_limits, "_script", lambda: script)


def test_a_full_bucket_gives_its_capacity_and_then_says_when_to_come_back() -> None:
    answers = [rate_limits.take("t:burst", capacity=3, refill_per_s=0.5) for _ in range(4)]

    assert answers[:3] == [0, 0, 0]
    assert 1500 < answers[3] <= 2000


def test_a_refusal_takes_nothing() -> None:
    rate_limits.take("t:refusal", capacity=2, refill_per_s=0.01)

    assert rate_limits.take("t:refusal", capacity=2, refill_per_s=0.01, cost=2) > 0
    assert rate_limits.take("t:refusal", capacity=2, refill_per_s=0.01) == 0


def test_waiting_as_long_as_it_said_is_enough() -> None:
    rate_limits.take("t:wait", capacity=1, refill_per_s=20)
    retry_ms = rate_limits.take("t:wait", capacity=1, refill_per_s=20)
    assert 0 < retry_ms <= 50

    time.sleep((retry_ms + 1) / 1000)

    assert rate_limits.take("t:wait", capacity=1, refill_per_s=20) == 0


def test_how_long_it_takes_can_be_asked_and_costs_nothing() -> None:
    bucket = Bucket("t:asked", capacity=1, refill_per_s=0.1)
    assert rate_limits.wait_ms(bucket) == 0
    assert rate_limits.take_all(bucket) == 0

    waits = [rate_limits.wait_ms(bucket) for _ in range(3)]

    assert all(9_000 < wait <= 10_000 for wait in waits)
    assert abs(waits[-1] - rate_limits.take_all(bucket)) < 1000


def test_buckets_are_apart() -> None:
    assert rate_limits.take("t:one", capacity=1, refill_per_s=0.01) == 0
    assert rate_limits.take("t:two", capacity=1, refill_per_s=0.01) == 0


def test_of_several_buckets_all_give_or_none() -> None:
    full, empty = Bucket("t:full", capacity=1, refill_per_s=0.01), Bucket("t:empty", capacity=1, refill_per_s=0.1)
    rate_limits.take_all(empty)

    assert 9_000 < rate_limits.take_all(full, empty) <= 10_000
    assert rate_limits.take_all(full) == 0
    assert rate_limits.take_all(full, empty) > 99_000, "the longest wait is told"


def test_many_at_once_never_share_a_token() -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: rate_limits.take("t:race", capacity=10, refill_per_s=0.001), range(60)))

    assert answers.count(0) == 10


def test_a_bucket_nobody_uses_is_forgotten() -> None:
    rate_limits.take("t:idle", capacity=2, refill_per_s=1)

    assert 0 < redis_pool.client().pttl("showfloor:bucket:t:idle") <= 3000


@pytest.mark.usefixtures("away")
def test_redis_away_allows_and_logs(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        answers = [rate_limits.take("t:away", capacity=1, refill_per_s=0.01) for _ in range(3)]

    assert answers == [0, 0, 0]
    assert caplog.text.count("rate limit of t:away not checked") == 3


@pytest.mark.parametrize(("capacity", "refill", "cost"), [(1, 1, 2), (1, 0, 1), (1, 1, 0)])
def test_a_bucket_that_could_never_give_is_a_mistake(capacity: float, refill: float, cost: float) -> None:
    with pytest.raises(ValueError, match="a bucket of"):
        rate_limits.take("t:never", capacity=capacity, refill_per_s=refill, cost=cost)
