"""Brings one show's files to a bucket, beside the encoder, and lists them once they are there.

The journal on our disk stays the truth, and the files beside it are the queue: nothing waits in memory. Segments go
first, then init files, then the note of how far the journal is stored, then the playlists, which are rendered from
that much of the journal and no more. So a slow store delays what is listed and nothing else, and whoever goes on
after a crash begins where the note says: what is put twice is the same file under the same name.

Turned down: listing what the bucket has at each start (slow, and old news with some stores), and a queue in Redis (a
second truth).
"""

import asyncio
import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import DatabaseError

from streams import broadcasts, playback
from streams.hls import journal
from streams.hls.journal import FILE as JOURNAL
from streams.hls.playlist import init_uri
from streams.hls.recording import Dropped, Entry, Recording, Run, Segment
from streams.hls.thumbnails import SHEET, TRACK
from streams.media import show
from streams.media.database import in_database
from streams.models import StreamSession
from streams.store import progress, upload_lag
from streams.store.bucket import Bucket
from streams.store.exceptions import Busy, StoreAway
from streams.store.playlists import BucketPlaylists
from streams.store.progress import Progress

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
State = StreamSession.State
Pending = list[tuple[Entry, int]]
"""Entries of a journal, each with the number of bytes at its end."""

PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0)
LOOK_S = 1.0
TELL_S = 1.0
BATCH = 24
AT_ONCE = 8
DRAWN_WITHIN_S = 120.0
NEVER = datetime.min.replace(tzinfo=UTC)


