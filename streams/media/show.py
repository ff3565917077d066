"""One show that has a publisher: its runs, and its state as the picture comes and goes."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from streams import broadcasts, health, playback, shows
from streams.exceptions import StateRefused
from streams.hls.exceptions import HlsError
from streams.hls.ladder import Source
from streams.hls.origin import Origin, Playlists
from streams.hls.recording import Recording
from streams.ingest.avc import PictureSize
from streams.ingest.flv import AUDIO, VIDEO
from streams.media.database import in_database
from streams.media.disk_retention import DiskRetention
from streams.media.encoder_run import EncoderRun
from streams.media.feed import Outcome
from streams.media.packet_queue import PacketQueue
from streams.media.rehearsal import Rehearsal
from streams.media.stream_probe import StreamProbe
from streams.models import Broadcast, StreamSession

logger = logging.getLogger(__name__)

State = StreamSession.State

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)
HEALTH_S = 2.0
STEADY_S = 30.0  # a run that lasted so long was no failure to start


class Uploader(Protocol):
    """Brings what the journal names to a store that is no folder of ours, and lists it there."""

    newest_run: int

    def wake(self) -> None:
        """Say that there is something new."""


class Show:
    """Turns a publication into runs until its publisher is gone or the show is over.

    The state in the database follows what viewers can see: on air with the first segments, interrupted without a
    publisher. `refresh` brings both together as often as it is called, so one that fails is made good by the next.
    """

    def __init__(
        self,
        session: StreamSession,
        broadcast: Broadcast,
        publication: PacketQueue,
        *,
        carry: Callable[[Path], Uploader] | None = None,
    ) -> None:
        self.session = session
        self.broadcast = broadcast
        self.publication = publication
        self._origin = Origin(playback.folder(session.pk))
        self._rehearsal: Rehearsal | None = None
        if playback.is_secret(session) and broadcast.protocol != broadcasts.CAMERA:
            self._rehearsal = Rehearsal(self._origin, playback.new_preview(session.pk), self._live_since)
        self._carrier = carry(self._origin.folder) if carry else None
        self._preview_carrier = carry(self._rehearsal.folder) if carry and self._rehearsal else None
        self._run = 0
        self._has_picture = False
        self._source = Source()
        self._sheds = False
        self._meter = Meter(publication)
        self._keeper = DiskRetention(session.slug)

    @property
    def preview_folder(self) -> Path | None:
        """Where what viewers may not see is written; None if there is nothing such, or not any more."""
        return self._rehearsal.folder if self._rehearsal else None

    async def run(self) -> None:
        """Encode until the publisher is gone or the show is over. What was finished stays published."""
        intake = StreamProbe(self.publication, earlier_size=_picture_size(self._origin.recording))
        may_copy, sheds = True, False
        failures = 0
        while (opening := await intake.open()) is not None:
            self._source, self._sheds = opening.source, sheds
            begun_s = time.monotonic()
            if self._rehearsal and self._rehearsal.is_over:
                self._rehearsal = None
            number = self._run = await in_database(broadcasts.next_run, self.session.pk)
            run = EncoderRun(
                origin=self._rehearsal or self._origin,
                number=number,
                publication=self.publication,
                intake=intake,
                opening=opening,
                may_copy=may_copy,
                sheds=sheds,
                publish=self._publish,
            )
            try:
                outcome = await run.run()
            except (OSError, HlsError):
                logger.exception("%s: run %d failed", self.session.slug, number)
                outcome = Outcome.DIED
                # What is in memory may be ahead of the disk: read the journal again.
                self._origin = Origin(self._origin.folder)
                if self._rehearsal:
                    self._rehearsal = Rehearsal(self._origin, self._rehearsal.folder, self._live_since)
            if outcome is Outcome.STALE:
                self.publication.stop()
                return
            if outcome is Outcome.UNEVEN:
                may_copy = False
            # Only a run that begins for another reason tries all of them again.
            sheds = outcome is Outcome.BEHIND or (sheds and outcome is Outcome.STUCK)
            if outcome in {Outcome.DIED, Outcome.STUCK} or not run.has_segments:
                if time.monotonic() - begun_s > STEADY_S:
                    failures = 0
                await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
                failures += 1

    async def refresh(self) -> None:
        """Read the show's state again, and change it if the picture says so.

        A show that was ended, or deleted, or whose broadcast somebody closed, loses its publisher.
        """
        try:
            broadcast = await in_database(Broadcast.objects.select_related("session").get, pk=self.broadcast.pk)
        except Broadcast.DoesNotExist:
            self.publication.stop()
            return
        self.session = broadcast.session
        if self.session.state == State.ENDED:
            self.publication.stop("ended")
        elif broadcast.ended_at:
            self.publication.stop(broadcast.end_reason)
        elif self._is_shown() and not self.publication.is_over:
            await self._appear()
        if (rates := self._meter.read()) and self._run:
            told = health.Health(
                *rates,
                width=self._source.width,
                height=self._source.height,
                dropped=self.publication.dropped_pictures,
                has_sound=self.publication.has_lately(AUDIO),
                has_picture=self.publication.has_lately(VIDEO),
                sheds=self._sheds,
                is_disk_low=self._keeper.is_disk_low,
            )
            await asyncio.to_thread(health.report, self.session.pk, told)

    async def finish(self) -> None:
        """Close the broadcast and, unless the show has ended, say that it lost its publisher."""
        await in_database(broadcasts.close, self.broadcast, self.publication.end_reason or "stopped")
        try:
            self.session = await in_database(StreamSession.objects.get, pk=self.session.pk)
        except StreamSession.DoesNotExist:  # somebody deleted it; its files stay
            return
        if self.session.state == State.ENDED:
            if self._carrier:
                self._carrier.wake()
            else:
                await asyncio.to_thread(publish_replay, self.session)
            return
        if self.publication.stop_reason == broadcasts.TAKEN_OVER:
            return  # the next publisher waits at the door
        if await in_database(broadcasts.is_open, self.session.pk):
            return  # another process owns the show by now, and has a publisher for it
        try:
            await in_database(shows.interrupt, self.session)
        except StateRefused:  # it never had a picture, or ended this moment
            logger.info("%s: the publisher left a show that is not on air", self.session.slug)

    async def _appear(self) -> None:
        """Put the show where its picture belongs.

        The browser's camera shows its host the picture beforehand, and is only sent once they pressed Go live.
        """
        rehearses = self.session.has_preview and self.broadcast.protocol != broadcasts.CAMERA
        step = {
            State.SCHEDULED: shows.rehearse if rehearses else shows.go_live,
            State.REHEARSAL: None if rehearses else shows.go_live,
            State.INTERRUPTED: shows.resume,
        }.get(State(self.session.state))
        if step is None:
            return
        try:
            self.session = await in_database(step, self.session)
        except StateRefused:  # the host was faster: the next refresh sees it
            return
        logger.info("%s: %s", self.session.slug, self.session.state)

    def _publish(self) -> None:
        preview = self._preview
        if carrier := self._carrier_now:
            carrier.wake()
        else:
            if preview:
                preview.publish_preview()
            else:
                publish(self.session, self._origin)
            self._has_picture = True
        try:
            self._keeper.look(preview or self._origin, is_recorded=self.session.is_recorded and not preview)
        except OSError as error:
            logger.warning("%s: old segments are not removed yet: %s", self.session.slug, error)

    def _is_shown(self) -> bool:
        """Whether viewers, or in a rehearsal its host, could see what this publisher sends."""
        if carrier := self._carrier_now:
            return 0 < self._run == carrier.newest_run
        return self._has_picture

    @property
    def _preview(self) -> Origin | None:
        """What is written before Go live."""
        return self._rehearsal.preview if self._rehearsal and not self._rehearsal.is_over else None

    @property
    def _carrier_now(self) -> Uploader | None:
        return self._preview_carrier if self._preview else self._carrier

    def _live_since(self) -> datetime | None:
        return self.session.started_at


class Meter:
    """How much of a publication arrives a second."""

    def __init__(self, publication: PacketQueue) -> None:
        self._publication = publication
        self._before = (time.monotonic(), 0, 0)

    def read(self) -> tuple[int, float] | None:
        """Return bits and pictures a second since the last reading; None if that is less than HEALTH_S ago."""
        now = (time.monotonic(), self._publication.taken_bytes, self._publication.taken_pictures)
        span_s, size, pictures = (new - old for new, old in zip(now, self._before, strict=True))
        if span_s < HEALTH_S:
            return None
        self._before = now
        return round(size * 8 / span_s), pictures / span_s


def _picture_size(recording: Recording) -> PictureSize | None:
    """Return the size of the picture that a show had last, if it had any."""
    pictures = [one for run in recording.runs[-1:] for one in run.renditions if one.has_picture]
    best = max(pictures, key=lambda one: one.width * one.height, default=None)
    return PictureSize(best.width, best.height) if best else None


def publish(session: StreamSession, playlists: Playlists) -> None:
    """Write what viewers may play of a show that is not over."""
    if not playback.is_secret(session):
        playlists.publish(since=playback.live_since(session))


def publish_replay(session: StreamSession, playlists: Playlists | None = None) -> None:
    """End the live playlists of a show that is over, and write its replay. Calling twice is safe.

    Of a mere rehearsal nothing is left to play, and a show that is not recorded has no replay.
    """
    if playback.is_secret(session):
        return
    origin = playlists or Origin(playback.folder(session.pk))
    origin.publish(since=playback.live_since(session), has_ended=True)
    if session.is_recorded:
        origin.publish_replay(since=playback.live_since(session))
