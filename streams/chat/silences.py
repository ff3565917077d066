"""Who may not write in a host's shows: for a time, or for good. docs/chat.md tells how it meets what they write."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from inventory.transactions import after_commit
from shop import audit
from shop.models import User
from streams.chat.moderators import role_of
from streams.exceptions import CantModerate, ChatRefused
from streams.models import ChatMessage, Silence, StreamSession
from streams.signals import silence_changed

LONGEST = timedelta(days=14)
TIME_OUTS_S = (60, 600, 3600, 24 * 3600)
"""What a moderator chooses from."""


def check(session: StreamSession, user: User, *, network: str = "") -> None:
    """Raises ChatRefused (`banned`, or `muted` with `retry_ms`) if someone may not write in this show."""
    whose = Q(user=user) | Q(network=network) if network else Q(user=user)
    in_force = Silence.objects.filter(whose, host=session.host_id).filter(Q(until=None) | Q(until__gt=timezone.now()))
    untils = list(in_force.values_list("until", flat=True))
    if None in untils:
        raise ChatRefused("banned")
    if ends := [until for until in untils if until]:
        raise ChatRefused("muted", max(1, int((max(ends) - timezone.now()).total_seconds() * 1000)))


def hold_off(session: StreamSession, user: User) -> None:
    """Have a silence of this person wait until this transaction, which writes a message of theirs, is over.

    The silence then sees that message. Without it, what was being written at that moment would appear after the ban.
    """
    _lock(session.host_id, user.pk, "pg_advisory_xact_lock_shared")


def ban(session: StreamSession, user: User, *, actor: str, network: str = "") -> None:
    """Let somebody write in none of this host's shows any more. Twice does it once.

    With `network`, nobody writes from there. Raises CantModerate (`is_trusted`). Call it in the transaction that
    removes what they said.
    """
    _check_viewer(session, user)
    with transaction.atomic():
        _lock(session.host_id, user.pk, "pg_advisory_xact_lock")
        known = Silence.objects.filter(host=session.host_id, user=user)
        if known.filter(until=None, network=network).exists():
            return
        Silence.objects.update_or_create(
            host_id=session.host_id, user=user, defaults={"until": None, "network": network}
        )
        _record("ban", session, user, actor, has_network=bool(network))
        _tell(user)


def time_out(session: StreamSession, user: User, seconds: int, *, actor: str) -> datetime | None:
    """Let somebody not write for so long; return until when. A longer silence, or a ban (None), stays.

    Raises CantModerate (`is_trusted`), ValueError for what is no such time.
    """
    if not 0 < seconds <= LONGEST.total_seconds():
        raise ValueError(f"a time-out lasts up to {LONGEST}, not {seconds} seconds")
    _check_viewer(session, user)
    with transaction.atomic():
        _lock(session.host_id, user.pk, "pg_advisory_xact_lock")
        until = timezone.now() + timedelta(seconds=seconds)
        silence, is_new = Silence.objects.get_or_create(host_id=session.host_id, user=user, defaults={"until": until})
        if silence.until is None or silence.until > until:
            return silence.until
        if not is_new:
            Silence.objects.filter(pk=silence.pk).update(until=until, since=timezone.now())
        _record("time_out", session, user, actor, seconds=seconds)
        _tell(user)
    return until


def lift(session: StreamSession, user: User, *, actor: str) -> None:
    """Let somebody write again. Twice does it once."""
    with transaction.atomic():
        if Silence.objects.filter(host=session.host_id, user=user).delete()[0]:
            _record("lift_silence", session, user, actor)
            _tell(user)


def in_force(session: StreamSession) -> QuerySet[Silence]:
    """Return whom this host's shows don't hear at the moment, the newest first."""
    lasting = Q(until=None) | Q(until__gt=timezone.now())
    return Silence.objects.filter(lasting, host=session.host_id).select_related("user")


def list_bans(slug: str) -> QuerySet[Silence]:
    """Return the bans of a show's host."""
    return Silence.objects.filter(until=None, host__in=StreamSession.objects.filter(slug=slug).values("host"))


def _tell(user: User) -> None:
    after_commit(silence_changed.send_robust, sender=None, user_id=user.pk)


def _check_viewer(session: StreamSession, user: User) -> None:
    if role_of(session, user) != ChatMessage.Role.VIEWER:
        raise CantModerate("is_trusted")


def _lock(host_id: int, user_id: int, function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"chat:{host_id}:{user_id}"])


def _record(action: str, session: StreamSession, user: User, actor: str, **data: Any) -> None:
    audit.record(actor=actor, action=action, subject=f"show:{session.slug}", person=audit.actor_of(user), **data)
