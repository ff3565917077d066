"""What the moderation of one show's chat says, in the studio and on the moderators' own page."""

from dataclasses import dataclass

from streams.chat import messages, review, silences
from streams.models import ChatMessage, Moderator, Silence, StreamSession

SILENCES_MAX = 100


@dataclass(frozen=True, slots=True)
class ChatPanel:
    """`lines` is what everyone reads, `held` what waits for a moderator, `silences` who may not write."""

    session: StreamSession
    lines: list[ChatMessage]
    held: list[ChatMessage]
    silences: list[Silence]
    moderators: list[Moderator]
    pinned: ChatMessage | None


def read(session: StreamSession) -> ChatPanel:
    """Read a show's chat with what moderating needs, in five statements."""
    return ChatPanel(
        session=session,
        lines=messages.history(session),
        held=list(review.held(session)[: review.HELD_MAX]),
        silences=list(silences.in_force(session)[:SILENCES_MAX]),
        moderators=list(Moderator.objects.filter(session=session).select_related("user")),
        pinned=session.pinned_message,
    )
