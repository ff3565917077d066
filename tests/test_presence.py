"""How many people watched a show, and for how long: counted in Redis, kept in the database, told to the host."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client
from django.utils import timezone

from realtime import topic_log, viewer_counts
from realtime.rooms import Room
from realtime.topic_log import Present
from realtime.viewer_counts import ViewerList
from shop import redis_pool
from streams import audience, figures
from streams.audience import Audience, Count
from streams.models import AudienceCount, StreamSession
from streams.templatetags.durations import duration
from tests.support.factories import make_session, make_user
from tests.support.own_redis import nowhere

pytestmark = pytest.mark.django_db

TOPIC = topic_log.session_topic("tonight")
SPOKE = f"{topic_log.CHANNELS}{TOPIC}:presence"


def counted() -> Count:
    return viewer_counts.audiences(["tonight"])["tonight"]


def spoke_at(process: str) -> int:
    """Return when a process's last beat was, by Redis's clock."""
    entry: Any = redis_pool.client().hget(SPOKE, process)
    return int(entry.split()[1])


def put_back(process: str, by_ms: int) -> None:
    """Have a process's last beat have been so much earlier."""
    redis_pool.client().hset(SPOKE, process, f"1 {spoke_at(process) - by_ms}")


# --- What a beat counts ---


def test_each_beat_adds_what_its_people_watched_since_the_last() -> None:
    topic_log.beat("one", {TOPIC: Present(4, 3, {"ana", "bo", "cy"})})
    assert counted().watched_ms == 0
    put_back("one", 1000)
    begin = spoke_at("one")

    topic_log.beat("one", {TOPIC: Present(4, 3)})
    topic_log.beat("one", {TOPIC: Present(3, 2)})  # as after an answer that got lost: nothing is counted twice

    middle = (counted().watched_ms - 2 * (spoke_at("one") - begin)) + begin  # 3 · (m - b) + 2 · (e - m), solved for m
    assert begin + 1000 <= middle <= spoke_at("one")


def test_a_process_that_was_silent_for_long_adds_nothing() -> None:
    topic_log.beat("one", {TOPIC: Present(1, 1)})
    put_back("one", topic_log.PRESENCE_TTL_MS + 1)

    topic_log.beat("one", {TOPIC: Present(1, 1)})

    assert counted().watched_ms == 0


def test_nobody_is_counted_while_a_show_is_not_on_air() -> None:
    topic_log.beat("one", {TOPIC: Present(3)})
    put_back("one", 1000)
    topic_log.beat("one", {TOPIC: Present(3)})

    assert viewer_counts.viewers(["tonight"]) == {"tonight": 3}
    assert viewer_counts.audiences(["tonight"]) == {}


def test_people_of_all_processes_are_told_apart() -> None:
    topic_log.beat("one", {TOPIC: Present(2, 2, {"ana", "bo"})})
    topic_log.beat("two", {TOPIC: Present(2, 2, {"bo", "cy"})})

    assert counted().unique_viewers == 3


def test_a_crowd_that_comes_at_once_is_counted_in_one_beat() -> None:
    topic_log.beat("one", {TOPIC: Present(2500, 2500, {f"viewer-{number}" for number in range(2500)})})

    assert counted().unique_viewers == pytest.approx(2500, rel=0.05)


def test_a_redis_that_is_busy_is_not_away() -> None:
    redis_pool.client().client_pause(700)
    with pytest.raises(redis.TimeoutError):
        redis_pool.client().ping()

    assert topic_log.beat("one", {TOPIC: Present(1)}).keys() == {TOPIC}


def test_without_redis_no_audience_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_pool, "client", nowhere)

    assert viewer_counts.audiences(["tonight"]) == {}


# --- Who is one viewer ---


def seat(viewer: str, *, watches: bool = True) -> SimpleNamespace:
    return SimpleNamespace(viewer=viewer, is_viewer=watches)


