"""The chat of a show: what may be said, how often, and what is taken out again. See docs/chat.md."""

from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from inventory.transactions import after_commit
from shop import audit
from shop.http import rate_limits
from shop.http.rate_limits import Bucket
from shop.models import User
from shop.text import one_line
from streams.chat import partitions, screening, silences
from streams.chat.moderators import name_in, role_of
from streams.exceptions import ChatRefused
from streams.locks import lock_session
from streams.models import ChatMessage, StreamSession
from streams.signals import chat_posted, chat_removed, message_pinned, slow_mode_changed

Role = ChatMessage.Role
Held = ChatMessage.Held

TEXT_MAX = 300
HISTORY = 50
SLOW_MODE_MOST_S = 600

# One person: five messages at once, then one every two seconds.
BURST = 5
REFILL_PER_S = 0.5


def post(session: StreamSession, *, author: User | None, text: str, network: str = "") -> ChatMessage:
    """Say something in a show. Give the show as read just now: its state, slow mode and rules decide.

    `network` is where it comes from, if that is known. Raises ChatRefused: `not_signed_in`, `bad_message` (blank, the
    show was called off, or, with the reason `no_links`, takes none), `too_long`, `banned`, `muted`, `slow_mode` and
    `rate_limited` (`muted` and these two with `retry_ms`). A refusal costs none of the author's messages. Raises
    ChatRefused, too, for a message that is kept and waits for a moderator: `held_for_review`, with its id.
    """
    if author is None:
        raise ChatRefused("not_signed_in")
    said = one_line(text)
    was_called_off = session.state == StreamSession.State.ENDED and session.started_at is None
    if not said or was_called_off:
        raise ChatRefused("bad_message")
    if len(said) > TEXT_MAX:
        raise ChatRefused("too_long")
    role = role_of(session, author)
    network = network if settings.CHAT_BANS_NETWORKS else ""
    held_for = Held.NO
    if role == Role.VIEWER:
        silences.check(session, author, network=network)
        held_for = screening.held_for(session, author, said)
    _check_pace(session, author, role)
    name = name_in(session, author, role)
    message = ChatMessage(role=role, text=said, held_for=held_for, network=network, author_name=name)
    partitions.in_its_month(partial(_keep, session, author, message))
    if message.held_for:
        raise ChatRefused("held_for_review", message=str(message.pk))
    return message


def _keep(session: StreamSession, author: User, message: ChatMessage) -> ChatMessage:
    with transaction.atomic():
        if message.role == Role.VIEWER:
            # Again, for good now: nobody silences them before this is committed.
            silences.hold_off(session, author)
            silences.check(session, author, network=message.network)
        message.session, message.author = session, author
        message.said_at = message.at = timezone.now()
        message.save(force_insert=True)
        if not message.held_for:
            after_commit(chat_posted.send_robust, sender=None, slug=session.slug, message=message)
    return message


def history(
    session: StreamSession, limit: int = HISTORY, *, since: datetime | None = None, until: datetime | None = None
) -> list[ChatMessage]:
    """Return the newest messages that everyone may read, oldest first."""
    return list(reversed(visible(session, since=since, until=until).order_by("-at", "-id")[:limit]))


