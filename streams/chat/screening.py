"""What a show's host, and the shop, want looked at before everyone sees it."""

import re
from collections.abc import Iterable

from shop.models import User
from shop.people.lookalikes import readings
from streams.chat.links import has_link
from streams.exceptions import ChatRefused
from streams.models import BlockedWord, ChatMessage, StreamSession

Held = ChatMessage.Held
Links = StreamSession.Links
Review = StreamSession.Review

WORDS_MAX = 200


def words_of(text: str) -> list[str]:
    """Return the blocked words of a text with one a line, each once."""
    return list(dict.fromkeys(word for line in text.splitlines() if (word := " ".join(line.split()))))


def held_for(session: StreamSession, author: User, text: str) -> ChatMessage.Held:
    """Return why a viewer's message waits for a moderator, or `Held.NO`. Raises ChatRefused (`no_links`)."""
    is_linking = has_link(text)
    if is_linking and session.links == Links.REFUSED:
        raise ChatRefused("bad_message", reason="no_links")
    blocked = [*words_of(session.blocked_words), *BlockedWord.objects.values_list("word", flat=True)]
    if has_word(text, blocked):
        return Held.WORD
    if is_linking and session.links == Links.HELD:
        return Held.LINK
    is_looked_at = session.review == Review.EVERYONE or (
        session.review == Review.NEWCOMERS and not _has_been_shown(session, author)
    )
    return Held.REVIEW if is_looked_at else Held.NO


def has_word(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words or phrases stands in a text, whole.

    Case, accents, wide letters, look-alikes and what is unseen don't matter.
    """
    wanted = [readings(word) for word in words]
    for said, ones in zip(readings(text), zip(*wanted, strict=True), strict=False):
        plain = "|".join(re.escape(one.strip()) for one in ones if one.strip())
        if plain and re.search(rf"(?<!\w)(?:{plain})(?!\w)", said):
            return True
    return False


def _has_been_shown(session: StreamSession, author: User) -> bool:
    """Whether somebody has written in one of this host's shows and nobody minded."""
    shown = ChatMessage.objects.filter(author=author, session__host=session.host_id, removed_at=None, held_for=Held.NO)
    return shown.exists()