def test_two_tabs_are_one_person_and_neither_hosts_nor_studios_are_viewers() -> None:
    seats = [seat("ana"), seat("ana"), seat("bo"), seat("host"), seat("", watches=False)]
    room: Any = SimpleNamespace(seats=seats, host="host")

    present = ViewerList().count(Room.viewers(room), is_on_air=True)

    assert (present.sockets, present.people, set(present.newcomers)) == (3, 2, {"ana", "bo"})


def test_people_are_told_once_and_again_where_telling_failed() -> None:
    viewers = ViewerList()
    viewers.count(["ana"], is_on_air=True)  # and Redis was away
    assert viewers.count(["ana", "bo"], is_on_air=True).newcomers == {"ana", "bo"}
    viewers.told("k1")

    assert viewers.count(["ana", "cy"], is_on_air=True).newcomers == {"cy"}


def test_a_new_redis_is_told_of_everybody_again_those_who_left_included() -> None:
    viewers = ViewerList()
    viewers.count(["ana", "bo"], is_on_air=True)
    viewers.told("k1")
    viewers.count(["bo", "cy"], is_on_air=True)
    viewers.told("k2")  # cy was told to the new one
    viewers.count([], is_on_air=False)
    viewers.told("k2")

    assert viewers.count(["bo", "cy"], is_on_air=True).newcomers == {"ana", "bo"}
    viewers.told("k2")
    assert viewers.count(["bo", "cy"], is_on_air=True).newcomers == set()


def test_nobody_is_told_of_before_a_show_is_on_air() -> None:
    viewers = ViewerList()
    assert viewers.count(["ana"], is_on_air=False) == Present(sockets=1)
    viewers.told("k1")

    assert viewers.count(["ana"], is_on_air=True).newcomers == {"ana"}


def test_words_tell_neither_who_somebody_is_nor_what_else_they_watch() -> None:
    ana = viewer_counts.word_of(TOPIC, viewer_counts.account(7))

    assert ana == viewer_counts.word_of(TOPIC, viewer_counts.account(7))
    assert ana != viewer_counts.word_of(topic_log.session_topic("another"), viewer_counts.account(7))
    assert ana.isalnum()


def test_a_guest_is_a_browser_or_else_a_network_and_a_kind_of_client() -> None:
    def who(cookie: str, network: str = "203.0.113.7", agent: str = "Firefox") -> str:
        return viewer_counts.visitor(cookie, network=network, agent=agent)

    name = settings.CSRF_COOKIE_NAME
    assert who(f"theme=dark; {name}=abc") == who(f"{name}=abc", network="198.51.100.1")
    assert len({who(f"{name}=abc"), who(f"{name}=def"), who(""), who("", agent="Safari"), who("", "::1")}) == 5


# --- What the report keeps ---


def count_as(monkeypatch: pytest.MonkeyPatch, life: str, unique_viewers: int, watched_ms: int) -> None:
    count = Count(life, unique_viewers, watched_ms)
    monkeypatch.setattr(audience, "counter", lambda slugs: dict.fromkeys(slugs, count))


def test_figures_rise_and_survive_the_life_of_a_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_session("tonight")
    for life, unique_viewers, watched_ms in [("1", 5, 60_000), ("1", 8, 90_000), ("1", 6, 70_000), ("2", 3, 30_000)]:
        count_as(monkeypatch, life, unique_viewers, watched_ms)
        figures.note_audiences()

    assert audience.of_show(session) == Audience(unique_viewers=8, watched_s=120)
    assert audience.of_show(session).watched_each_s == 15


def test_a_redis_that_is_away_takes_nothing_from_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_session("tonight")
    count_as(monkeypatch, "1", 5, 60_000)
    figures.note_audiences()
    monkeypatch.setattr(audience, "counter", lambda slugs: {})
    figures.note_audiences()

    assert audience.of_show(session) == Audience(unique_viewers=5, watched_s=60)


