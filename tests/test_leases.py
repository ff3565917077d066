"""Playback leases: how many streams one person may watch, on which devices, and what becomes of them."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop import redis_pool
from streams import leases
from streams.exceptions import LeaseLost, LeasesUnknown, TooManyStreams
from streams.leases import Device, Granted
from tests.support.realtime_servers import eventually


def take(device: str, *, person: str = "user:a", session: str = "kiln", take_over: tuple[str, ...] = ()) -> Granted:
    device_of = Device(device, f"{device.title()} of mine")
    return leases.take(person, device_of, session=session, title=session.title(), take_over=take_over)


def beat(lease: str) -> str:
    """Return why a lease is lost, or "kept"."""
    try:
        leases.beat(lease)
    except LeaseLost as lost:
        return lost.reason
    return "kept"


def playing(person: str = "user:a") -> set[str]:
    return {one.device_name.split()[0].lower() for one in leases.list_active(person)}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let leases last a moment only."""
    return lambda seconds: monkeypatch.setattr(leases, "EXPIRES_S", seconds)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis that nobody listens at."""
    nowhere = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    script = nowhere.register_script(leases.LUA)
    monkeypatch.setattr(leases, "_script", lambda: script)


def test_three_devices_play_and_a_fourth_hears_which() -> None:
    before = datetime.now(UTC)
    granted = [take(device) for device in ("tv", "phone", "laptop")]

    with pytest.raises(TooManyStreams) as refused:
        take("tablet", session="lamps")

    assert [one.current for one in granted] == [1, 2, 3]
    active = refused.value.active
    assert {one.lease: one.device_name for one in active} == {
        granted[0].lease: "Tv of mine",
        granted[1].lease: "Phone of mine",
        granted[2].lease: "Laptop of mine",
    }
    assert list(active) == sorted(active, key=lambda one: one.started_at)
    assert {(one.session, one.title) for one in active} == {("kiln", "Kiln")}
    assert all(abs(one.started_at - before) < timedelta(seconds=10) for one in active)
    assert set(leases.list_active("user:a")) == set(active)
    assert [beat(one.lease) for one in granted] == ["kept", "kept", "kept"]


def test_somebody_else_has_a_limit_of_their_own() -> None:
    for device in ("tv", "phone", "laptop"):
        take(device)

    assert take("tv", person="user:b").current == 1
    assert playing("user:b") == {"tv"}


def test_a_reload_keeps_the_lease_and_counts_once() -> None:
    for device in ("tv", "phone"):
        take(device)
    before = take("laptop")
    [began] = [one.started_at for one in leases.list_active("user:a") if one.lease == before.lease]

    after = take("laptop")

    assert after == before
    assert [one.started_at for one in leases.list_active("user:a") if one.lease == before.lease] == [began]


def test_another_show_on_the_same_device_replaces_the_first() -> None:
    first = take("tv", session="kiln")

    assert take("tv", session="lamps").lease == first.lease
    assert [one.session for one in leases.list_active("user:a")] == ["lamps"]


def test_a_lease_given_back_makes_room() -> None:
    granted = [take(device) for device in ("tv", "phone", "laptop")]

    leases.give_back(granted[1].lease)
    leases.give_back(granted[1].lease)

    assert beat(granted[1].lease) == "expired"
    assert take("tablet").current == 3
    assert playing() == {"tv", "laptop", "tablet"}


def test_a_device_takes_over_from_another_which_hears_of_it() -> None:
    granted = [take(device) for device in ("tv", "phone", "laptop")]

    taken = take("tablet", take_over=(granted[0].lease,))

    assert taken.current == 3
    assert playing() == {"phone", "laptop", "tablet"}
    with pytest.raises(LeaseLost) as lost:
        leases.beat(granted[0].lease)
    assert lost.value == LeaseLost("taken_over", by=taken.lease, by_name="Tablet of mine")
    # it hears so again and again, and giving back what is lost changes nothing
    leases.give_back(granted[0].lease)
    assert beat(granted[0].lease) == "taken_over"
    assert [beat(one.lease) for one in (*granted[1:], taken)] == ["kept", "kept", "kept"]


def test_a_device_that_was_stopped_may_take_it_back() -> None:
    granted = [take(device) for device in ("tv", "phone", "laptop")]
    taken = take("tablet", take_over=(granted[0].lease,))

    back = take("tv", take_over=(taken.lease,))

    assert back.lease != granted[0].lease
    assert playing() == {"phone", "laptop", "tv"}
    assert beat(taken.lease) == "taken_over"


def test_taking_over_too_few_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    granted = [take(device) for device in ("tv", "phone", "laptop")]
    monkeypatch.setattr(settings, "MAX_CONCURRENT_STREAMS", 2)  # the operator has lowered it

    with pytest.raises(TooManyStreams):
        take("tablet", take_over=(granted[0].lease,))

    assert [beat(one.lease) for one in granted] == ["kept", "kept", "kept"]
    assert take("tablet", take_over=(granted[0].lease, granted[1].lease)).current == 2


def test_nobody_takes_over_what_others_watch() -> None:
    theirs = take("tv", person="user:b")
    for device in ("tv", "phone", "laptop"):
        take(device)

    with pytest.raises(TooManyStreams):
        take("tablet", take_over=(theirs.lease, "nonsense"))
    leases.stop("user:a", theirs.lease)

    assert beat(theirs.lease) == "kept"


def test_stopped_from_a_page_a_device_hears_so() -> None:
    granted = take("tv")

    leases.stop("user:a", granted.lease)

    with pytest.raises(LeaseLost) as lost:
        leases.beat(granted.lease)
    assert lost.value == LeaseLost("taken_over")
    assert playing() == set()


def test_a_device_that_says_nothing_is_forgotten(quick: Callable[[float], None]) -> None:
    quick(0.2)
    granted = take("tv")
    [began] = leases.list_active("user:a")

    eventually(lambda: playing() == set())

    assert beat(granted.lease) == "expired"
    assert datetime.now(UTC) - began.started_at >= timedelta(seconds=0.2)
    assert redis_pool.client().keys("showfloor:leases:*") == []


def test_a_device_that_beats_is_kept(quick: Callable[[float], None]) -> None:
    quick(0.5)
    steady, silent = take("tv"), take("phone")

    eventually(lambda: beat(steady.lease) == "kept" and playing() == {"tv"})

    assert beat(silent.lease) == "expired"


@pytest.mark.parametrize("lease", ["", "x", "a" * 33, "kiln.", "../../../../etc/passw.d-0123456789abcd", "ä" * 33])
def test_a_word_that_is_no_lease_has_expired(lease: str) -> None:
    assert beat(lease) == "expired"
    leases.give_back(lease)
    assert redis_pool.client().keys("*") == []


def test_taking_over_for_ever_fills_nothing() -> None:
    lease = take("device-0").lease
    for number in range(1, 3 * leases.TOLD_MAX):
        lease = take(f"device-{number}", take_over=(lease,)).lease

    [key] = redis_pool.client().keys("showfloor:leases:*")
    assert redis_pool.client().hlen(key) <= leases.TOLD_MAX + 2
    assert len(playing()) == 1


def test_nothing_in_redis_names_the_person() -> None:
    take("tv", person="user:7f1c")

    [key] = redis_pool.client().keys("*")
    assert b"7f1c" not in key
    assert not any(b"7f1c" in value for value in redis_pool.client().hvals(key))


@pytest.mark.usefixtures("away")
def test_without_redis_everybody_may_watch_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        granted = [take(f"device-{number}") for number in range(5)]
        assert [beat(one.lease) for one in granted] == ["kept"] * 5
        leases.give_back(granted[0].lease)

    assert len({one.lease for one in granted}) == 5
    assert caplog.text.count("a stream is not counted, Redis is away") == 10
    assert "a stream was not given back, Redis is away" in caplog.text
    with pytest.raises(LeasesUnknown):
        leases.list_active("user:a")
    with pytest.raises(LeasesUnknown):
        leases.stop("user:a", granted[0].lease)


@pytest.mark.usefixtures("away")
def test_a_lease_from_while_redis_was_away_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    granted = take("tv")
    monkeypatch.undo()  # Redis is back, and knows of nothing

    assert beat(granted.lease) == "expired"
    assert take("tv").current == 1
