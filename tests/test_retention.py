"""What stays of a show on disk: all of it, the last minute, or nothing; and what its page says then."""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import m3u8
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from streams import playback, programme, retention, watch
from streams.exceptions import StateRefused
from streams.hls.origin import Origin
from streams.hls.playlist import init_uri
from streams.hls.recording import Rendition, Run, Segment
from streams.media.disk_retention import KEPT, DiskRetention
from streams.media.show import publish_replay
from streams.models import StreamSession
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db

State = StreamSession.State
LENGTH_S = 200
HIGH = Rendition("high", "avc1.64001f,mp4a.40.2", 2_000_000, 1280, 720, 25.0)
EVERYTHING_MB = 2**31 - 1


@pytest.fixture(autouse=True)
def media_root(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def film(session: StreamSession, *, until: datetime | None = None) -> Origin:
    """Record a show of some minutes that ends now."""
    origin = Origin(playback.folder(session.pk))
    begin = (until or timezone.now()) - timedelta(seconds=LENGTH_S)
    entries: list[Run | Segment] = [Run(1, begin, (HIGH,))]
    for second in range(LENGTH_S):
        at = begin + timedelta(seconds=second)
        entries.append(Segment(1, "high", f"runs/0001/high/{second:06d}.m4s", at, 1.0, size=1))
    for entry in entries:
        if isinstance(entry, Segment):
            for uri in (init_uri(entry), entry.uri):
                (origin.folder / uri).parent.mkdir(parents=True, exist_ok=True)
                (origin.folder / uri).touch()
    origin.add(entries)
    origin.publish()
    return origin


def kept(session: StreamSession) -> list[str]:
    return sorted(path.name for path in playback.folder(session.pk).glob("runs/*/*/*.m4s"))


def test_a_show_that_is_not_recorded_leaves_the_disk_behind_the_live_window() -> None:
    session = make_session(is_recorded=False)
    origin = film(session)

    DiskRetention(session.slug).look(origin, is_recorded=False)

    assert len(kept(session)) == KEPT.total_seconds()
    live = m3u8.load(str(origin.folder / "high.m3u8"))
    assert {Path(uri).name for uri in live.files[1:]} <= set(kept(session))
    assert Origin(origin.folder).recording.dropped_before == origin.recording.dropped_before

    StreamSession.objects.filter(pk=session.pk).update(state=State.ENDED)
    session.refresh_from_db()
    publish_replay(session)

    assert m3u8.load(str(origin.folder / "high.m3u8")).is_endlist
    assert not (origin.folder / playback.REPLAY_PLAYLIST).exists()
    assert playback.playlist_url(session) == ""


def test_a_recorded_show_keeps_everything() -> None:
    session = make_session()
    origin = film(session)

    DiskRetention(session.slug).look(origin, is_recorded=True)

    assert len(kept(session)) == LENGTH_S
    assert origin.recording.dropped_before is None


def test_a_disk_nearly_full_stops_recording_and_the_replay_covers_what_was_kept(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MEDIA_RESERVE_MB = EVERYTHING_MB
    session = make_session(started_at=timezone.now())
    origin = film(session)
    keeper = DiskRetention(session.slug)

    with caplog.at_level(logging.WARNING):
        keeper.look(origin, is_recorded=True)

    assert keeper.is_disk_low
    assert "the disk is nearly full" in caplog.text
    assert len(kept(session)) == KEPT.total_seconds()
    place = watch.find(session, device="tv", offset_s=0.0)
    assert Path(place.segment_url).name == kept(session)[0]

    StreamSession.objects.filter(pk=session.pk).update(state=State.ENDED)
    session.refresh_from_db()
    publish_replay(session)

    replay = m3u8.load(str(origin.folder / "high-replay.m3u8"))
    assert [Path(segment.uri).name for segment in replay.segments] == kept(session)
    assert replay.is_endlist

    settings.MEDIA_RESERVE_MB = 0
    keeper._looked_s = 0.0
    keeper.look(origin, is_recorded=True)
    assert not keeper.is_disk_low


def ended(*, days_ago: float, **fields: Any) -> StreamSession:
    at = timezone.now() - timedelta(days=days_ago)
    session = make_session(state=State.ENDED, started_at=at - timedelta(seconds=LENGTH_S), ended_at=at, **fields)
    film(session, until=at)
    publish_replay(session)
    return session


def test_a_replay_goes_when_its_days_are_over_and_the_page_says_so(client: Client) -> None:
    over, yet_here, for_good = ended(days_ago=8, replay_days=7), ended(days_ago=6, replay_days=7), ended(days_ago=900)
    assert playback.playlist_url(over) == ""  # even before it is removed
    assert "replay until" in client.get(yet_here.get_absolute_url()).content.decode()

    assert (retention.remove_overdue(), retention.remove_overdue()) == (1, 0)

    assert not playback.folder(over.pk).exists()
    assert len(kept(yet_here)) == len(kept(for_good)) == LENGTH_S
    assert [playback.playlist_url(one) != "" for one in (yet_here, for_good)] == [True, True]
    assert set(programme.replays()) == {yet_here, for_good}
    page = client.get(over.get_absolute_url()).content.decode()
    assert "The replay is no longer here" in page
    assert "replay until" not in page


def test_what_was_never_recorded_goes_once_the_last_viewers_have_seen_it() -> None:
    just_now, before = (ended(days_ago=minutes / 1440, is_recorded=False) for minutes in (1, 3))

    retention.remove_overdue()

    assert (len(kept(just_now)), playback.folder(before.pk).exists()) == (LENGTH_S, False)
    assert not programme.replays()


def test_a_show_that_is_not_recorded_says_so_beforehand(client: Client) -> None:
    assert "live only, not recorded" in client.get(make_session(is_recorded=False).get_absolute_url()).content.decode()
    assert "not recorded" not in client.get(make_session().get_absolute_url()).content.decode().split("<script")[0]


def test_the_host_decides_in_the_form_the_studio_and_the_api(client: Client) -> None:
    host = make_user(is_host=True)
    client.force_login(host)
    client.post(reverse("streams:host"), {"title": "A week", "recording": "7"})
    session = StreamSession.objects.get(title="A week")
    assert (session.is_recorded, session.replay_days) == (True, 7)

    studio = reverse("streams:studio-recording", args=[session.slug])
    client.post(studio, {"recording": "never"})
    session.refresh_from_db()
    assert (session.is_recorded, session.replay_days) == (False, None)
    client.post(studio, {"recording": "0"})
    session.refresh_from_db()
    assert not session.is_recorded

    answer = client.put(
        f"/api/v1/host/sessions/{session.slug}/recording",
        {"is_recorded": True, "replay_days": 30},
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()) == (200, {"is_recorded": True, "replay_days": 30})
    made = client.post(
        "/api/v1/host/sessions", {"title": "Never kept", "is_recorded": False}, content_type="application/json"
    )
    assert made.status_code == 201
    assert not StreamSession.objects.get(slug=made.json()["slug"]).is_recorded


def test_what_is_over_can_not_be_recorded_any_more() -> None:
    gone, unrecorded = ended(days_ago=8, replay_days=7), ended(days_ago=1, is_recorded=False)

    for session in (gone, unrecorded):
        with pytest.raises(StateRefused):
            retention.choose(session, is_recorded=True, replay_days=None, actor="test")
    retention.choose(here := ended(days_ago=1, replay_days=7), is_recorded=True, replay_days=None, actor="test")
    assert here.replay_until is None
