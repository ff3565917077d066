"""What leaves a real S3 server with a recording that is kept no longer, and captions while the server is away."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.utils import timezone

from shop.models import AuditEntry
from streams import captions, playback, retention
from streams.media.uploader import Uploader
from streams.models import StreamSession
from streams.store.bucket import Bucket, find_bucket
from tests.support.factories import make_session, make_user
from tests.support.store_servers import BUCKET, PREFIX, Store, running_store
from tests.support.stored_show import carrying, count, encode, end, until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

State = StreamSession.State
WORDS = b"WEBVTT\n\n00:01.000 --> 00:02.000\nGood evening.\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with running_store() as store:
        yield store


@pytest.fixture
def store(server: Store, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Iterator[Store]:
    """The store of these settings, which is all there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.gate.url)
    settings.MEDIA_ROOT, settings.MEDIA_BUCKET, settings.MEDIA_PREFIX = tmp_path, BUCKET, PREFIX
    server.gate.reset()
    find_bucket.cache_clear()
    yield server
    find_bucket.cache_clear()


@pytest_asyncio.fixture(autouse=True)
async def put_away() -> AsyncIterator[None]:
    """Leave no connection of another thread to the database."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def bucket(store: Store) -> Bucket:
    bucket = find_bucket()
    assert bucket
    return bucket


async def make_stored(bucket: Bucket, slug: str = "", *, days_ago: int = 8, **fields: Any) -> StreamSession:
    """Make a show of three seconds that ended some days ago, and bring all of it to the bucket."""
    session = await sync_to_async(make_session)(slug, state=State.ENDED, **{"replay_days": 7, **fields})
    await sync_to_async(encode)(session, 3)
    ended_at = timezone.now() - timedelta(days=days_ago)
    await sync_to_async(StreamSession.objects.filter(pk=session.pk).update)(ended_at=ended_at)
    for name in ("thumbnails.jpg", "thumbnails.vtt"):
        (playback.folder(session.pk) / name).write_text("WEBVTT\n")
    await Uploader(session.pk, bucket).run()
    await sync_to_async(session.refresh_from_db)()
    return session


def files(store: Store, session: StreamSession) -> list[str]:
    return store.names(f"sessions/{session.pk}")


async def test_a_replay_goes_from_store_and_disk_when_its_days_are_over(store: Store, bucket: Bucket) -> None:
    over, here = await make_stored(bucket), await make_stored(bucket, days_ago=6)
    await sync_to_async(captions.give)(here, WORDS, actor="test")
    kept = files(store, here)
    assert {"replay.m3u8", "runs/0001/high/000002.m4s", "thumbnails.jpg"} <= set(files(store, over)) < set(kept)

    assert await sync_to_async(retention.remove_overdue)() == 1

    assert files(store, over) == []
    assert not playback.folder(over.pk).exists()
    assert files(store, here) == kept


async def test_a_store_that_is_away_or_keeps_a_file_is_asked_again(
    store: Store, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await make_stored(bucket)
    find_bucket.cache_clear()
    with monkeypatch.context() as away:
        away.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
        assert await sync_to_async(retention.remove_overdue)() == 0
    find_bucket.cache_clear()
    assert playback.folder(session.pk).exists()

    store.gate.keeps = f"sessions/{session.pk}/replay.m3u8"
    assert await sync_to_async(retention.remove_overdue)() == 0
    await sync_to_async(session.refresh_from_db)()
    assert session.replay_removed_at is None

    store.gate.keeps = ""
    assert await sync_to_async(retention.remove_overdue)() == 1
    assert files(store, session) == []


async def test_nothing_comes_back_from_a_carrier_that_is_still_at_work(store: Store, bucket: Bucket) -> None:
    session = await sync_to_async(make_session)(state=State.LIVE, is_recorded=False)
    await sync_to_async(encode)(session, 3)
    async with carrying(session, bucket):
        await until(lambda: count(store, session) == 3)
        store.gate.is_closed = True
        await sync_to_async(end)(session)
        await sync_to_async(StreamSession.objects.update)(ended_at=timezone.now() - retention.LAST_SECONDS)

        assert await sync_to_async(retention.remove_overdue)() == 0

        store.gate.is_closed = False
        await until(lambda: not (playback.folder(session.pk) / "runs").exists())
    assert await sync_to_async(retention.remove_overdue)() == 1
    assert files(store, session) == []
    await Uploader(session.pk, bucket).run()  # one that comes late has nothing to do
    assert files(store, session) == []


async def test_captions_are_stored_before_they_are_listed_and_leave_the_store(store: Store, bucket: Bucket) -> None:
    session = await make_stored(bucket)
    await sync_to_async(StreamSession.objects.update)(replay_days=None)
    await sync_to_async(session.refresh_from_db)()

    await sync_to_async(captions.give)(session, WORDS, actor="test")

    assert store.gate.put[-2:] == ["captions-replay.m3u8", "replay.m3u8"]
    assert len([name for name in files(store, session) if name.startswith("captions-")]) == 2
    await sync_to_async(captions.remove)(session, actor="test")
    assert not [name for name in files(store, session) if name.startswith("captions")]


async def test_captions_wait_for_a_store_that_is_away_and_their_host_hears_so(store: Store, bucket: Bucket) -> None:
    host = await sync_to_async(make_user)(is_host=True)
    session = await make_stored(bucket, "kiln", days_ago=1, host=host)
    client = Client()
    await sync_to_async(client.force_login)(host)
    before = files(store, session)

    def ask(method: str, data: bytes = b"") -> Any:
        return client.generic(method, "/api/v1/host/sessions/kiln/captions", data, content_type="text/vtt")

    def post() -> str:
        file = SimpleUploadedFile("talk.vtt", WORDS, "text/vtt")
        return client.post("/host/shows/kiln/captions/", {"captions": file}, follow=True).content.decode()

    store.gate.is_closed = True
    refused = await sync_to_async(ask)("PUT", WORDS)
    page = await sync_to_async(post)()

    assert (refused.status_code, refused.json()["code"], refused["Retry-After"]) == (503, "store_away", "5")
    assert "The captions could not be stored just now. Please try again." in page
    assert files(store, session) == before
    assert not captions.has_captions(session)
    assert not await sync_to_async(AuditEntry.objects.filter(action="give_captions").exists)()

    store.gate.is_closed = False
    assert (await sync_to_async(ask)("PUT", WORDS)).status_code == 204
    given = files(store, session)
    store.gate.is_closed = True
    assert (await sync_to_async(ask)("DELETE")).status_code == 503
    assert captions.has_captions(session)
    assert files(store, session) == given
    store.gate.is_closed = False
    assert (await sync_to_async(ask)("DELETE")).status_code == 204
    assert files(store, session) == before
