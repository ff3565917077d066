"""Presence at two realtime processes: who is one viewer, what counts as watched, what outlives a process or Redis."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings

from realtime import topic_log, viewer_counts
from shop import redis_pool
from shop.models import User
from streams import audience, figures, shows
from streams.models import StreamSession
from tests.support.factories import make_session, make_user
from tests.support.realtime_servers import Client, Server, Stream, eventually, our_origin, running, ticket_of

KINDS = ("daphne", "uvicorn")

pytestmark = pytest.mark.keeps_redis


@pytest.fixture(scope="module")
def both(servers: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Server]]:
    with django_db_blocker.unblock(), running(*KINDS) as started:
        yield started


@pytest.fixture
def show(transactional_db: None) -> StreamSession:
    return make_session(f"show-{secrets.token_hex(3)}")


@pytest.fixture
def hall(show: StreamSession) -> Iterator["Hall"]:
    with ExitStack() as stack:
        yield Hall(show, stack)


@dataclass
class Hall:
    """A show, and who sits in it."""

    show: StreamSession
    stack: ExitStack

    def seat(
        self,
        server: Server,
        user: User | None = None,
        *,
        browser: str = "",
        stack: ExitStack | None = None,
        **more: Any,
    ) -> Client:
        """Have somebody come: a person, a guest's browser, or a client without cookies."""
        path = f"/ws/sessions/{self.show.slug}/"
        client = (stack or self.stack).enter_context(Client(server, path, headers=cookie(browser)))
        client.hello(**({"ticket": ticket_of(user)} if user else {}), **more)
        return client

    def stream(self, server: Server, *, browser: str = "", query: str = "") -> Stream:
        """Have a guest come over a stream of events."""
        path = f"/sse/sessions/{self.show.slug}/{query}"
        stream = self.stack.enter_context(Stream(server, path, Origin=our_origin(), **cookie(browser)))
        stream.wait_for("snapshot")
        return stream

    @property
    def viewers(self) -> int:
        return figures.viewers([self.show.slug]).get(self.show.slug, 0)

    @property
    def uniques(self) -> int:
        count = viewer_counts.audiences([self.show.slug]).get(self.show.slug)
        return count.unique_viewers if count else 0

    def wait_for(self, *, viewers: int, uniques: int) -> None:
        """Wait until so many sockets watch, of so many people so far."""
        with suppress(AssertionError):
            eventually(lambda: (self.viewers, self.uniques) == (viewers, uniques))
        assert (self.viewers, self.uniques) == (viewers, uniques)

    def clock(self) -> tuple[int, dict[str, int]]:
        """Return what was watched so far, and up to when each process told it, at one instant."""
        pipeline = redis_pool.patient_client().pipeline(transaction=True)
        pipeline.hget(f"{topic_log.CHANNELS}session:{self.show.slug}:audience", "watched_ms")
        pipeline.hgetall(f"{topic_log.CHANNELS}session:{self.show.slug}:presence")
        watched_ms, spoke = pipeline.execute()
        return int(watched_ms or 0), {process.decode(): int(entry.split()[1]) for process, entry in spoke.items()}

    def let_beat(self, times: int = 1) -> None:
        """Wait until every process that serves the show has told Redis, again."""
        eventually(lambda: self.clock()[1])
        for _ in range(times):
            before = self.clock()[1]
            eventually(lambda before=before: all(at > before[name] for name, at in self.clock()[1].items()))


def cookie(browser: str) -> dict[str, str]:
    return {"Cookie": f"{settings.CSRF_COOKIE_NAME}={browser}"} if browser else {}


