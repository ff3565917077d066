"""Where chat is kept: a partition for each month in which it was said, gone as a whole. See docs/chat.md."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from shop.partitions import Months, is_missing
from streams.models import ChatMessage, StreamSession

MONTHS = Months(ChatMessage._meta.db_table)
FORGOTTEN_AT_ONCE = 5000


def in_its_month(keep: Callable[[], ChatMessage]) -> ChatMessage:
    """Call what stores a new message in a transaction; if its month is not there, make it and call once more."""
    try:
        return keep()
    except IntegrityError as error:
        if not is_missing(error):
            raise
    MONTHS.ensure_ahead()
    return keep()


def said_in(session: StreamSession) -> QuerySet[ChatMessage]:
    """Return what was said in a show, from the months since there was one."""
    since = min(session.created_at, session.started_at or session.created_at)
    return ChatMessage.objects.filter(session=session, said_at__gte=since)


def find(session: StreamSession, message_id: UUID | str) -> ChatMessage | None:
    """Return a message of a show with its show and author, removed or not."""
    return said_in(session).select_related("session", "author").filter(pk=message_id).first()


def forget_old() -> int:
    """Forget messages that were said more than CHAT_RETENTION_DAYS ago, for good; return how many were deleted alone.

    A month that is over goes whole, the rest of the oldest month in batches. Twice, or in two places, is safe.
    """
    if not settings.CHAT_RETENTION_DAYS:
        return 0
    limit = timezone.now() - timedelta(days=settings.CHAT_RETENTION_DAYS)
    StreamSession.objects.filter(pinned_message_said_at__lt=limit).update(
        pinned_message_id=None, pinned_message_said_at=None
    )
    MONTHS.drop_before(limit)
    old = ChatMessage.objects.filter(said_at__lt=limit)
    forgotten = 0
    while True:
        some = list(old.order_by("said_at").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
        deleted = old.filter(pk__in=some).delete()[0]
        forgotten += deleted
        if deleted < FORGOTTEN_AT_ONCE:
            return forgotten
