"""What is said over every open page, or over one show's: news flashes, emergencies, disclaimers."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from inventory.transactions import after_commit
from shop import audit
from shop.text import one_line
from streams.models import Announcement, StreamSession
from streams.signals import announcement_ended, announcement_made


def make(
    text: str, *, kind: str, actor: str, session: StreamSession | None = None, until: datetime | None = None
) -> Announcement:
    """Say something over every open page, or over a show's, at once."""
    announcement = Announcement(kind=kind, text=one_line(text), session=session, until=until)
    with transaction.atomic():
        announcement.save(force_insert=True)
        audit.record(actor=actor, action="announce", subject=_subject(announcement), kind=kind)
        after_commit(announcement_made.send_robust, sender=None, announcement=announcement)
    return announcement


def end(announcement: Announcement, *, actor: str) -> bool:
    """Take it off every page; return whether it was this call."""
    now = timezone.now()
    with transaction.atomic():
        if not Announcement.objects.filter(pk=announcement.pk, ended_at=None).update(ended_at=now):
            return False
        announcement.ended_at = now
        audit.record(actor=actor, action="end_announcement", subject=_subject(announcement))
        after_commit(announcement_ended.send_robust, sender=None, announcement=announcement)
    return True


def in_force(session: StreamSession | None = None) -> QuerySet[Announcement]:
    """Return what is said now, the oldest first: over every page, and with a show over that one, too."""
    where = Q(session=None) | Q(session=session) if session else Q(session=None)
    lasting = Q(until=None) | Q(until__gt=timezone.now())
    return Announcement.objects.filter(where, lasting, ended_at=None).order_by("made_at", "id")


def end_overdue() -> int:
    """End what has lasted as long as it should; return how many. Pages hide it by themselves at that time."""
    overdue = Announcement.objects.filter(until__lte=timezone.now(), ended_at=None).select_related("session")
    return sum(end(announcement, actor="system") for announcement in overdue)


def _subject(announcement: Announcement) -> str:
    return f"show:{announcement.session.slug}" if announcement.session else f"announcement:{announcement.pk}"
