"""Messages that wait for a moderator: shown to everyone, or taken out (`chat.remove`)."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from inventory.transactions import after_commit
from shop import audit
from streams.chat import partitions
from streams.models import ChatMessage, StreamSession
from streams.signals import chat_posted

Held = ChatMessage.Held
HELD_MAX = 100


def held(session: StreamSession) -> QuerySet[ChatMessage]:
    """Return what waits in a show, the oldest first."""
    waiting = partitions.said_in(session).filter(removed_at=None).exclude(held_for=Held.NO)
    return waiting.order_by("at", "id")


def approve(message: ChatMessage, *, actor: str) -> bool:
    """Show a message that waits, as said now; return whether it was this call. One that was removed stays so."""
    now = timezone.now()
    with transaction.atomic():
        waiting = ChatMessage.objects.filter(pk=message.pk, said_at=message.said_at, removed_at=None)
        waiting = waiting.exclude(held_for=Held.NO)
        if not waiting.update(held_for=Held.NO, at=now):
            return False
        message.held_for, message.at = Held.NO, now
        slug = message.session.slug
        audit.record(actor=actor, action="approve_message", subject=f"show:{slug}", message=str(message.pk))
        after_commit(chat_posted.send_robust, sender=None, slug=slug, message=message)
    return True
