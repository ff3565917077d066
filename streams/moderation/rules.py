"""What a show's host, and the shop, want looked at before everyone sees it."""

import re
import unicodedata
from collections.abc import Iterable

from shop.models import User
from streams.exceptions import ChatRefused
from streams.models import BlockedWord, ChatMessage, StreamSession

Held = ChatMessage.Held
Links = StreamSession.Links
Review = StreamSession.Review

WORDS_MOST = 200
# What people write to be followed, scheme or not. Other endings are as often a missing space after a full stop.
LINK = re.compile(
    r"https?:|www\.\w|[\w-]\.(?:com|net|org|info|biz|shop|store|app|dev|link|xyz|top|site|online|live|club|io|co|me|ly|gg"
    r"|tv|cc|ru|cn|in|de|uk)\b(?!\.\w)",
    re.IGNORECASE,
)


def words_of(text: str) -> list[str]:
    """Return the blocked words of a text with one a line, each once."""
    return list(dict.fromkeys(word for line in text.splitlines() if (word := " ".join(line.split()))))


def held_for(session: StreamSession, author: User, text: str) -> ChatMessage.Held:
    """Return why a viewer's message waits for a moderator, or `Held.NO`. Raises ChatRefused (`no_links`)."""
    has_link = bool(LINK.search(unicodedata.normalize("NFKC", text)))
    if has_link and session.links == Links.REFUSED:
        raise ChatRefused("bad_message", reason="no_links")
    blocked = [*words_of(session.blocked_words), *BlockedWord.objects.values_list("word", flat=True)]
    if has_word(text, blocked):
        return Held.WORD
    if has_link and session.links == Links.HELD:
        return Held.LINK
    is_looked_at = session.review == Review.EVERYONE or (
        session.review == Review.NEWCOMERS and not _has_been_shown(session, author)
    )
    return Held.REVIEW if is_looked_at else Held.NO


def has_word(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words or phrases stands in a text, whole; case, accents and wide letters don't matter."""
    plain = [re.escape(_plain(word)) for word in words]
    return bool(plain) and re.search(rf"(?<!\w)(?:{'|'.join(plain)})(?!\w)", _plain(text)) is not None


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _has_been_shown(session: StreamSession, author: User) -> bool:
    """Whether somebody has written in one of this host's shows and nobody minded."""
    shown = ChatMessage.objects.filter(author=author, session__host=session.host_id, removed_at=None, held_for=Held.NO)
    return shown.exists()
