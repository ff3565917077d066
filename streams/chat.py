"""The chat of a show: what may be said, how often, and what is taken out again."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from inventory.transactions import after_commit
from shop import audit, rate_limits
from shop.models import User
from shop.text import one_line
from streams.exceptions import ChatRefused
from streams.models import ChatMessage, StreamSession
from streams.signals import chat_posted, chat_removed, slow_mode_changed

Role = ChatMessage.Role

TEXT_MOST = 300
HISTORY = 50
SLOW_MODE_MOST_S = 600

# One person: five messages at once, then one every two seconds.
BURST = 5
REFILL_PER_S = 0.5


def post(session: StreamSession, *, author: User | None, text: str) -> ChatMessage:
    """Say something in a show. Give the show as read just now: its state and slow mode decide.

    Raises ChatRefused: `not_signed_in`, `bad_message` (blank, or the show was called off), `too_long`, `slow_mode` and
    `rate_limited` (both with `retry_ms`). A refusal costs none of the author's messages.
    """
    if author is None:
        raise ChatRefused("not_signed_in")
    said = one_line(text)
    was_called_off = session.state == StreamSession.State.ENDED and session.started_at is None
    if not said or was_called_off:
        raise ChatRefused("bad_message")
    if len(said) > TEXT_MOST:
        raise ChatRefused("too_long")
    role = role_of(session, author)
    _check_pace(session, author, role)
    message = ChatMessage.objects.create(
        session=session,
        author=author,
        author_name=author.public_name,
        role=role,
        text=said,
        at=timezone.now(),
    )
    after_commit(chat_posted.send_robust, sender=None, slug=session.slug, message=message)
    return message


def role_of(session: StreamSession, author: User) -> Role:
    """Return what someone is in a show: its host, a moderator (staff), or a viewer."""
    if author.pk == session.host_id:
        return Role.HOST
    return Role.MODERATOR if author.is_staff else Role.VIEWER


def history(session: StreamSession, limit: int = HISTORY) -> list[ChatMessage]:
    """Return the newest messages that were not removed, oldest first."""
    return list(reversed(visible(session).order_by("-at", "-id")[:limit]))


def visible(session: StreamSession) -> QuerySet[ChatMessage]:
    """Return what everyone may read."""
    return ChatMessage.objects.filter(session=session, removed_at=None)


def remove(message: ChatMessage, *, actor: str) -> None:
    """Take a message out, for everyone, at once. Removing it twice does it once."""
    slug = message.session.slug
    with transaction.atomic():
        if ChatMessage.objects.filter(pk=message.pk, removed_at=None).update(removed_at=timezone.now()):
            audit.record(actor=actor, action="remove_message", subject=f"show:{slug}", message=str(message.pk))
            after_commit(chat_removed.send_robust, sender=None, slug=slug, message_id=str(message.pk))


def set_slow_mode(session: StreamSession, seconds: int, *, actor: str = "system") -> None:
    """Have each viewer wait so long between two messages; 0 ends it. Raises ValueError beyond ten minutes."""
    if not 0 <= seconds <= SLOW_MODE_MOST_S:
        raise ValueError(f"slow mode is 0 to {SLOW_MODE_MOST_S} seconds, not {seconds}")
    with transaction.atomic():
        session.slow_mode_s = seconds
        session.save(update_fields=["slow_mode_s"])
        audit.record(actor=actor, action="slow_mode", subject=f"show:{session.slug}", seconds=seconds)
        after_commit(slow_mode_changed.send_robust, sender=None, slug=session.slug, seconds=seconds)


def _check_pace(session: StreamSession, author: User, role: Role) -> None:
    """Take a message from the author's bucket; slow mode, where it binds, is a smaller bucket of its own."""
    if session.slow_mode_s and role == Role.VIEWER:
        key = f"chat-slow:{session.pk}:{author.pk}"
        if wait := rate_limits.take(key, capacity=1, refill_per_s=1 / session.slow_mode_s):
            raise ChatRefused("slow_mode", wait)
    elif wait := rate_limits.take(f"chat:{author.pk}", capacity=BURST, refill_per_s=REFILL_PER_S):
        raise ChatRefused("rate_limited", wait)
