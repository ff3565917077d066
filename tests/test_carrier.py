"""A show's files on their way to a real S3 server: in order, tried again, and never listed before they are there."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import m3u8
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.db import connections
from django.test import Client
from django.utils import timezone

from config.pictures import BucketStorage
from streams import broadcasts, playback, watch
from streams.hls.origin import Origin
from streams.hls.recording import Dropped, Run, Segment
from streams.media import rehearsal
from streams.media.uploader import BATCH, Uploader, Uploaders, _batch
from streams.models import Broadcast, StreamSession
from streams.store import progress, upload_lag
from streams.store.bucket import Bucket, find_bucket
from tests.support.factories import make_session
from tests.support.store_servers import BUCKET, PREFIX, Store, broken_promises, running_store
from tests.support.stored_show import AUDIO, HIGH, START, carrying, count, encode, end, listed, until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

State = StreamSession.State


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with running_store() as store:
        yield store


@pytest.fixture
def store(server: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.gate.url)
    server.gate.reset()
    return server


@pytest.fixture
def bucket(store: Store) -> Bucket:
    return Bucket(BUCKET, PREFIX)


@pytest.fixture
def session(settings: Any, tmp_path: Path) -> StreamSession:
    settings.MEDIA_ROOT = tmp_path
    return make_session(state=State.LIVE)


@pytest_asyncio.fixture(autouse=True)
async def put_away() -> AsyncIterator[None]:
    """Leave no connection of another thread to the database."""
    yield
    await sync_to_async(connections.close_all)()


async def test_segment_then_init_then_playlist(store: Store, session: StreamSession, bucket: Bucket) -> None:
    await sync_to_async(encode)(session, 1)

    async with carrying(session, bucket):
        await until(lambda: "index.m3u8" in store.gate.put)

    segments, inits, media, index = store.gate.put[:2], store.gate.put[2:4], store.gate.put[4:6], store.gate.put[6:]
    assert sorted(segments) == ["runs/0001/audio/000000.m4s", "runs/0001/high/000000.m4s"]
    assert sorted(inits) == ["runs/0001/audio/init.mp4", "runs/0001/high/init.mp4"]
    assert sorted(media) == ["audio.m3u8", "high.m3u8"]
    assert index == ["index.m3u8"]


async def test_files_are_served_as_the_contract_says(store: Store, session: StreamSession, bucket: Bucket) -> None:
    await sync_to_async(encode)(session, 1)
    carriers = Uploaders(bucket)
    await carriers.look()
    await until(lambda: "index.m3u8" in store.gate.put)
    await until(lambda: carriers._may_be_read)
    for _, task in carriers._tasks.values():
        task.cancel()

    folder = f"sessions/{session.pk}"
    kept = "max-age=31536000, immutable"
    for name, kind, cache in [
        ("index.m3u8", "application/vnd.apple.mpegurl", "max-age=1"),
        ("runs/0001/high/000000.m4s", "video/iso.segment", kept),
        ("runs/0001/high/init.mp4", "video/mp4", kept),
        ("runs/0001/audio/init.mp4", "audio/mp4", kept),
    ]:
        answer = store.get(f"{folder}/{name}", Origin="https://shop.example.com")
        assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (kind, cache), name
        assert answer.headers["Access-Control-Allow-Origin"] in {"*", "https://shop.example.com"}
    part = store.get(f"{folder}/runs/0001/high/000000.m4s", Range="bytes=2-5")
    assert (part.status_code, part.content) == (206, b"high")
    assert "journal.jsonl" not in store.names(folder)


async def test_rules_that_a_bucket_has_are_left_alone(store: Store, bucket: Bucket) -> None:
    bucket._client.put_bucket_cors(
        Bucket=BUCKET,
        CORSConfiguration={"CORSRules": [{"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET"]}]},
    )
    try:
        bucket.allow_reading()

        [rule] = bucket._client.get_bucket_cors(Bucket=BUCKET)["CORSRules"]
        assert rule["AllowedOrigins"] == ["https://a.example"]
    finally:
        bucket._client.delete_bucket_cors(Bucket=BUCKET)


async def test_one_upload_in_ten_fails_and_nothing_is_missed(
    store: Store, session: StreamSession, bucket: Bucket
) -> None:
    store.gate.fail_every = 10

    async with carrying(session, bucket) as carrier:
        for run in (1, 2):
            for first in range(0, 12, 3):
                await sync_to_async(encode)(session, 3, run=run, first=first, at_s=20 * run)
                carrier.wake()
                await until(lambda run=run, first=first: count(store, session) >= (run - 1) * 12 + first + 3)

    assert store.gate.failed > 5
    assert broken_promises(store.gate) == []
    found = listed(store, session, "high")
    assert [one.uri for one in found.segments] == [
        f"runs/{run:04d}/high/{index:06d}.m4s" for run in (1, 2) for index in range(12)
    ]
    assert [one.discontinuity for one in found.segments].index(True) == 12
    numbers = [m3u8.loads(text).media_sequence for name, text in store.gate.bodies if name == "high.m3u8"]
    assert numbers == sorted(numbers)


async def test_store_that_is_away_delays_the_list_and_catches_up_in_order(
    store: Store, session: StreamSession, bucket: Bucket
) -> None:
    await sync_to_async(encode)(session, 2)
    async with carrying(session, bucket) as carrier:
        await until(lambda: count(store, session) == 2)
        store.gate.is_closed = True
        await sync_to_async(encode)(session, 60, first=2)
        carrier.wake()
        await until(lambda: store.gate.failed > 3 and upload_lag.read(session.pk) > 0)
        assert count(store, session) == 2

        store.gate.is_closed = False
        await until(lambda: listed(store, session, "high").media_sequence == 32)
        await until(lambda: upload_lag.read(session.pk) == 0)

    numbers = [m3u8.loads(text) for name, text in store.gate.bodies if name == "high.m3u8"]
    ends = [one.media_sequence + len(one.segments) for one in numbers]
    assert ends == sorted(ends)
    assert len(ends) > 3  # bit by bit, so that no viewer meets a hole
    assert all(
        later.media_sequence <= sum((one.media_sequence, len(one.segments))) for one, later in pairwise(numbers)
    )
    assert broken_promises(store.gate) == []


async def test_newest_moment_of_a_show_is_one_that_the_store_has(
    store: Store, session: StreamSession, bucket: Bucket, settings: Any
) -> None:
    settings.MEDIA_BUCKET = BUCKET
    await sync_to_async(encode)(session, 2)
    async with carrying(session, bucket):
        await until(lambda: count(store, session) == 2)
        await until((playback.folder(session.pk) / playback.LIVE_PLAYLIST).exists)
    await sync_to_async(encode)(session, 5, first=2)

    place = await sync_to_async(watch.find)(session, device="tv")

    assert place.segment_url.endswith("runs/0001/high/000001.m4s")


async def test_whoever_goes_on_begins_where_the_last_one_stopped(
    store: Store, session: StreamSession, bucket: Bucket
) -> None:
    await sync_to_async(encode)(session, 5)
    async with carrying(session, bucket):
        await until(lambda: count(store, session) == 5)
    before = list(store.gate.put)
    await sync_to_async(encode)(session, 5, first=5)
    await sync_to_async(end)(session)

    async with carrying(session, bucket):
        await until(lambda: count(store, session, "high-replay") == 10)

    again = store.gate.put[len(before) :]
    assert not {name for name in before if name.endswith(".m4s")} & set(again)
    assert listed(store, session, "high").is_endlist
    assert [one.uri[-10:] for one in listed(store, session, "high-replay").segments] == [
        f"{index:06d}.m4s" for index in range(10)
    ]


async def test_two_processes_never_carry_one_show(store: Store, session: StreamSession, bucket: Bucket) -> None:
    await sync_to_async(encode)(session, 3)

    async with carrying(session, bucket) as first, carrying(session, bucket) as second:
        await until(lambda: count(store, session) == 3)
        await until(lambda: first.newest_run or second.newest_run)
        assert sorted((first.newest_run, second.newest_run)) == [0, 1]

    assert len(store.gate.put) == len(set(store.gate.put))


async def test_show_that_is_over_is_stored_whole_and_then_leaves_the_disk(
    store: Store, session: StreamSession, bucket: Bucket
) -> None:
    await sync_to_async(encode)(session, 3)
    await sync_to_async(end)(session)
    folder = playback.folder(session.pk)

    async with carrying(session, bucket):
        await until(lambda: count(store, session, "high-replay") == 3)
        (folder / "thumbnails.jpg").write_bytes(b"sheet")
        (folder / "thumbnails.vtt").write_text("WEBVTT\n")
        await until(lambda: progress.is_done(folder) and not (folder / "runs").exists())

    assert store.gate.put[-2:] == ["thumbnails.jpg", "thumbnails.vtt"]
    assert {"replay.m3u8", "high-replay.m3u8", "index.m3u8"} <= set(store.names(f"sessions/{session.pk}"))
    assert [one.name for one in folder.iterdir() if one.suffix == ".jsonl"] == ["journal.jsonl"]


async def test_list_has_no_end_while_an_encoder_still_writes(
    store: Store, session: StreamSession, bucket: Bucket
) -> None:
    broadcast = await Broadcast.objects.acreate(session=session, protocol="rtmp")
    await sync_to_async(encode)(session, 2)
    await sync_to_async(end)(session)

    async with carrying(session, bucket):
        await until(lambda: count(store, session) == 2)
        await sync_to_async(encode)(session, 1, first=2)
        await sync_to_async(broadcasts.close)(broadcast, "ended")
        await until(lambda: count(store, session, "high-replay") == 3)

    versions = [m3u8.loads(text) for name, text in store.gate.bodies if name == "high.m3u8"]
    assert [len(one.segments) for one in versions if one.is_endlist] == [3]


async def test_files_of_a_show_that_was_deleted_stay(store: Store, session: StreamSession, bucket: Bucket) -> None:
    await sync_to_async(encode)(session, 1)
    session_id = session.pk
    await sync_to_async(StreamSession.objects.filter(pk=session_id).delete)()

    await asyncio.wait_for(Uploader(session_id, bucket).run(), 10)

    assert (playback.folder(session_id) / "runs/0001/high/000000.m4s").exists()
    assert store.names(f"sessions/{session_id}") == []


async def test_a_rehearsal_is_stored_under_its_own_name_and_leaves_at_go_live(
    store: Store, session: StreamSession, bucket: Bucket
) -> None:
    fields = {"state": State.REHEARSAL, "has_preview": True, "started_at": None}
    await sync_to_async(StreamSession.objects.filter(pk=session.pk).update)(**fields)
    await sync_to_async(session.refresh_from_db)()
    folder = playback.new_preview(session.pk)
    await sync_to_async(encode)(session, 3, folder=folder)
    carriers = Uploaders(bucket)
    try:
        carriers.carry(session.pk, playback.folder(session.pk))
        carrier = carriers.carry(session.pk, folder)
        await until(lambda: f"previews/{folder.name}/preview.m3u8" in store.names(f"sessions/{session.pk}"))
        await until(lambda: carrier.newest_run == 1)
        assert playback.preview_url(session).endswith(f"/previews/{folder.name}/preview.m3u8")

        stored = store.names(f"sessions/{session.pk}")
        assert f"previews/{folder.name}/runs/0001/high/000002.m4s" in stored
        assert {name.split("/")[0] for name in stored} == {"previews"}
        await sync_to_async(StreamSession.objects.filter(pk=session.pk).update)(
            state=State.LIVE, started_at=timezone.now()
        )
        await until(lambda: store.names(f"sessions/{session.pk}") == [])
        assert (folder / "runs/0001/high/000002.m4s").exists(), "its encoder goes on there"
    finally:
        await carriers.close()


async def test_a_rehearsal_that_broke_off_leaves_the_store(
    store: Store, session: StreamSession, bucket: Bucket, settings: Any
) -> None:
    settings.MEDIA_BUCKET, settings.MEDIA_PREFIX = BUCKET, PREFIX
    find_bucket.cache_clear()
    folder = playback.new_preview(session.pk)
    await sync_to_async(encode)(session, 1, folder=folder)
    bucket.put(f"{playback.stored_as(folder)}runs/0001/high/000000.m4s", b"secret")
    try:
        await sync_to_async(rehearsal.remove)(folder)
        await sync_to_async(rehearsal.remove)(folder)  # twice is safe
    finally:
        find_bucket.cache_clear()

    assert not folder.exists()
    assert store.names(f"sessions/{session.pk}") == []


@pytest.mark.parametrize("went_live", [True, False])
async def test_what_an_earlier_version_kept_of_a_rehearsal_goes(
    store: Store, session: StreamSession, bucket: Bucket, settings: Any, went_live: bool
) -> None:
    settings.MEDIA_BUCKET, settings.MEDIA_PREFIX = BUCKET, PREFIX
    find_bucket.cache_clear()
    await sync_to_async(encode)(session, 6)
    folder = playback.folder(session.pk)
    for path in [*folder.rglob("*.m4s"), *folder.rglob("*.mp4")]:
        bucket.put(playback.stored_as(folder) + path.relative_to(folder).as_posix(), path.read_bytes())
    for name in ("preview.m3u8", "high-preview.m3u8"):
        (folder / name).write_text("#EXTM3U")
        bucket.put(playback.stored_as(folder) + name, b"#EXTM3U")
    session.has_preview = True
    session.started_at = START + timedelta(seconds=3.5) if went_live else None
    try:
        for _ in range(2):
            await sync_to_async(rehearsal.remove_old)(session)
    finally:
        find_bucket.cache_clear()

    kept = {
        f"runs/0001/{name}/{part}"
        for name in ("high", "audio")
        for part in ("000003.m4s", "000004.m4s", "000005.m4s", "init.mp4")
    }
    assert set(store.names(f"sessions/{session.pk}")) == (kept if went_live else set())
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert on_disk == (kept | {"journal.jsonl"} if went_live else set())
    if went_live:
        origin = Origin(folder)
        origin.publish_replay(since=session.started_at)
        assert m3u8.load(str(folder / "high-replay.m3u8")).files == [f"runs/0001/high/00000{n}.m4s" for n in (3, 4, 5)]


async def test_what_was_dropped_from_the_disk_leaves_the_store(
    store: Store, session: StreamSession, bucket: Bucket
) -> None:
    await sync_to_async(encode)(session, 40)
    folder = playback.folder(session.pk)
    async with carrying(session, bucket) as carrier:
        await until(lambda: listed(store, session, "high").media_sequence == 10)
        await sync_to_async(Origin(folder).add)([Dropped(1, START + timedelta(seconds=5))])
        (folder / "runs/0001/high/000004.m4s").unlink()
        await sync_to_async(encode)(session, 1, first=40)
        carrier.wake()
        await until(lambda: listed(store, session, "high").media_sequence == 11)

    names = store.names(f"sessions/{session.pk}")
    assert "runs/0001/high/000004.m4s" not in names
    assert "runs/0001/high/000005.m4s" in names


def test_a_new_run_is_never_cut_in_half() -> None:
    before = [Segment(1, "high", f"{index}", START, 1.0, 1) for index in range(BATCH - 2)]
    begins = [
        Run(2, START, (HIGH, AUDIO)),
        *(Segment(2, name, name, START, 1.0, 1) for name in ("high", "high", "audio")),
    ]
    after = [replace(begins[-1], uri="more")] * 5  # type: ignore[type-var]
    pending = [(entry, 0) for entry in [Run(1, START, (HIGH,)), *before, *begins, *after]]

    assert len(_batch(pending)) == 1 + len(before) + len(begins)


def test_pictures_go_to_the_same_bucket(store: Store, settings: Any) -> None:
    settings.MEDIA_BUCKET, settings.MEDIA_PREFIX, settings.MEDIA_URL = BUCKET, PREFIX, "https://cdn.example.com/"
    storage = BucketStorage()

    first, second = (storage.save("posters/a mug.svg", ContentFile(b"<svg/>")) for _ in range(2))

    assert first != second
    assert storage.url(first) == "https://cdn.example.com/posters/a%20mug.svg"
    found = store.get(first)
    assert (found.content, found.headers["Content-Type"]) == (b"<svg/>", "image/svg+xml")
    assert found.headers["Cache-Control"] == "max-age=86400"


def test_metrics_name_the_show_that_waits_longest(client: Client) -> None:
    def told() -> str:
        return next(
            line for line in client.get("/metrics").text.splitlines() if line.startswith("showfloor_store_behind")
        )

    first, second = uuid4(), uuid4()
    assert told() == "showfloor_store_behind_seconds 0.0"
    upload_lag.report(first, 9.2)
    upload_lag.report(second, 31)
    assert told() == "showfloor_store_behind_seconds 31.0"
    upload_lag.report(second, 0.4)
    assert told() == "showfloor_store_behind_seconds 9.0"
