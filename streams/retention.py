"""How long a show's recording is kept: for good, for some days after its end, or not at all. See docs/video.md."""

import logging
import shutil
from contextlib import ExitStack, closing
from datetime import timedelta

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.utils import timezone

from shop import audit
from streams import playback
from streams.exceptions import StateRefused
from streams.hls.origin import exclusively
from streams.locks import lock_session
from streams.models import StreamSession
from streams.store.bucket import find_bucket
from streams.store.exceptions import Busy, StoreAway
from streams.store.progress import Progress

logger = logging.getLogger(__name__)

State = StreamSession.State

# Who watches live sees the last seconds after the show has ended.
LAST_SECONDS = timedelta(minutes=2)
DAYS_MAX = 3650


def choose(session: StreamSession, *, is_recorded: bool, replay_days: int | None, actor: str) -> None:
    """Decide whether a show is recorded, and for how many days its replay stays; None is for good.

    Raises StateRefused for an ended show that was not recorded, or whose replay is gone; StockBusy.
    """
    with transaction.atomic():
        locked = lock_session(session.pk)
        if locked.state == State.ENDED and (locked.is_replay_over or is_recorded != locked.is_recorded):
            raise StateRefused(locked.state, "keep a replay")
        locked.is_recorded, locked.replay_days = is_recorded, replay_days if is_recorded else None
        locked.save(update_fields=["is_recorded", "replay_days"])
        audit.record(
            actor=actor,
            action="keep_replay",
            subject=f"show:{locked.slug}",
            is_recorded=is_recorded,
            replay_days=locked.replay_days,
        )
    session.is_recorded, session.replay_days = locked.is_recorded, locked.replay_days


def overdue() -> QuerySet[StreamSession]:
    """Return ended shows whose files should be gone by now."""
    now = timezone.now()
    kept_for = ExpressionWrapper(F("replay_days") * Value(timedelta(days=1)), output_field=DurationField())
    is_over = Q(is_recorded=True, replay_days__isnull=False, ended_at__lte=now - kept_for)
    never_kept = Q(is_recorded=False, ended_at__lte=now - LAST_SECONDS)
    return StreamSession.objects.filter(is_over | never_kept, state=State.ENDED, replay_removed_at=None)


def remove_overdue() -> int:
    """Remove the files of shows that are overdue; return how many shows. Calling it twice, or in two places, is safe.

    The files go first: what dies in between is done again by the next call.
    """
    removed = 0
    for session in overdue().order_by("ended_at"):
        try:
            _remove(session)
        except Busy:  # its carrier would put back what we remove
            logger.info("%s: its recording is removed once it is stored", session.slug)
            continue
        except (OSError, StoreAway) as error:
            logger.warning("%s: its recording is not removed yet: %s", session.slug, error)
            continue
        still_there = StreamSession.objects.filter(pk=session.pk, replay_removed_at=None)
        removed += still_there.update(replay_removed_at=timezone.now(), still="")
        logger.info("%s: its recording is removed", session.slug)
    return removed


def _remove(session: StreamSession) -> None:
    """Remove a show's files, those on disk last: they tell of the others. Raises Busy, OSError or StoreAway."""
    folder = playback.folder(session.pk)
    with ExitStack() as held:
        if folder.exists():
            held.enter_context(exclusively(folder))
            held.enter_context(closing(Progress(folder)))
        if bucket := find_bucket():
            bucket.remove_folder(f"sessions/{session.pk}")
        if still := session.still.name:
            if bucket:
                bucket.remove(still)
            else:
                session.still.storage.delete(still)
        if folder.exists():
            shutil.rmtree(folder)
