"""Stream keys: the secrets with which encoders publish."""

from django.db import transaction

from shop import audit
from streams import broadcasts
from streams.exceptions import KeyRefused, StateRefused
from streams.locks import lock_session
from streams.models import StreamSession, make_stream_key


def session_of(key: str) -> StreamSession:
    """Return the show that a stream key belongs to. Raises KeyRefused (unknown, ended)."""
    session = StreamSession.objects.filter(stream_key=key).first() if key else None
    if session is None:
        raise KeyRefused("unknown")
    return broadcasts.check_running(session)


def rotate(session: StreamSession, *, actor: str = "system") -> str:
    """Give a show a new key and return it; the old one opens no door from now on, and who came with it is dropped.

    Raises StateRefused once the show has ended, StockBusy.
    """
    with transaction.atomic():
        locked = lock_session(session.pk)
        if locked.state == StreamSession.State.ENDED:
            raise StateRefused(locked.state, "rotate_key")
        locked.stream_key = make_stream_key()
        locked.save(update_fields=["stream_key"])
        broadcasts.drop_key_holder(locked.pk)
        # Not the key itself: the log is read by more people than may publish.
        audit.record(actor=actor, action="rotate_key", subject=f"show:{locked.slug}")
    session.stream_key = locked.stream_key
    return locked.stream_key
