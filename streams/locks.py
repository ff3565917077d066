"""The only place that locks shows. docs/locking.md has the order of all locks: a show comes before any stock."""

from uuid import UUID

from inventory.locks import limited_wait, require_transaction
from streams.models import StreamSession


def lock_session(session_id: UUID) -> StreamSession:
    """Read a show again under its row's lock, kept to the end of the open transaction.

    Waits at most two seconds. Raises StockBusy (try again), NotInTransaction (a bug) or StreamSession.DoesNotExist.
    """
    require_transaction()
    with limited_wait():
        return StreamSession.objects.select_for_update(no_key=True).get(pk=session_id)
