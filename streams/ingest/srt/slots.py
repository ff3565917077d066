"""Which of the SRT ports is whose. A show has one from when it is planned to its end, while there are enough."""

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Coalesce

from streams.locks import lock_session
from streams.models import Broadcast, StreamSession

SLOTS = 16
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('srt slots', 0))"

State = StreamSession.State


def lease(session: StreamSession) -> int | None:
    """Give a show an SRT port, unless it has one, and return it; None if every one is in use, or the show is over.

    With none free, the planned show whose time passed longest ago gives up its own; it gets another when its host
    asks. Raises StockBusy.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK)
        locked = lock_session(session.pk)
        if locked.state == State.ENDED:
            return None
        if locked.srt_slot is None:
            locked.srt_slot = _free_slot()
            locked.save(update_fields=["srt_slot"])
    session.srt_slot = locked.srt_slot
    return port(session)


def port(session: StreamSession) -> int | None:
    """Return the port that a show has."""
    return None if session.srt_slot is None else settings.SRT_PORT + session.srt_slot


def _free_slot() -> int | None:
    taken = set(StreamSession.objects.exclude(srt_slot=None).values_list("srt_slot", flat=True))
    if free := set(range(SLOTS)) - taken:
        return min(free)
    sent_to = Broadcast.objects.filter(ended_at=None).values("session_id")
    idle = StreamSession.objects.filter(state=State.SCHEDULED, srt_slot__lt=SLOTS).exclude(pk__in=sent_to)
    giver = idle.order_by(Coalesce("starts_at", "created_at"), "pk").first()
    if giver is None or not StreamSession.objects.filter(pk=giver.pk, state=State.SCHEDULED).update(srt_slot=None):
        return None
    return giver.srt_slot