class Uploader:
    """One show's. `newest_run` is the newest run that viewers can play; 0 before the first."""

    def __init__(self, session_id: UUID, bucket: Bucket, *, folder: Path | None = None) -> None:
        self.session_id = session_id
        self.newest_run = 0
        self._folder = folder or playback.folder(session_id)
        self._bucket = bucket
        self._prefix = playback.stored_as(self._folder)
        self._recording = Recording()
        self._playlists = BucketPlaylists(self._folder, self._recording, bucket)
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._waiting_since: datetime | None = None
        self._inits: set[str] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._replay_put_s = 0.0
        self._is_deleted = False

    def wake(self) -> None:
        """Say that the journal, or the show's state, has something new. Any thread may call this."""
        self._loop.call_soon_threadsafe(self._news.set)

    async def run(self) -> None:
        """Carry until the show is over and all of it is stored, or its folder is gone."""
        telling = asyncio.create_task(self._tell())
        try:
            while self._folder.exists():
                try:
                    note = await _in_thread(Progress, self._folder)
                except Busy:  # another process of this machine does it, or removes the show
                    await asyncio.sleep(LOOK_S)
                    continue
                except FileNotFoundError:  # it was removed this moment
                    break
                try:
                    return await self._carry(note)
                finally:
                    note.close()
        finally:
            telling.cancel()
            self._report(0)

    async def _carry(self, note: Progress) -> None:
        for entry, _ in await _in_thread(journal.read_from, self._folder, 0, note.stored_bytes):
            self._recording.add(entry)
        failures = 0
        while self._folder.exists():
            self._news.clear()
            try:
                is_over = await self._step(note)
            except (StoreAway, OSError, DatabaseError) as error:
                logger.warning("%s: not listed yet: %s", self.session_id, error)
                await asyncio.sleep(_pause_s(failures))
                failures += 1
                continue
            failures = 0
            if self._is_deleted:
                return
            if is_over:
                await _in_thread(note.finish)
                await _in_thread(self._put_away)
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()

    async def _step(self, note: Progress) -> bool:
        """Store and list the next entries of the journal; True once nothing is left to do."""
        session = await in_database(StreamSession.objects.filter(pk=self.session_id).first)
        if session is None:  # somebody deleted it; its files stay
            self._is_deleted = True
            return True
        # Asked before the journal is read: an encoder that is just ending may still write to it.
        is_over = await self._is_over(session)
        pending = await _in_thread(journal.read_from, self._folder, note.stored_bytes)
        self._waiting_since = _oldest(pending)
        if batch := _batch(pending):
            await self._store([entry for entry, _ in batch])
            await _in_thread(note.advance, batch[-1][1])
            for entry, _ in batch:
                self._recording.add(entry)
        if len(batch) < len(pending):
            self._news.set()
        elif is_over:
            return await self._complete(session)
        await _in_thread(self._list, session)
        self.newest_run = self._recording.runs[-1].number if self._recording.runs else 0
        return False

    async def _is_over(self, session: StreamSession) -> bool:
        return session.state == State.ENDED and not await in_database(broadcasts.is_open, session.pk)

    def _list(self, session: StreamSession) -> None:
        show.publish(session, self._playlists)

    async def _complete(self, session: StreamSession) -> bool:
        """Store what a show has once it is over; True once nothing is left to do."""
        await _in_thread(show.publish_replay, session, self._playlists)
        return await self._store_thumbnails()

    def _put_away(self) -> None:
        shutil.rmtree(self._folder / "runs", ignore_errors=True)
        logger.info("%s: all of it is in the store", self.session_id)

    def _report(self, behind_s: float) -> None:
        upload_lag.report(self.session_id, behind_s)

    async def _store(self, entries: Sequence[Entry]) -> None:
        """Put what entries name; returns once all of it is in the store."""
        dropped_before = max((one.before for one in entries if isinstance(one, Dropped)), default=NEVER)
        segments = [one for one in entries if isinstance(one, Segment) and one.ends_at > dropped_before]
        await asyncio.gather(*(self._put(uri) for uri in {one.uri for one in segments}))
        inits = {init_uri(one) for one in segments} - self._inits
        await asyncio.gather(*(self._put(uri) for uri in inits))
        self._inits |= inits
        already = self._recording.dropped_before or NEVER
        if dropped_before <= already:
            return
        for listed in self._recording.segments.values():
            for uri in {one.uri for one in listed if already < one.ends_at <= dropped_before}:
                await _in_thread(self._bucket.remove, self._prefix + uri)

    async def _put(self, name: str) -> None:
        """Put a file, however often that takes."""
        path = self._folder / name
        failures = 0
        while True:
            try:
                async with self._turns:
                    return await _in_thread(lambda: self._bucket.put(self._prefix + name, path.read_bytes()))
            except FileNotFoundError:  # lost with the power, or by hand: viewers miss it, and see what follows
                return logger.error("%s: %s is in the journal, but not on the disk", self.session_id, name)
            except StoreAway as error:
                logger.warning("%s: %s is not stored yet: %s", self.session_id, name, error)
            await asyncio.sleep(_pause_s(failures))
            failures += 1

    async def _store_thumbnails(self) -> bool:
        """Put the pictures of the replay's seek bar; True once they are there, or if none are to come."""
        self._replay_put_s = self._replay_put_s or time.monotonic()
        if not (self._folder / TRACK).exists():
            is_playable = (self._folder / playback.REPLAY_PLAYLIST).exists()
            return not is_playable or time.monotonic() - self._replay_put_s > DRAWN_WITHIN_S
        for name in (SHEET, TRACK):
            await self._put(name)
        return True

    async def _tell(self) -> None:
        """Say how long the oldest segment has been waiting, to the studio, the metrics and the log."""
        logged_s = -60.0
        while True:
            since = self._waiting_since
            behind_s = (datetime.now(UTC) - since).total_seconds() if since else 0.0
            await _in_thread(self._report, behind_s)
            if behind_s >= upload_lag.NOTABLE_S and time.monotonic() - logged_s >= 60:
                logger.warning("%s: the store is %d seconds behind", self.session_id, behind_s)
                logged_s = time.monotonic()
            await asyncio.sleep(TELL_S)


class PreviewUploader(Uploader):
    """That of a rehearsal, whose files leave the store at Go live."""

    async def _is_over(self, session: StreamSession) -> bool:
        return not playback.is_secret(session) or session.state == State.ENDED

    def _list(self, session: StreamSession) -> None:
        self._playlists.publish_preview()

    async def _complete(self, session: StreamSession) -> bool:
        await _in_thread(self._bucket.remove_folder, self._prefix.rstrip("/"))
        return True

    def _put_away(self) -> None:
        """Leave the folder: an encoder may be writing to it."""

    def _report(self, behind_s: float) -> None:
        """The studio is told of the show's own carrier alone; the log of both."""