def visible(
    session: StreamSession, *, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[ChatMessage]:
    """Return what everyone may read, of all that was said or of a time, both ends inclusive."""
    shown = partitions.said_in(session).filter(removed_at=None, held_for=Held.NO)
    if session.hidden_since:
        shown = shown.exclude(~Q(role=Role.VIEWER), said_at__gte=session.hidden_since)
    if since:
        shown = shown.filter(at__gte=since)
    return shown.filter(at__lte=until) if until else shown


def waiting(session: StreamSession, author: User) -> list[ChatMessage]:
    """Return what someone said that still waits for a moderator, oldest first."""
    own = partitions.said_in(session).filter(author=author, removed_at=None).exclude(held_for=Held.NO)
    return list(own.order_by("at", "id"))


def remove(message: ChatMessage, *, actor: str) -> None:
    """Take a message out, for everyone, at once; pinned, it comes off. Twice does it once. Raises StockBusy."""
    _remove(message.session, Q(pk=message.pk, said_at=message.said_at), actor=actor)


def remove_all(session: StreamSession, author: User, *, actor: str) -> int:
    """Take out all that someone said in a show, shown or waiting; return how much it was. Raises StockBusy."""
    return _remove(session, Q(author=author), actor=actor)


def remove_rehearsed(session: StreamSession, since: datetime, *, actor: str) -> int:
    """Take out what was said in a rehearsal that began then and is over; return how much. Raises StockBusy.

    Viewers knew of none, and talked about a show that is still to come: what they said stays.
    """
    return _remove(session, Q(said_at__gte=since) & ~Q(role=Role.VIEWER), actor=actor)


def _remove(session: StreamSession, which: Q, *, actor: str) -> int:
    """Remove under the show's lock, so that nobody pins a message at the moment that it goes."""
    with transaction.atomic():
        locked = lock_session(session.pk)
        there = partitions.said_in(session).filter(which, removed_at=None)
        ids = list(there.order_by("-at", "-id").values_list("pk", flat=True))
        there.filter(pk__in=ids).update(removed_at=timezone.now())
        if locked.pinned_message_id in ids:
            StreamSession.objects.filter(pk=session.pk).update(pinned_message_id=None, pinned_message_said_at=None)
            after_commit(message_pinned.send_robust, sender=None, slug=session.slug, message=None)
        for pk in ids:
            audit.record(actor=actor, action="remove_message", subject=f"show:{session.slug}", message=str(pk))
        for pk in ids[:HISTORY]:  # no page has more of the past
            after_commit(chat_removed.send_robust, sender=None, slug=session.slug, message_id=str(pk))
    return len(ids)


def set_slow_mode(session: StreamSession, seconds: int, *, actor: str = "system") -> None:
    """Have each viewer wait so long between two messages; 0 ends it. Raises ValueError beyond ten minutes."""
    if not 0 <= seconds <= SLOW_MODE_MOST_S:
        raise ValueError(f"slow mode is 0 to {SLOW_MODE_MOST_S} seconds, not {seconds}")
    with transaction.atomic():
        session.slow_mode_s = seconds
        session.save(update_fields=["slow_mode_s"])
        audit.record(actor=actor, action="slow_mode", subject=f"show:{session.slug}", seconds=seconds)
        after_commit(slow_mode_changed.send_robust, sender=None, slug=session.slug, seconds=seconds)


def set_rules(session: StreamSession, *, review: str, links: str, blocked_words: list[str], actor: str) -> None:
    """Decide what a moderator looks at first: whose messages, which words, and what becomes of links."""
    with transaction.atomic():
        session.review, session.links, session.blocked_words = review, links, "\n".join(blocked_words)
        session.save(update_fields=["review", "links", "blocked_words"])
        audit.record(
            actor=actor,
            action="rules",
            subject=f"show:{session.slug}",
            review=review,
            links=links,
            words=len(blocked_words),
        )


def slow_bucket(session: StreamSession, author: User) -> Bucket:
    """Return the bucket of a viewer's messages in slow mode, which is on."""
    return Bucket(f"chat-slow:{session.pk}:{author.pk}", capacity=1, refill_per_s=1 / session.slow_mode_s)


def _check_pace(session: StreamSession, author: User, role: Role) -> None:
    """Take a message from the author's bucket; slow mode, where it binds, is a smaller bucket of its own."""
    if session.slow_mode_s and role == Role.VIEWER:
        if wait := rate_limits.take_all(slow_bucket(session, author)):
            raise ChatRefused("slow_mode", wait)
    elif wait := rate_limits.take(f"chat:{author.pk}", capacity=BURST, refill_per_s=REFILL_PER_S):
        raise ChatRefused("rate_limited", wait)
