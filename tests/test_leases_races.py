"""A thousand calls for one person's leases. The control reads first and writes then, and must go wrong."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
import requests

from shop import redis_pool
from streams import leases, playback
from streams.exceptions import TooManyStreams
from streams.leases import Device, Granted
from tests.support import web_servers
from tests.support.api_client import Caller
from tests.support.factories import make_session, make_user

CALLS = 1000
AT_ONCE = 50
BARRIER_TIMEOUT_S = 30


def rush(call: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(call, range(CALLS)))


def take(number: int) -> Granted | None:
    try:
        return leases.take("user:a", Device(f"device-{number}", "One of many"), session="kiln", title="Kiln")
    except TooManyStreams:
        return None


def test_control_reading_before_writing_a_rush_passes_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = threading.Barrier(AT_ONCE, timeout=BARRIER_TIMEOUT_S)

    def in_two_steps(deed: str, tag: str, asked: dict[str, Any]) -> dict[str, Any]:
        client, key = redis_pool.client(), f"showfloor:leases:{tag}"
        count = client.hlen(key)
        barrier.wait()
        if count >= asked["most"]:
            return {"active": []}
        client.hset(key, asked["new"]["lease"], orjson.dumps(asked["new"]))
        return {"lease": asked["new"]["lease"], "current": count + 1}

    monkeypatch.setattr(leases, "_do", in_two_steps)

    granted = [one for one in rush(take) if one]

    assert len(granted) > 3


def test_a_thousand_calls_never_pass_the_limit() -> None:
    granted = [one for one in rush(take) if one]

    assert sorted(one.current for one in granted) == [1, 2, 3]
    assert {one.lease for one in leases.list_active("user:a")} == {one.lease for one in granted}


def test_a_thousand_calls_of_one_device_hold_one_lease() -> None:
    def call(_: int) -> Granted:
        return leases.take("user:a", Device("tv", "The one"), session="kiln", title="Kiln")

    assert len(set(rush(call))) == 1
    assert len(leases.list_active("user:a")) == 1


def test_taking_over_by_many_at_once_never_passes_the_limit() -> None:
    first = [take(number) for number in range(3)]
    theirs = tuple(one.lease for one in first if one)

    def call(number: int) -> int:
        try:
            device = Device(f"other-{number}", "Another")
            leases.take("user:a", device, session="kiln", title="Kiln", take_over=theirs[:1])
        except TooManyStreams:
            return 0
        assert len(leases.list_active("user:a")) <= 3
        return 1

    assert sum(rush(call)) == 1
    assert len(leases.list_active("user:a")) == 3


@pytest.fixture(scope="module")
def sites(django_db_setup: None) -> Iterator[list[str]]:
    with web_servers.running(count=2) as addresses:
        yield addresses


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_thousand_calls_to_two_processes_never_pass_the_limit(sites: list[str]) -> None:
    show = make_session("kiln")
    folder = playback.folder(show.pk)
    folder.mkdir(parents=True)
    (folder / playback.LIVE_PLAYLIST).touch()
    headers = Caller(make_user()).headers
    sessions = threading.local()

    def call(number: int) -> int:
        if not hasattr(sessions, "one"):
            sessions.one = requests.Session()
        wish = {"session": "kiln", "device_id": f"device-{number}", "device_name": "One of many"}
        address = f"{sites[number % 2]}/api/v1/playback/leases"
        return int(sessions.one.post(address, json=wish, headers=headers, timeout=30).status_code)

    statuses = rush(call)

    assert (statuses.count(201), statuses.count(429)) == (3, CALLS - 3)
