"""The one message that stays above a show's chat."""

from django.db import transaction

from inventory.transactions import after_commit
from shop import audit
from streams.chat import partitions
from streams.exceptions import CantModerate
from streams.locks import lock_session
from streams.models import ChatMessage, StreamSession
from streams.signals import message_pinned


def pin(session: StreamSession, message: ChatMessage | None, *, actor: str) -> None:
    """Have a message stay above the chat, in place of the one before; None takes it off. Twice does it once.

    Raises CantModerate (`unknown`) for one that is not to be seen (any more), StockBusy.
    """
    with transaction.atomic():
        locked = lock_session(session.pk)
        if message is not None:
            # Locked with the show, so that who removes it at this moment finds it pinned, or is found here.
            shown = partitions.said_in(session).filter(pk=message.pk, removed_at=None, held_for="")
            message = shown.filter(said_at=message.said_at).first()
            if message is None:
                raise CantModerate("unknown")
        if locked.pinned_message_id == (message and message.pk):
            return
        locked.pinned_message_id = message.pk if message else None
        locked.pinned_message_said_at = message.said_at if message else None
        locked.save(update_fields=["pinned_message_id", "pinned_message_said_at"])
        audit.record(
            actor=actor,
            action="pin_message" if message else "unpin_message",
            subject=f"show:{session.slug}",
            message=str(message.pk) if message else "",
        )
        after_commit(message_pinned.send_robust, sender=None, slug=session.slug, message=message)
    session.pinned_message_id = locked.pinned_message_id
    session.pinned_message_said_at = locked.pinned_message_said_at
