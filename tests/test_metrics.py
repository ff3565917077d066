"""How a show plays at its viewers: what players may tell, and what their host sees of it."""

import logging
from typing import Any

import pytest
import redis
from django.test import Client
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop import redis_pool
from streams import metrics
from streams.api import metrics as api
from streams.metrics import Report, Spread, Watching
from streams.models import StreamSession
from tests.support.api_client import Caller
from tests.support.factories import make_session, make_user
from tests.support.markup import flat

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> StreamSession:
    return make_session("kiln", host=make_user(is_host=True))


def tell(**report: object) -> Any:
    return Caller().post("playback/metrics", {"session": "kiln", **report})


def test_reports_are_summed(show: StreamSession) -> None:
    assert metrics.read(show.pk) == Watching()

    first = tell(startup_ms=800, latency_ms=3000, stalls=0, stalled_ms=0, watched_ms=50_000)
    assert (first.status_code, first.content) == (204, b"")
    assert tell(latency_ms=5000, stalls=2, stalled_ms=1000, watched_ms=49_000).status_code == 204

    seen = metrics.read(show.pk)
    assert (seen.viewings, seen.stalls, seen.stalled_percent) == (1, 2, 1.0)
    assert seen.startup.p50_ms == pytest.approx(800, rel=0.08)
    assert seen.startup.p50_ms == seen.startup.p95_ms
    assert seen.latency.p50_ms == pytest.approx(3000, rel=0.08)
    assert seen.latency.p95_ms == pytest.approx(5000, rel=0.08)


def test_the_middle_and_the_slowest_of_a_hundred(show: StreamSession) -> None:
    for number in range(1, 101):
        metrics.note(show.pk, Report(startup_ms=100 * number))

    startup = metrics.read(show.pk).startup

    assert startup.p50_ms == pytest.approx(5000, rel=0.08)
    assert startup.p95_ms == pytest.approx(9500, rel=0.08)


@pytest.mark.parametrize(("value_ms", "told_ms"), [(0, 0), (19, 0), (20, 21), (600_000, 600_000)])
def test_the_ends_of_the_scale(show: StreamSession, value_ms: int, told_ms: int) -> None:
    metrics.note(show.pk, Report(startup_ms=value_ms))

    assert metrics.read(show.pk).startup.p50_ms == pytest.approx(told_ms, rel=0.08)


def test_what_is_kept_is_bounded_and_forgotten(show: StreamSession) -> None:
    for value_ms in range(0, 600_000, 500):
        metrics.note(show.pk, Report(startup_ms=value_ms, latency_ms=value_ms, stalls=1))

    key = f"showfloor:watching:{show.pk}"
    assert redis_pool.client().hlen(key) < 200
    assert 0 < redis_pool.client().ttl(key) <= metrics.KEPT_FOR_S


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"session": ""}, "session"),
        ({"startup_ms": -1}, "startup_ms"),
        ({"startup_ms": "soon"}, "startup_ms"),
        ({"startup_ms": 600_001}, "startup_ms"),
        ({"latency_ms": 1e300}, "latency_ms"),
        ({"stalls": 1001}, "stalls"),
        ({"stalls": None}, "stalls"),
        ({"stalled_ms": [1]}, "stalled_ms"),
        ({"watched_ms": 600_001}, "watched_ms"),
    ],
)
def test_what_is_wrong_is_named_and_not_counted(show: StreamSession, wrong: dict[str, Any], field: str) -> None:
    answer = tell(**wrong)

    assert (answer.status_code, answer.json()["code"], list(answer.json()["errors"])) == (400, "invalid", [field])
    assert metrics.read(show.pk) == Watching()


def test_only_of_shows_that_viewers_may_watch() -> None:
    for state, status in [("scheduled", 404), ("rehearsal", 404), ("live", 204), ("interrupted", 204), ("ended", 204)]:
        make_session(state, state=state)
        assert tell(session=state, stalls=1).status_code == status
    assert tell(session="nope").status_code == 404
    assert len(redis_pool.client().keys("showfloor:watching:*")) == 3


@pytest.mark.usefixtures("show")
def test_a_report_beyond_measure_is_refused() -> None:
    answer = tell(more="x" * 3000)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_long")


@pytest.mark.usefixtures("show")
def test_a_network_tells_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "NETWORK_BURST", 2)
    monkeypatch.setattr(api, "NETWORK_PER_S", 0.1)

    answers = [tell(stalls=1) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [204, 204, 429]
    assert answers[2].json()["code"] == "rate_limited"
    assert 1 <= int(answers[2]["Retry-After"]) <= 10


def test_the_host_alone_sees_it(show: StreamSession) -> None:
    metrics.note(show.pk, Report(startup_ms=800, stalls=1))

    figures = Caller(show.host).get("host/sessions/kiln/figures").json()

    assert figures["watching"] == {
        "viewings": 1,
        "startup": {"p50_ms": 812, "p95_ms": 812},
        "latency": {"p50_ms": None, "p95_ms": None},
        "stalls": 1,
        "stalled_percent": 0.0,
    }
    assert "watching" not in Caller().get("sessions/kiln").json()


def test_the_studio_shows_it(show: StreamSession) -> None:
    studio = Client()
    studio.force_login(show.host)

    def part() -> str:
        return studio.get("/host/shows/kiln/").content.decode().split('data-part="plays"')[1].split("</dl>")[0]

    assert part().partition(">")[0].endswith(" hidden")
    metrics.note(show.pk, Report(startup_ms=800, latency_ms=3400, stalls=2, stalled_ms=100, watched_ms=9900))

    assert not part().partition(">")[0].endswith(" hidden")
    for words in ("0.8 s", "95 % within 0.8 s", "3.3 s", "1.0 %", "stalls 2, viewings 1"):
        assert f">{words}<" in flat(part())


def test_without_redis_nothing_is_counted_and_the_log_says_so(
    show: StreamSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(redis_pool, "client", lambda: nowhere)

    with caplog.at_level(logging.WARNING):
        metrics.note(show.pk, Report(startup_ms=800))
        assert metrics.read(show.pk) == Watching(startup=Spread(), latency=Spread())

    assert caplog.text.count("Redis is away") == 2
