"""A real media process whose store is a real S3 server that fails one upload in ten, and which is killed meanwhile."""

from collections.abc import Iterator

import m3u8
import pytest
from django.db import connections

from streams import playback, shows
from streams.models import Broadcast, StreamSession
from tests.support.factories import make_session
from tests.support.media_process import MediaProcess, push
from tests.support.playlist_conformance import Version, faults
from tests.support.realtime_servers import eventually
from tests.support.store_servers import Store, broken_promises, running_store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.keeps_redis,
    pytest.mark.timeout(90),
]

State = StreamSession.State


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with running_store() as store:
        yield store


@pytest.fixture
def media(store: Store) -> Iterator[MediaProcess]:
    media = MediaProcess(**store.environment)
    yield media
    media.process.kill()
    media.process.wait()
    connections.close_all()


def listed(store: Store, session: StreamSession, name: str) -> m3u8.M3U8:
    answer = store.get(f"sessions/{session.pk}/{name}.m3u8")
    return m3u8.loads(answer.text if answer.ok else "#EXTM3U")


def runs_of(store: Store, session: StreamSession, name: str) -> list[str]:
    return [segment.uri.split("/")[1] for segment in listed(store, session, name).segments]


def test_show_through_a_store_that_fails_and_a_media_process_that_is_killed(store: Store, media: MediaProcess) -> None:
    session = make_session(state=State.SCHEDULED)
    store.gate.fail_every = 10

    with push(media.address(session.stream_key)):
        eventually(lambda: len(runs_of(store, session, "high")) >= 2, within_s=20)
        eventually(lambda: StreamSession.objects.filter(pk=session.pk, state=State.LIVE).exists())
        media.restart()
    eventually(lambda: not Broadcast.objects.filter(ended_at=None).exists())
    store.gate.slow_s = 0.1
    with push(media.address(session.stream_key)):
        eventually(lambda: len(set(runs_of(store, session, "high"))) == 2, within_s=20)
        store.gate.is_closed = True  # the store is away as the show ends; the encoder goes on
        encoded = len(list(playback.folder(session.pk).glob("runs/0002/high/*.m4s")))
        eventually(lambda: len(list(playback.folder(session.pk).glob("runs/0002/high/*.m4s"))) > encoded)
        session.refresh_from_db()
        shows.end(session, actor="test")
    store.gate.is_closed = False
    eventually(lambda: listed(store, session, "replay").playlists, within_s=15)
    store.gate.slow_s = 10
    late = make_session(state=State.SCHEDULED)
    with push(media.address(late.stream_key)):
        eventually(lambda: store.gate.waiting)
        assert media.stop() == 0

    assert store.gate.failed > 0
    assert broken_promises(store.gate) == []
    folder = f"sessions/{session.pk}"
    versions = [Version(name, text) for name, text in store.gate.bodies]
    assert faults(versions, lambda uri: store.get(f"{folder}/{uri}").content) == []
    replay = listed(store, session, "high-replay")
    assert [run for run in ("0001", "0002") if run in runs_of(store, session, "high-replay")] == ["0001", "0002"]
    assert len({one.uri for one in replay.segments}) == len(replay.segments)
