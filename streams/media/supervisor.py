"""The media process: lets publishers in, runs their shows, and ends what is over."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import psycopg
from django.db import Error as DatabaseError
from django.db.models import Q

from inventory.exceptions import StockBusy
from streams import broadcasts, playback, shows
from streams.exceptions import KeyRefused, StateRefused
from streams.hls.exceptions import BadMedia
from streams.hls.journal import FILE as JOURNAL
from streams.hls.thumbnails import TRACK
from streams.media import rehearsal, stills, thumbnails
from streams.media.database import in_database
from streams.media.listeners import Listeners
from streams.media.owner import Owner, OwnershipLost
from streams.media.packet_queue import PacketQueue
from streams.media.show import Show, publish_replay
from streams.media.uploader import Uploaders
from streams.models import Broadcast, StreamSession
from streams.store.bucket import find_bucket
from streams.store.exceptions import StoreAway

logger = logging.getLogger(__name__)

State = StreamSession.State

REFRESH_S = 0.5
FOLLOW_S = 1.0
CARE_S = 5.0
DRAW_S = 1.0
STILL_S = 5.0
LEAVING_S = 4.0
STOP_S = 2.3
TAKE_OVER_S = 6.0
LOOKED_AFTER_S = 1.0  # an ownerless show is owned for a moment by whoever puts it away
TRY_AGAIN_S = 0.2


class Supervisor:
    """Runs the shows whose publishers came to this process. Any number of processes may run side by side."""

    def __init__(self) -> None:
        self._owner = Owner()
        self._shows: dict[UUID, tuple[Show, asyncio.Task[None]]] = {}
        self._doors = Listeners(self.let_in)
        bucket = find_bucket()
        self._carriers = Uploaders(bucket) if bucket else None
        self._over: set[UUID] = set()  # shows that ended and have all the replay they will ever have
        self._rehearsed: list[UUID] | None = None  # what an earlier version kept of them is to go
        self._drawn: set[UUID] = set()  # those whose thumbnails need no second look
        self._stills: set[tuple[UUID, bool]] = set()  # whether on air or over, those that gave no frame

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve until `stopping` is set. Raises OSError if the port is taken."""
        await self._care()
        await self._doors.listen()
        chores = asyncio.gather(
            self._repeat(self._refresh, REFRESH_S),
            self._repeat(self._doors.follow, FOLLOW_S),
            self._repeat(self._care, CARE_S),
            self._repeat(self._remove_rehearsals, CARE_S),
            self._repeat(self._draw_thumbnails, DRAW_S),
            self._repeat(self._draw_stills, STILL_S),
        )
        try:
            await stopping.wait()
        finally:
            chores.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await chores
            await self._stop()

    async def let_in(self, admit: broadcasts.Admit, *, protocol: str, peer: str) -> PacketQueue:
        """Check a publisher's key or ticket, and begin its show. Raises KeyRefused, before any media is taken."""
        try:
            session = await in_database(admit)
            await self._wait_for_leaver(session.pk)
            await self._own(session)
            try:
                return await self._begin(admit, protocol=protocol)
            except BaseException:
                await asyncio.shield(self._withdraw(session.pk))
                raise
        except KeyRefused as refusal:
            logger.info("%s: publisher from %s refused: %s", protocol, peer, refusal.reason)
            raise
        except (DatabaseError, psycopg.Error, StockBusy) as error:
            logger.warning("%s: publisher from %s refused: the database is away: %s", protocol, peer, error)
            raise KeyRefused("busy") from error

    async def _own(self, session: StreamSession) -> None:
        """Make a show this process's. Its present publisher is sent away if the host allows that.

        Raises KeyRefused (in_use).
        """
        patience_s = TAKE_OVER_S if session.allows_takeover else LOOKED_AFTER_S
        deadline_s = time.monotonic() + patience_s
        has_asked = False
        while not await self._owner.acquire(session.pk):
            if time.monotonic() > deadline_s:
                raise KeyRefused("in_use")
            if session.allows_takeover and not has_asked:
                await in_database(broadcasts.take_over, session.pk)
                has_asked = True
            await asyncio.sleep(TRY_AGAIN_S)

    async def _withdraw(self, session_id: UUID) -> None:
        """Undo `_own` for a publisher that left, or was refused, before its show began."""
        try:
            await in_database(broadcasts.close_orphans, session_id)
        except DatabaseError:
            logger.warning("a broadcast is left open: the database is away")
        finally:
            await self._owner.release(session_id)

    async def _begin(self, admit: broadcasts.Admit, *, protocol: str) -> PacketQueue:
        """Open the broadcast of a show that we own now, and start its task."""
        session = await in_database(admit)
        await in_database(broadcasts.close_orphans, session.pk)
        broadcast = await in_database(broadcasts.open, admit, protocol)
        publication = PacketQueue(session.slug)
        carry = partial(self._carriers.carry, session.pk) if self._carriers else None
        show = Show(session, broadcast, publication, carry=carry)
        self._shows[session.pk] = (show, asyncio.create_task(self._run(show)))
        logger.info("%s: a publisher came by %s", session.slug, protocol)
        return publication

    async def _wait_for_leaver(self, session_id: UUID) -> None:
        """Let a publisher that comes back at once wait until its last connection has been put away."""
        show, task = self._shows.get(session_id, (None, None))
        if show and task and show.publication.is_over:
            await asyncio.wait({task}, timeout=LEAVING_S)

    async def _run(self, show: Show) -> None:
        session_id = show.session.pk
        try:
            await show.run()
        except Exception:
            logger.exception("%s: the show's task failed", show.session.slug)
        finally:
            show.publication.stop()
            try:
                await show.finish()
            except DatabaseError:
                logger.warning("%s: not put away: the database is away", show.session.slug)
            finally:
                self._shows.pop(session_id, None)
                await self._owner.release(session_id)

    async def _refresh(self) -> None:
        """Twice a second: see that our shows are still ours, and follow what was decided about them."""
        try:
            await self._owner.check()
        except OwnershipLost:
            logger.warning("the locks on our shows are lost: all of them begin anew")
            for _, task in self._shows.values():
                task.cancel()
            return
        for show, task in list(self._shows.values()):
            if not task.done():
                await show.refresh()
        if not self._carriers:
            await self._publish_replays()

    async def _publish_replays(self) -> None:
        """Write the replay of shows that ended while nobody was sending to them."""
        for session in await in_database(_just_ended):
            folder = playback.folder(session.pk)
            is_missing = (folder / JOURNAL).exists() and not (folder / playback.REPLAY_PLAYLIST).exists()
            if is_missing and session.pk not in self._shows and session.pk not in self._over:
                await asyncio.to_thread(publish_replay, session)
                self._over.add(session.pk)

    async def _draw_thumbnails(self) -> None:
        """Draw the thumbnails of replays that have none yet, one show at a time, each in one process alone."""
        for session in await in_database(_just_ended):
            folder = playback.folder(session.pk)
            is_missing = (folder / playback.REPLAY_PLAYLIST).exists() and not (folder / TRACK).exists()
            if not is_missing or session.pk in self._drawn or not await self._owner.acquire(session.pk):
                continue
            try:
                if await thumbnails.draw(folder, since=playback.live_since(session)):
                    logger.info("%s: thumbnails drawn", session.slug)
            except (OSError, BadMedia) as error:
                logger.warning("%s: no thumbnails: %s", session.slug, error)
            finally:
                self._drawn.add(session.pk)
                await self._owner.release(session.pk)

    async def _draw_stills(self) -> None:
        """Give shows without a poster a frame of theirs to stand for them: ours that are on air, and replays."""
        for session in await in_database(_without_cover):
            folder = playback.folder(session.pk)
            is_ours = session.pk in self._shows
            if (session.pk, session.is_on_air) in self._stills or not (folder / JOURNAL).exists():
                continue
            if not is_ours and (session.is_on_air or not await self._owner.acquire(session.pk)):
                continue
            try:
                picture = await stills.draw(
                    folder, since=playback.live_since(session), has_ended=not session.is_on_air
                )
                if picture is None:
                    if not session.is_on_air:
                        self._stills.add((session.pk, False))
                else:
                    is_kept: bool = await in_database(shows.keep_still, session, picture)
                    if is_kept:
                        logger.info("%s: a frame of it stands for it", session.slug)
            except (OSError, BadMedia) as error:
                logger.warning("%s: no frame to stand for it: %s", session.slug, error)
                self._stills.add((session.pk, session.is_on_air))
            finally:
                if not is_ours:
                    await self._owner.release(session.pk)

    async def _care(self) -> None:
        """End shows that waited too long, and interrupt those whose media process died."""
        await in_database(shows.end_abandoned)
        if self._carriers:
            await self._carriers.look()
        sent_to = Q(pk__in=Broadcast.objects.filter(ended_at=None).values("session_id"))
        has_picture = Q(state__in=[State.LIVE, State.REHEARSAL])
        for session in await in_database(list, StreamSession.objects.filter(sent_to | has_picture)):
            if session.pk in self._shows or not await self._owner.acquire(session.pk):
                continue
            try:
                # Nobody owns it, so nobody sends to it, whatever the table says.
                await in_database(broadcasts.close_orphans, session.pk)
                with contextlib.suppress(StateRefused):
                    await in_database(shows.interrupt, session)
                    logger.info("%s: found without a publisher", session.slug)
            finally:
                await self._owner.release(session.pk)

    async def _remove_rehearsals(self) -> None:
        """Take away what was sent before Go live, once nothing is written there any more: nobody may see it again."""
        for folder in await asyncio.to_thread(playback.previews):
            session_id = UUID(folder.parent.parent.name)
            show, _ = self._shows.get(session_id, (None, None))
            if show and show.preview_folder != folder:
                await self._remove(folder)
            elif show is None:
                async with self._looking_after(session_id) as is_ours:
                    if is_ours:
                        await self._remove(folder)
        if self._rehearsed is None:
            rehearsed = StreamSession.objects.filter(has_preview=True).values_list("pk", flat=True)
            self._rehearsed = await in_database(list, rehearsed)
        for session_id in list(self._rehearsed):
            async with self._looking_after(session_id) as is_ours:
                session = await in_database(StreamSession.objects.filter(pk=session_id).first) if is_ours else None
                if session:
                    await asyncio.to_thread(rehearsal.remove_old, session)
            self._rehearsed.remove(session_id)

    async def _remove(self, folder: Path) -> None:
        if self._carriers:
            await self._carriers.leave_preview(folder)
        await asyncio.to_thread(rehearsal.remove, folder)

    @asynccontextmanager
    async def _looking_after(self, session_id: UUID) -> AsyncIterator[bool]:
        """Own a show that nobody sends to for a moment; False if somebody does."""
        is_ours = session_id not in self._shows and await self._owner.acquire(session_id)
        try:
            yield is_ours
        finally:
            if is_ours:
                await self._owner.release(session_id)

    async def _repeat(self, chore: Callable[[], Awaitable[None]], every_s: float) -> None:
        while True:
            try:
                await chore()
            except (DatabaseError, psycopg.Error, OSError, StoreAway) as error:
                logger.warning("media: %s", error)
            except Exception:  # whatever one show does, the others need this chore again
                logger.exception("media: a chore failed")
            await asyncio.sleep(every_s)

    async def _stop(self) -> None:
        """End every show in order, but not for longer than STOP_S."""
        for show, _ in self._shows.values():
            show.publication.stop()
        tasks = {asyncio.create_task(self._doors.close()), *(task for _, task in self._shows.values())}
        await asyncio.wait(tasks, timeout=STOP_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._carriers:
            await self._carriers.close()
        await self._owner.close()


def _without_cover() -> list[StreamSession]:
    return list(shows.without_cover()[:20])


def _just_ended() -> list[StreamSession]:
    """Return the shows that may still lack something of their replay."""
    return list(StreamSession.objects.filter(state=State.ENDED).order_by("-ended_at")[:20])