class Uploaders:
    """Those of this process: one a show that has anything left to store, and one a rehearsal."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._tasks: dict[UUID, tuple[Uploader, asyncio.Task[None]]] = {}
        self._previews: dict[Path, asyncio.Task[None]] = {}
        self._done: set[UUID] = set()
        self._may_be_read = False

    def follow(self, session_id: UUID) -> Uploader:
        """Return the carrier of a show, which is at work from now on."""
        carrier, task = self._tasks.get(session_id, (None, None))
        if carrier is None or task is None or task.done():
            carrier = Uploader(session_id, self._bucket)
            self._tasks[session_id] = (carrier, asyncio.create_task(carrier.run()))
        return carrier

    def carry(self, session_id: UUID, folder: Path) -> Uploader:
        """Return the carrier of a show's folder, or of a rehearsal's, which works until Go live or `leave_preview`."""
        if folder == playback.folder(session_id):
            return self.follow(session_id)
        carrier = PreviewUploader(session_id, self._bucket, folder=folder)
        self._previews[folder] = asyncio.create_task(carrier.run())
        return carrier

    async def leave_preview(self, folder: Path) -> None:
        """Stop a rehearsal's carrier: its files are about to be removed. Calling twice is safe."""
        if task := self._previews.pop(folder, None):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def look(self) -> None:
        """Go on with every show that anybody left unfinished, and see that browsers may read the bucket."""
        for session_id, (_, task) in list(self._tasks.items()):
            if task.done():
                del self._tasks[session_id]
                if not task.cancelled() and (error := task.exception()):
                    logger.error("%s: its carrier failed", session_id, exc_info=error)
                else:
                    self._done.add(session_id)
        for session_id in await _in_thread(self._unfinished):
            self.follow(session_id)
        if not self._may_be_read:
            try:
                await _in_thread(self._bucket.allow_reading)
            except StoreAway as error:
                logger.warning("whether browsers may read the bucket is unknown: %s", error)
            else:
                self._may_be_read = True

    async def close(self) -> None:
        """Stop at once; the next process goes on."""
        tasks = [*(task for _, task in self._tasks.values()), *self._previews.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _unfinished(self) -> list[UUID]:
        found = []
        for path in playback.shows_folder().glob(f"{'?' * 36}/{JOURNAL}"):
            session_id = UUID(path.parent.name)
            if session_id in self._done or session_id in self._tasks:
                continue
            if progress.is_done(path.parent):
                self._done.add(session_id)
            else:
                found.append(session_id)
        return found


def _batch(pending: Pending) -> Pending:
    """Return what to store next: not much at once, but all that was dropped by now, and a new run in all renditions.

    So no rendition ever knows a run, and a discontinuity, that another one lacks.
    """
    dropped = [index for index, (entry, _) in enumerate(pending) if isinstance(entry, Dropped)]
    size = max([BATCH, *(index + 1 for index in dropped)])
    while size < len(pending) and not _agrees(pending[:size]):
        size += 1
    return pending[:size]


def _agrees(batch: Pending) -> bool:
    lacking: set[str] = set()
    for entry, _ in batch:
        if isinstance(entry, Run):
            lacking = {one.name for one in entry.renditions}
        elif isinstance(entry, Segment):
            lacking.discard(entry.rendition)
    return not lacking


def _oldest(pending: Pending) -> datetime | None:
    return next((entry.ends_at for entry, _ in pending if isinstance(entry, Segment)), None)


def _pause_s(failures: int) -> float:
    return PAUSES_S[min(failures, len(PAUSES_S) - 1)]


async def _in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call in a thread of its own, which the process does not wait for when it ends.

    Of asyncio's own threads a store that hangs would take those that encoders need, and hold up the end.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def tell(deliver: Callable[[Any], None], what: object) -> None:
        if not future.done():
            deliver(what)

    def run() -> None:
        try:
            deliver, what = future.set_result, call(*args, **kwargs)
        except Exception as error:
            deliver, what = future.set_exception, error  # type: ignore[assignment]
        with contextlib.suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(tell, deliver, what)

    threading.Thread(target=run, name="store", daemon=True).start()
    return await future