def test_each_person_is_one_viewer_wherever_and_however_often_they_come(both: list[Server], hall: Hall) -> None:
    ana, bo = make_user(), make_user()
    with ExitStack() as leaving:
        for server in both:
            hall.seat(server, ana, stack=leaving)
            hall.seat(server, hall.show.host)
            hall.seat(server, hall.show.host, watches=False)
            hall.stream(server, browser="desk", query="?watches=0")
            hall.seat(server, browser="sofa")
        hall.seat(both[0], ana, browser="sofa", stack=leaving)
        hall.stream(both[1], browser="train")
        hall.seat(both[1])

        hall.wait_for(viewers=7, uniques=4)  # tabs: ana's three, two on the sofa, the train, the client
    hall.wait_for(viewers=4, uniques=4)
    hall.seat(both[1], ana)
    hall.seat(both[0], bo)

    hall.wait_for(viewers=6, uniques=5)  # ana came back, bo is new
    hall.let_beat()
    assert hall.uniques == 5


def test_what_was_watched_is_people_by_time(both: list[Server], hall: Hall) -> None:
    ana = make_user()
    for client in ({"user": ana}, {"user": ana}, {"browser": "sofa"}):
        hall.seat(both[0], **client)  # type: ignore[arg-type]
    hall.wait_for(viewers=3, uniques=2)
    hall.let_beat()
    begin_ms, (begin_at,) = hall.clock()[0], hall.clock()[1].values()

    hall.let_beat(2)

    end_ms, spoke = hall.clock()
    (end_at,) = spoke.values()
    assert end_ms - begin_ms == 2 * (end_at - begin_at)


def test_only_what_runs_on_air_is_counted(both: list[Server], hall: Hall) -> None:
    StreamSession.objects.update(state=StreamSession.State.SCHEDULED, has_preview=True)
    staff = hall.seat(both[0], make_user(is_staff=True))
    shows.rehearse(hall.show)
    staff.wait_for_event("session", where=lambda event: event["state"] == "rehearsal")
    hall.let_beat(2)
    assert hall.viewers == 1
    assert viewer_counts.audiences([hall.show.slug]) == {}

    shows.go_live(hall.show)
    eventually(lambda: hall.uniques == 1)
    shows.interrupt(hall.show)
    eventually(lambda: hall.clock()[0] > 0)
    shows.end(hall.show, actor="system")
    staff.wait_for_event("session", where=lambda event: event["state"] == "ended")
    hall.let_beat()
    watched_ms = hall.clock()[0]
    hall.let_beat(2)
    hall.seat(both[0], browser="late")
    eventually(lambda: hall.viewers == 2)

    assert (hall.uniques, hall.clock()[0]) == (1, watched_ms)


def test_a_redis_that_lost_the_show_takes_nothing_from_the_report(both: list[Server], hall: Hall) -> None:
    with ExitStack() as leaving:
        hall.seat(both[0], browser="early", stack=leaving)
        hall.seat(both[0], browser="sofa")
        eventually(lambda: hall.uniques == 2)
        hall.let_beat()
    figures.note_audiences()
    before = audience.of_show(hall.show)
    topic = f"{topic_log.CHANNELS}session:{hall.show.slug}"
    redis_pool.client().delete(*(f"{topic}:{name}" for name in ("head", "presence", "audience", "uniques")))

    hall.seat(both[1], browser="late")
    eventually(lambda: hall.uniques == 3)  # who left before is remembered by the process they sat at
    eventually(lambda: hall.clock()[0] > 1500)
    figures.note_audiences()
    after = audience.of_show(hall.show)

    assert (before.unique_viewers, after.unique_viewers) == (2, 3)
    assert after.watched_s > before.watched_s


@pytest.mark.slow
def test_viewers_of_a_process_that_was_killed_fade(both: list[Server], hall: Hall) -> None:
    with running("uvicorn") as (doomed,):
        for browser in ("one", "two", "three"):
            hall.seat(doomed, browser=browser)
        stays = hall.seat(both[0], browser="four")
        eventually(lambda: hall.viewers == 4)

        doomed.stop()

        eventually(lambda: hall.viewers == 1, within_s=2 * topic_log.PRESENCE_TTL_MS / 1000)
        stays.wait_for_event("viewers", where=lambda event: event["count"] == 1)
    assert hall.uniques == 4
