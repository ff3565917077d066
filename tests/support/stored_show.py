"""A show as its encoder leaves it on disk, and the carrier that brings it to a bucket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import m3u8
from django.utils import timezone

from streams import playback
from streams.hls.origin import Origin
from streams.hls.recording import Entry, Rendition, Run, Segment
from streams.media.uploader import Uploader
from streams.models import StreamSession
from streams.store.bucket import Bucket
from tests.support.store_servers import Store

START = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
HIGH = Rendition("high", "avc1.64001f,mp4a.40.2", 2_000_000, 1280, 720, 25.0)
AUDIO = Rendition("audio", "mp4a.40.2", 128_000)


def encode(
    session: StreamSession,
    seconds: int,
    *,
    run: int = 1,
    first: int = 0,
    at_s: float = 0,
    folder: Path | None = None,
) -> None:
    """Do what an encoder and its watcher do: finished files, then the journal."""
    folder = folder or playback.folder(session.pk)
    entries: list[Entry] = []
    if not first:
        entries.append(Run(run, START + timedelta(seconds=at_s), (HIGH, AUDIO)))
    for name in ("high", "audio"):
        part = folder / "runs" / f"{run:04d}" / name
        part.mkdir(parents=True, exist_ok=True)
        (part / "init.mp4").write_bytes(b"init")
        for index in range(first, first + seconds):
            (part / f"{index:06d}.m4s").write_bytes(f"{run} {name} {index}".encode())
            begins_at = START + timedelta(seconds=at_s + index)
            uri = f"runs/{run:04d}/{name}/{index:06d}.m4s"
            entries.append(Segment(run, name, uri, begins_at, 1.0, size=1000))
    entries[not first :] = sorted(entries[not first :], key=lambda one: one.begins_at)  # type: ignore[union-attr]
    Origin(folder).add(entries)


def end(session: StreamSession) -> None:
    StreamSession.objects.filter(pk=session.pk).update(state=StreamSession.State.ENDED, ended_at=timezone.now())


@asynccontextmanager
async def carrying(session: StreamSession, bucket: Bucket) -> AsyncIterator[Uploader]:
    playback.folder(session.pk).mkdir(parents=True, exist_ok=True)
    carrier = Uploader(session.pk, bucket)
    task = asyncio.create_task(carrier.run())
    try:
        yield carrier
        assert not task.done() or task.exception() is None
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (another process's work)
            await asyncio.sleep(0.02)


def listed(store: Store, session: StreamSession, name: str) -> m3u8.M3U8:
    answer = store.get(f"sessions/{session.pk}/{name}.m3u8")
    return m3u8.loads(answer.text if answer.ok else "#EXTM3U")


def count(store: Store, session: StreamSession, name: str = "high") -> int:
    return len(listed(store, session, name).segments)
