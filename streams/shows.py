"""The life of a show: planned, rehearsed, on air, interrupted, ended. Every step runs under the row's lock."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from inventory.transactions import after_commit
from shop import audit
from shop.models import User
from streams import pins
from streams.chat import messages
from streams.exceptions import StateRefused
from streams.ingest.srt import slots
from streams.locks import lock_session
from streams.models import StreamSession
from streams.signals import session_changed

State = StreamSession.State

GRACE = timedelta(minutes=10)
SLUG_MAX = 100
TITLE_SLUG_MAX = 80  # leaves room for what makes it unique

# action → the states it may start from
ALLOWED: dict[str, frozenset[str]] = {
    "rehearse": frozenset({State.SCHEDULED}),
    "go live": frozenset({State.SCHEDULED, State.REHEARSAL}),
    "be interrupted": frozenset({State.LIVE, State.REHEARSAL}),
    "resume": frozenset({State.INTERRUPTED}),
    "end": frozenset({State.SCHEDULED, State.REHEARSAL, State.LIVE, State.INTERRUPTED}),
}


def create(
    *,
    host: User,
    title: str,
    slug: str = "",
    description: str = "",
    has_preview: bool = False,
    starts_at: datetime | None = None,
    is_recorded: bool = True,
    replay_days: int | None = None,
    blocked_words: Sequence[str] = (),
) -> StreamSession:
    """Plan a show, with an SRT port if there is one. Its slug is made from the title, unless given, and never changes.

    Raises IntegrityError if a slug that was given is taken, StockBusy.
    """
    fields = {
        "host": host,
        "title": title,
        "description": description,
        "has_preview": has_preview,
        "starts_at": starts_at,
        "is_recorded": is_recorded,
        "replay_days": replay_days if is_recorded else None,
        "blocked_words": "\n".join(blocked_words),
    }
    with transaction.atomic():
        session = StreamSession.objects.create(slug=slug, **fields) if slug else _create(title, fields)
        slots.lease(session)
    return session


def _create(title: str, fields: dict[str, Any]) -> StreamSession:
    base = slugify(title)[:TITLE_SLUG_MAX].strip("-") or "show"
    for candidate in _slugs(base):
        try:
            with transaction.atomic():
                return StreamSession.objects.create(slug=candidate, **fields)
        except IntegrityError:
            # Somebody may have taken it since: only the database knows.
            if not StreamSession.objects.filter(slug=candidate).exists():
                raise
    raise AssertionError("unreachable: the slugs do not end")


def _slugs(base: str) -> Iterable[str]:
    yield base
    while True:
        yield f"{base}-{get_random_string(6, 'abcdefghjkmnpqrstuvwxyz23456789')}"


def rehearse(session: StreamSession) -> StreamSession:
    """Let the host, and nobody else, see the picture of a show that waits for Go live."""
    return _change(session.pk, "rehearse", State.REHEARSAL)


def go_live(session: StreamSession) -> StreamSession:
    """Put a planned or rehearsed show on air. Raises StateRefused."""
    return _change(session.pk, "go live", State.LIVE)


def interrupt(session: StreamSession) -> StreamSession:
    """Say that the publisher is lost: a live show waits for it, a rehearsed one is planned again.

    Raises StateRefused.
    """
    return _change(session.pk, "be interrupted", State.INTERRUPTED)


def resume(session: StreamSession) -> StreamSession:
    """Put an interrupted show on air again. Raises StateRefused."""
    return _change(session.pk, "resume", State.LIVE)


def end(session: StreamSession, *, actor: str) -> StreamSession:
    """End a show for good; its open chapter ends with it, and its replay is ready within seconds.

    Raises StateRefused.
    """
    with transaction.atomic():
        ended = _change(session.pk, "end", State.ENDED)
        audit.record(actor=actor, action="end", subject=f"show:{ended.slug}")
    return ended


def without_cover() -> QuerySet[StreamSession]:
    """Return shows that can be watched and have nothing to stand for them, the newest first."""
    has_replay = Q(state=State.ENDED, is_recorded=True, replay_removed_at=None)
    begun = StreamSession.objects.filter(Q(state__in=StreamSession.ON_AIR) | has_replay, started_at__isnull=False)
    return begun.filter(poster="", still="").order_by("-started_at")


def keep_still(session: StreamSession, picture: bytes) -> bool:
    """Let a frame stand for a show, as WebP; False, and nothing kept, if it has a cover or is gone by now."""
    name = session.still.storage.save(f"stills/{session.slug}.webp", ContentFile(picture))
    if without_cover().filter(pk=session.pk).update(still=name):
        return True
    session.still.storage.delete(name)
    return False


def end_abandoned() -> list[StreamSession]:
    """End the shows that have waited for their publisher longer than the grace time."""
    overdue = StreamSession.objects.filter(state=State.INTERRUPTED, interrupted_at__lt=timezone.now() - GRACE)
    ended = []
    for session in overdue:
        try:
            ended.append(end(session, actor="system"))
        except StateRefused:  # it resumed or ended since
            continue
    return ended


def _change(session_id: UUID, action: str, state: State) -> StreamSession:
    with transaction.atomic():
        session = lock_session(session_id)
        if session.state not in ALLOWED[action]:
            raise StateRefused(session.state, action)
        now = timezone.now()
        if state == State.INTERRUPTED and session.state == State.REHEARSAL:
            state = State.SCHEDULED
        if state == State.REHEARSAL:
            session.rehearsed_at = now
        elif session.state == State.REHEARSAL and session.rehearsed_at:
            messages.remove_rehearsed(session, session.rehearsed_at, actor="system")
        session.state = state
        session.interrupted_at = now if state == State.INTERRUPTED else None
        if state == State.LIVE and session.started_at is None:
            session.started_at = now
        if state == State.ENDED:
            session.ended_at = now
            session.srt_slot = None
            pins.close(session, at=now)
        session.save(update_fields=["state", "interrupted_at", "rehearsed_at", "started_at", "ended_at", "srt_slot"])
        after_commit(session_changed.send_robust, sender=None, slug=session.slug, state=str(state))
    return session
