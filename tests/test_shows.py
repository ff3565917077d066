"""What a show may do when, who may publish to it, and what it is called."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from streams import broadcasts, keys, shows
from streams.exceptions import KeyRefused, StateRefused
from streams.models import StreamSession
from streams.signals import session_changed
from tests.support.factories import make_session, make_user

State = StreamSession.State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session() -> StreamSession:
    return make_session(state=State.SCHEDULED)


def test_states_follow_their_table(session: StreamSession) -> None:
    for refused in (shows.interrupt, shows.resume):
        with pytest.raises(StateRefused):
            refused(session)
    heard: list[str] = []

    def hear(sender: object, slug: str, state: str, **_: object) -> None:
        heard.append(f"{slug} {state}")

    session_changed.connect(hear)
    try:
        shows.go_live(session)
        shows.interrupt(session)
        shows.resume(session)
        ended = shows.end(session, actor="test")
    finally:
        session_changed.disconnect(hear)
    assert heard == [f"{session.slug} {state}" for state in ("live", "interrupted", "live", "ended")]
    assert ended.ended_at is not None
    assert ended.started_at is not None
    for refused in (shows.go_live, shows.interrupt, shows.resume, shows.rehearse):
        with pytest.raises(StateRefused):
            refused(session)
    session.refresh_from_db()
    assert session.state == State.ENDED


def test_a_rehearsal_without_its_publisher_is_planned_again(session: StreamSession) -> None:
    shows.rehearse(session)
    left = shows.interrupt(session)

    assert (left.state, left.started_at, left.interrupted_at) == (State.SCHEDULED, None, None)


def test_show_that_waits_too_long_ends(session: StreamSession) -> None:
    shows.go_live(session)
    shows.interrupt(session)
    assert shows.end_abandoned() == []

    StreamSession.objects.update(interrupted_at=timezone.now() - shows.GRACE - timedelta(seconds=1))

    assert [one.slug for one in shows.end_abandoned()] == [session.slug]
    session.refresh_from_db()
    assert session.state == State.ENDED


def test_one_broadcast_is_open_at_a_time(session: StreamSession) -> None:
    admit = partial(keys.session_of, session.stream_key)
    first = broadcasts.open(admit, "rtmp")
    with pytest.raises(KeyRefused, match="in_use"):
        broadcasts.open(admit, "srt")

    broadcasts.close(first, "gone")
    broadcasts.close(first, "gone again")

    assert broadcasts.open(admit, "srt").protocol == "srt"
    first.refresh_from_db()
    assert first.end_reason == "gone"


def test_slugs_are_unique_and_made_of_titles() -> None:
    host = make_user(is_host=True)
    first = shows.create(host=host, title="Evening kiln: première")
    second = shows.create(host=host, title="Evening kiln: première")
    unnamed = shows.create(host=host, title="陶器")

    assert first.slug == "evening-kiln-premiere"
    assert second.slug.startswith("evening-kiln-premiere-")
    assert unnamed.slug == "show"