@pytest.mark.parametrize("has_guard", [True, False])
def test_a_rival_that_notes_between_our_reading_and_writing_loses_nothing(
    has_guard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_guard:
        monkeypatch.setattr(audience, "Greatest", lambda name, number: number)
    session = make_session("tonight")
    count_as(monkeypatch, "1", 1, 1000)
    audience.note([session])
    read = AudienceCount.objects.get_or_create

    def read_and_be_overtaken(**fields: Any) -> Any:
        found = read(**fields)
        AudienceCount.objects.update(watched_ms=9000)
        return found

    monkeypatch.setattr(AudienceCount.objects, "get_or_create", read_and_be_overtaken)
    count_as(monkeypatch, "1", 4, 2000)
    audience.note([session])

    assert audience.of_show(session) == Audience(unique_viewers=4, watched_s=9 if has_guard else 2)


def test_the_last_seconds_are_noted_after_the_end_and_rehearsals_never(monkeypatch: pytest.MonkeyPatch) -> None:
    now, state = timezone.now(), StreamSession.State
    make_session("ended", state=state.ENDED, ended_at=now - timedelta(minutes=5))
    make_session("old", state=state.ENDED, ended_at=now - timedelta(hours=2))
    make_session("rehearsed", state=state.REHEARSAL)
    make_session("paused", state=state.INTERRUPTED)
    count_as(monkeypatch, "1", 5, 60_000)

    figures.note_audiences()

    assert set(AudienceCount.objects.values_list("session__slug", flat=True)) == {"ended", "paused"}


def test_shows_on_air_that_nobody_watches_cost_nothing_each(django_assert_num_queries: Any) -> None:
    for number in range(10):
        make_session(f"show-{number}")
    with django_assert_num_queries(1):
        figures.note_audiences()


# --- The host's report ---


def report_of(session: StreamSession, client: Client) -> str:
    client.force_login(session.host)
    return client.get(f"/host/shows/{session.slug}/").content.decode()


@pytest.fixture
def over() -> StreamSession:
    end = timezone.now() - timedelta(days=1)
    start = end - timedelta(minutes=42, seconds=18)
    return make_session("tonight", state="ended", started_at=start, ended_at=end, peak_viewers=1312)


def test_the_report_tells_who_watched_and_for_how_long(over: StreamSession, client: Client) -> None:
    AudienceCount.objects.create(session=over, life="1", unique_viewers=3204, watched_ms=3204 * 754_000)

    page = report_of(over, client)

    told = [f"<dd>{words}</dd>" for words in ("3,204", "1,312", "12 min", "671 h")]
    assert [words in page for words in told] == [True] * 4
    assert "of 42:18" in page


def test_a_show_that_nobody_was_counted_of_says_nothing_of_it(over: StreamSession, client: Client) -> None:
    page = report_of(over, client)

    assert "<dd>1,312</dd>" in page
    assert "Average stay" not in page


def test_a_report_reads_as_much_for_ten_lives_of_redis_as_for_one(
    over: StreamSession, client: Client, django_assert_num_queries: Any
) -> None:
    for number in range(10):
        AudienceCount.objects.create(session=over, life=str(number), unique_viewers=3, watched_ms=1000)
    with django_assert_num_queries(1):
        assert audience.of_show(over) == Audience(unique_viewers=3, watched_s=10)


def test_staff_see_it_beside_the_peak(over: StreamSession, client: Client) -> None:
    AudienceCount.objects.create(session=over, life="1", unique_viewers=2, watched_ms=150_000)
    client.force_login(make_user(is_staff=True, is_superuser=True))

    page = client.get(f"/admin/streams/streamsession/{over.pk}/change/").content.decode()

    assert "2 people, 2 min 30 s" in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (754, "12 min"), (18_720, "5 h 12 min"), (4_334_400, "1,204 h")],
    ids=str,
)
def test_durations_are_said_as_people_say_them(seconds: int, words: str) -> None:
    assert duration(seconds) == words
