"""What keeps somebody from writing in a show at this moment, so that their page can say so before they try."""

from shop.http import rate_limits
from shop.models import User
from streams.chat import messages, silences
from streams.chat.moderators import role_of
from streams.exceptions import ChatRefused
from streams.models import ChatMessage, StreamSession

Role = ChatMessage.Role


def find(session: StreamSession, user: User, *, role: ChatMessage.Role) -> ChatRefused | None:
    """Return how a message would be refused now: `banned`, or `muted` or `slow_mode` with `retry_ms`.

    A ban of the network that they write from shows with their first message.
    """
    if role != Role.VIEWER:
        return None
    if silence := _silence(session, user):
        return silence
    wait_ms = rate_limits.wait_ms(messages.slow_bucket(session, user)) if session.slow_mode_s else 0
    return ChatRefused("slow_mode", wait_ms) if wait_ms else None


def find_silence(session: StreamSession, user: User) -> ChatRefused | None:
    """Return how a moderator silenced somebody, unless they moderate the show themselves."""
    return _silence(session, user) if role_of(session, user) == Role.VIEWER else None


def _silence(session: StreamSession, user: User) -> ChatRefused | None:
    try:
        silences.check(session, user)
    except ChatRefused as refused:
        return refused
    return None
