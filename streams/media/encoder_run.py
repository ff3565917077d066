"""One life of ffmpeg: packets in, journal entries out, watched all the time."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from streams.hls import encoder, ladder
from streams.hls.clock import SourceClock
from streams.hls.exceptions import BadMedia, StaleRun
from streams.hls.ladder import Step
from streams.hls.origin import Origin
from streams.hls.recording import Recording
from streams.hls.watcher import Watcher
from streams.ingest import ffmpeg
from streams.ingest.flv import Tag
from streams.media.feed import Feed, Outcome, RunOver
from streams.media.packet_queue import PacketQueue
from streams.media.rehearsal import Rehearsal
from streams.media.stream_probe import Opening, StreamProbe

logger = logging.getLogger(__name__)

POLL_S = 0.1
FIRST_SEGMENT_S = 12.0  # the machine may be busy, and the segment itself lasts a second
STUCK_TARGETS = 3
FLUSH_S = 1.5
BEHIND_MS = 3_000
BEHIND_FOR_S = 2.0
AT_WORK_S = 0.02  # one that hangs keeps no processor busy at all


# ffmpeg is gone then, or what it still holds comes too late.
HASTY = frozenset({Outcome.DIED, Outcome.STUCK, Outcome.BEHIND})


class EncoderRun:
    """Feeds one ffmpeg with the packets of a publication, from its opening on.

    `publish` is called, in a thread, whenever the journal has something new. `sheds`: with one rendition less, for
    encoding all of them took longer than the show itself.
    """

    def __init__(
        self,
        *,
        origin: Origin | Rehearsal,
        number: int,
        publication: PacketQueue,
        intake: StreamProbe,
        opening: Opening,
        may_copy: bool,
        sheds: bool,
        publish: Callable[[], None],
    ) -> None:
        self._origin = origin
        self._publication = publication
        self._intake = intake
        self._opening = opening
        self._publish = publish
        self._steps = ladder.fit(opening.source, may_copy=may_copy, sheds=sheds)
        self._may_shed = not sheds and len(ladder.fit(opening.source, may_copy=may_copy, sheds=True)) < len(
            self._steps
        )
        self._dropped_before = publication.dropped_pictures
        self._on_time_s = time.monotonic()
        self._clock = SourceClock(opening.offset_s)
        for tag in opening.tags:
            self._note_arrival(tag)
        self._watcher = Watcher(
            origin.folder,
            run=number,
            anchor_at=self._anchor_at(),
            steps=self._steps,
            stand_ins=_stand_ins(origin.recording, self._steps),
        )
        self._last_words: deque[str] = deque(maxlen=5)
        self._collecting = threading.Lock()
        self.has_segments = False
        self._last_segment_s = 0.0
        self._fed_ms = 0
        self._fed_at_segment_ms = 0

    @property
    def has_copy(self) -> bool:
        return any(step.is_copied for step in self._steps)

    async def run(self) -> Outcome:
        """Encode until something ends it; then nothing of it is left running, and all it finished is published."""
        self._watcher.make_folders()
        source = self._opening.source
        if not source.has_sound:
            source = replace(source, has_sound=True, can_copy_sound=True)  # it gets silence
        argv = encoder.command(ffmpeg.ffmpeg(), source, self._steps, self._watcher.folder)
        process = await ffmpeg.spawn(argv)
        self._last_segment_s = time.monotonic()
        tasks = {
            asyncio.create_task(self._pump(process)),
            asyncio.create_task(self._watch(process)),
            asyncio.create_task(self._wait(process)),
        }
        listening = asyncio.create_task(ffmpeg.listen(process, self._last_words))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            outcome = done.pop().result()
            if outcome is not Outcome.STALE:
                await self._finish(process, is_orderly=outcome not in HASTY)
            level = logging.INFO if outcome is Outcome.OVER else logging.WARNING
            logger.log(level, "%s: %s %s", self._publication.name, outcome.value, "; ".join(self._last_words))
            return outcome
        except StaleRun:
            return Outcome.STALE
        finally:
            for task in tasks:
                task.cancel()
            if process.returncode is None:
                process.kill()
                await process.wait()
            await listening

    async def _finish(self, process: asyncio.subprocess.Process, *, is_orderly: bool) -> None:
        """Let ffmpeg write what it still has, if it can, and take it."""
        if is_orderly and process.stdin:
            process.stdin.close()
        await ffmpeg.stop(process, within_s=FLUSH_S if is_orderly else 0)
        await asyncio.to_thread(self._collect)

    async def _pump(self, process: asyncio.subprocess.Process) -> Outcome:
        """Write the opening and all that follows to ffmpeg, for as long as the source stays what it was."""
        if process.stdin is None:  # spawn always makes one
            raise RuntimeError("no pipe")
        feed = Feed(self._opening, self._intake, has_copy=self.has_copy)
        opening = deque(self._opening.tags)
        try:
            process.stdin.write(feed.begin())
            while True:
                is_news = not opening
                tag = await self._intake.next() if is_news else opening.popleft()
                if tag is None:
                    return Outcome.OVER
                if is_news and not tag.is_header:
                    self._note_arrival(tag)
                if self._clock.has_drifted and tag.is_keyframe:
                    self._intake.put_back([tag])
                    return Outcome.DRIFTED
                if data := feed.take(tag):
                    process.stdin.write(data)
                    await process.stdin.drain()
                    self._fed_ms = max(self._fed_ms, tag.after_ms(self._opening.begins_ms))
        except RunOver as over:
            self._intake.put_back(over.tags, lacks_picture=over.outcome is Outcome.STOPPED)
            return over.outcome
        except ConnectionError:
            return Outcome.DIED

    def _note_arrival(self, tag: Tag) -> None:
        self._clock.note(arrival_s=tag.arrival_s, timestamp_s=tag.after_ms(self._opening.begins_ms) / 1000)

    async def _watch(self, process: asyncio.subprocess.Process) -> Outcome:
        """Publish what is finished. Returns when nothing was for too long, or another process owns the show.

        A source that sends few bits fits into ffmpeg's pipe for a while: then only the missing segment tells of an
        encoder that is much too slow, and the work it does that it doesn't hang.
        """
        worked_s = 0.0
        while True:
            await asyncio.sleep(POLL_S)
            try:
                if await asyncio.to_thread(self._collect):
                    worked_s = ffmpeg.processor_s(process)
            except StaleRun:
                return Outcome.STALE
            except BadMedia as error:
                self._last_words.append(str(error))
                return Outcome.STUCK
            if self._is_stuck():
                is_at_work = ffmpeg.processor_s(process) - worked_s > AT_WORK_S
                return Outcome.BEHIND if self._may_shed and is_at_work else Outcome.STUCK
            if self._may_shed and self._is_behind():
                return Outcome.BEHIND

    def _is_stuck(self) -> bool:
        """Whether ffmpeg got enough for segments, or doesn't take what waits, and made none for too long."""
        limit_s = STUCK_TARGETS * self._origin.recording.target_duration_s if self.has_segments else FIRST_SEGMENT_S
        is_fed = not self._publication.is_empty or self._fed_ms - self._fed_at_segment_ms > limit_s * 1000
        return is_fed and time.monotonic() - self._last_segment_s > limit_s

    def _is_behind(self) -> bool:
        """Whether media has waited for ffmpeg for a while, or was dropped because it did."""
        now_s = time.monotonic()
        if not self.has_segments or self._publication.behind_ms < BEHIND_MS:
            self._on_time_s = now_s
        has_dropped = self._publication.dropped_pictures > self._dropped_before
        return has_dropped or now_s - self._on_time_s > BEHIND_FOR_S

    def _collect(self) -> bool:
        """Move what ffmpeg finished into the journal, then into the playlists; False if there is nothing new.

        Runs in a thread.
        """
        with self._collecting:
            entries = self._watcher.poll()
            if not entries:
                return False
            self._origin.add(entries)
            self._publish()
            self.has_segments = True
            self._last_segment_s = time.monotonic()
            self._fed_at_segment_ms = self._fed_ms
            return True

    async def _wait(self, process: asyncio.subprocess.Process) -> Outcome:
        await process.wait()
        return Outcome.DIED

    def _anchor_at(self) -> datetime:
        """Return the wall clock's time of the run's media time zero; never inside what the show already has."""
        ago_s = time.monotonic() - self._opening.offset_s
        anchor_at = datetime.now(UTC) - timedelta(seconds=ago_s)
        before = self._origin.recording.ends_at
        return max(anchor_at, before) if before else anchor_at


def _stand_ins(recording: Recording, steps: Sequence[Step]) -> dict[str, str]:
    """Return what goes on in place of the earlier runs' renditions that this one lacks: its best picture."""
    best = next((step.name for step in steps if step.has_picture), "")
    present = {step.name for step in steps}
    earlier = {one.name for run in recording.runs for one in run.renditions if one.has_picture}
    return dict.fromkeys(sorted(earlier - present), best) if best else {}
