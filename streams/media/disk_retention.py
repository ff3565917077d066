"""What stays on the disk while a show runs: all of it, or only what its viewers may still ask for."""

import logging
import shutil
import time
from datetime import timedelta

from django.conf import settings

from streams.hls.origin import Origin
from streams.hls.playlist import LIVE_WINDOW_S

logger = logging.getLogger(__name__)

LOOK_S = 5.0
# RFC 8216, 6.2.2: what left a playlist is kept for as long again as the playlist and a segment last.
KEPT = timedelta(seconds=2 * LIVE_WINDOW_S + 10)
ENOUGH = 1.25  # times the reserve, before recording begins again


class DiskRetention:
    """Drops old segments of one show that is not recorded, or while the disk is nearly full."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._looked_s = 0.0
        self.is_disk_low = False

    def look(self, origin: Origin, *, is_recorded: bool) -> None:
        """Drop what need not be kept, every few seconds however often it is called. Raises OSError, StaleRun."""
        if time.monotonic() - self._looked_s < LOOK_S:
            return
        self._looked_s = time.monotonic()
        self._look_at_disk(origin)
        ends_at = origin.recording.ends_at
        if ends_at and (self.is_disk_low or not is_recorded):
            origin.drop(before=ends_at - KEPT)

    def _look_at_disk(self, origin: Origin) -> None:
        free = shutil.disk_usage(origin.folder).free
        reserve = settings.MEDIA_RESERVE_MB * 1_000_000
        is_low = free < reserve * (ENOUGH if self.is_disk_low else 1)
        if is_low and not self.is_disk_low:
            logger.error("%s: the disk is nearly full (%d MB free): recording stops", self._name, free // 1_000_000)
        elif self.is_disk_low and not is_low:
            logger.warning("%s: the disk has room again: recording goes on from here", self._name)
        self.is_disk_low = is_low
