"""A publisher's connection to a show, from the key it named to its end."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from streams.exceptions import KeyRefused
from streams.models import Broadcast, StreamSession

REASON_MAX = 40


def session_of(key: str) -> StreamSession:
    """Return the show that a stream key belongs to. Raises KeyRefused (unknown, ended)."""
    session = StreamSession.objects.filter(stream_key=key).first() if key else None
    if session is None:
        raise KeyRefused("unknown")
    if session.state == StreamSession.State.ENDED:
        raise KeyRefused("ended")
    return session


def open(key: str, protocol: str) -> Broadcast:
    """Let a publisher in. Its media may be taken from now on, until `close`.

    The database allows one open broadcast a show. Raises KeyRefused (unknown, ended, in_use).
    """
    session = session_of(key)
    try:
        with transaction.atomic():
            return Broadcast.objects.create(session=session, protocol=protocol)
    except IntegrityError as error:
        raise KeyRefused("in_use") from error


def close(broadcast: Broadcast, reason: str) -> None:
    """Say that a publisher is gone, and why. Calling twice is safe: the first reason stays."""
    Broadcast.objects.filter(pk=broadcast.pk, ended_at=None).update(
        ended_at=timezone.now(), end_reason=reason[:REASON_MAX]
    )


def is_open(session_id: UUID) -> bool:
    """Tell whether a publisher was let in to a show and has not left."""
    return Broadcast.objects.filter(session_id=session_id, ended_at=None).exists()


def close_orphans(session_id: UUID) -> int:
    """Close broadcasts of a show that a dead process left open. Only who owns the show may call this."""
    return Broadcast.objects.filter(session_id=session_id, ended_at=None).update(
        ended_at=timezone.now(), end_reason="media process lost"
    )


def next_run(session_id: UUID) -> int:
    """Raise the show's run number in the database and return it: no two runs, of any process, share one."""
    with transaction.atomic():
        StreamSession.objects.filter(pk=session_id).update(owner_epoch=F("owner_epoch") + 1)
        return StreamSession.objects.values_list("owner_epoch", flat=True).get(pk=session_id)
