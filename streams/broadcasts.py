"""A publisher's connection to a show, from the key or ticket it brings to its end.

A broadcast that somebody else closes ends its publisher, in whichever media process it is, within half a second:
so a rotated key or a take-over reaches a connected encoder.
"""

from collections.abc import Callable
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from shop import audit
from streams.exceptions import UNKNOWN_CODEC, KeyRefused
from streams.locks import lock_session
from streams.models import Broadcast, StreamSession

REASON_MAX = 40
CAMERA = "camera"
TAKEN_OVER = "taken over"
KEY_REPLACED = "key replaced"

Admit = Callable[[], StreamSession]
"""Finds the show that a publisher may send to. Raises KeyRefused."""


def check_running(session: StreamSession) -> StreamSession:
    """Return the show itself. Raises KeyRefused (ended)."""
    if session.state == StreamSession.State.ENDED:
        raise KeyRefused("ended")
    return session


def check_free(session: StreamSession) -> StreamSession:
    """Return a show whose place is free, or may be taken over. Raises KeyRefused (in_use)."""
    if not session.allows_takeover and is_open(session.pk):
        raise KeyRefused("in_use")
    return session


def open(admit: Admit, protocol: str) -> Broadcast:
    """Let a publisher in. Its media may be taken from now on, until `close`.

    The key is checked under the show's lock, which who rotates it takes, too; the database allows one open broadcast
    a show. Raises KeyRefused (unknown, ended, in_use), StockBusy.
    """
    found = admit()
    try:
        with transaction.atomic():
            lock_session(found.pk)
            return Broadcast.objects.create(session=admit(), protocol=protocol)
    except IntegrityError as error:
        raise KeyRefused("in_use") from error
    except StreamSession.DoesNotExist as error:  # deleted since
        raise KeyRefused("unknown") from error


def close(broadcast: Broadcast, reason: str) -> None:
    """Say that a publisher is gone, and why. Calling twice is safe: the first reason stays."""
    Broadcast.objects.filter(pk=broadcast.pk, ended_at=None).update(
        ended_at=timezone.now(), end_reason=reason[:REASON_MAX]
    )


def is_open(session_id: UUID) -> bool:
    """Tell whether a publisher was let in to a show and has not left."""
    return Broadcast.objects.filter(session_id=session_id, ended_at=None).exists()


def refused_codec(session_id: UUID) -> str:
    """Return what a show's last publisher sent instead of H.264 and AAC, if it was sent away for that; else ""."""
    last = Broadcast.objects.filter(session_id=session_id).order_by("-pk").values_list("end_reason", flat=True).first()
    return last.removeprefix(UNKNOWN_CODEC) if last and last.startswith(UNKNOWN_CODEC) else ""


def allow_takeover(session: StreamSession, is_allowed: bool, *, actor: str) -> None:
    """Decide whether a second publisher takes a show's first one's place; refused otherwise."""
    with transaction.atomic():
        StreamSession.objects.filter(pk=session.pk).update(allows_takeover=is_allowed)
        audit.record(
            actor=actor, action="allow_takeover" if is_allowed else "refuse_takeover", subject=f"show:{session.slug}"
        )
    session.allows_takeover = is_allowed


def take_over(session_id: UUID) -> int:
    """Close the broadcast of a show's present publisher, so that another one may open its own."""
    return _close_open(session_id, TAKEN_OVER)


def drop_key_holder(session_id: UUID) -> int:
    """Close the broadcast of a publisher that came with a key; the browser's camera brings none."""
    return _close_open(session_id, KEY_REPLACED, unless=CAMERA)


def close_orphans(session_id: UUID) -> int:
    """Close broadcasts of a show that a dead process left open. Only who owns the show may call this."""
    return _close_open(session_id, "media process lost")


def next_run(session_id: UUID) -> int:
    """Raise the show's run number in the database and return it: no two runs, of any process, share one."""
    with transaction.atomic():
        StreamSession.objects.filter(pk=session_id).update(owner_epoch=F("owner_epoch") + 1)
        return StreamSession.objects.values_list("owner_epoch", flat=True).get(pk=session_id)


def _close_open(session_id: UUID, reason: str, *, unless: str = "") -> int:
    still_open = Broadcast.objects.filter(session_id=session_id, ended_at=None).exclude(protocol=unless)
    return still_open.update(ended_at=timezone.now(), end_reason=reason)
