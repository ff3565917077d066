"""Everything that the page of one show says, for the person who asks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from shop.models import Address, User
from streams import figures, opinions, playback, show_items, texts
from streams.chat import messages, moderators, write_status
from streams.exceptions import ChatRefused
from streams.models import ChatMessage, Pin, StreamSession
from streams.programme import clock
from streams.reactions import EMOJI
from streams.show_items import Item
from streams.store import tokens

State = StreamSession.State
SHORTEST_CHAPTER = timedelta(seconds=2)  # a slip of the host's hand is no chapter


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of a replay in which one product was on the table."""

    item: Item
    from_at: datetime
    at: str  # on the clock of the show, as 12:05


@dataclass(frozen=True, slots=True)
class Stage:
    """A show's page. `items` holds more than the run list: chapters' products and the siblings of all of them.

    `refusal` is what keeps this person from writing now, if anything does.
    """

    session: StreamSession
    playlist_url: str
    items: dict[str, Item]
    run_list: list[Item]
    on_table: Item | None
    chapters: list[Chapter]
    likes: int
    dislikes: int
    opinion: str | None
    viewers: int
    lines: list[ChatMessage]
    waiting: list[ChatMessage]
    me: User | None
    role: ChatMessage.Role | None
    refusal: ChatRefused | None
    address: Address | None
    country: str = field(default=settings.DEFAULT_COUNTRY)

    @property
    def emoji(self) -> tuple[str, ...]:
        return EMOJI

    @property
    def has_earlier_chat(self) -> bool:
        """Whether more was said in a show that is over than the newest lines that stand here."""
        end = self.session.ended_at
        return end is not None and sum(line.at <= end for line in self.lines) == messages.HISTORY

    def as_json(self) -> dict[str, object]:
        """Describe the page to its scripts."""
        session = self.session
        return {
            "slug": session.slug,
            "title": session.title,
            "state": session.state,
            "now": timezone.now(),
            "playlist_url": self.playlist_url,
            "starts_at": session.starts_at,
            "started_at": session.started_at,
            "ended_at": session.ended_at,
            "is_recorded": session.is_recorded,
            "is_replay_over": session.is_replay_over,
            "pinned_sku": self.on_table.sku if self.on_table else None,
            "run_list": [item.sku for item in self.run_list],
            "items": {sku: show_items.as_json(item) for sku, item in self.items.items()},
            "chapters": [{"sku": chapter.item.sku, "from_at": chapter.from_at} for chapter in self.chapters],
            "slow_mode_s": session.slow_mode_s,
            "has_earlier_chat": self.has_earlier_chat,
            "opinion": self.opinion,
            "likes": self.likes,
            "dislikes": self.dislikes,
            "me": self.me and {"name": self.me.public_name, "role": self.role, "refusal": self._refusal_as_json()},
        }

    @property
    def may_moderate(self) -> bool:
        return self.role not in {None, ChatMessage.Role.VIEWER}

    @property
    def refused_words(self) -> str:
        return texts.of_refusal(self.refusal) if self.refusal else ""

    def _refusal_as_json(self) -> dict[str, object] | None:
        """Say until when as a moment, which stays true in a page that a browser kept."""
        if self.refusal is None:
            return None
        retry_ms = self.refusal.retry_ms
        until = timezone.now() + timedelta(milliseconds=retry_ms) if retry_ms else None
        return {"code": self.refusal.code, "until": until}


def read(session: StreamSession, *, user: User | None, postal_code: str) -> Stage:
    """Read a show's page; the queries are as many for one item, line or chapter as for a hundred."""
    pins = _pins(session)
    listed = show_items.run_list_ids(session.id)
    pinned_id = session.pinned_id if session.state != State.ENDED else None
    wanted = dict.fromkeys([*listed, *([pinned_id] if pinned_id else []), *(pin.variant_id for pin in pins)])
    items = show_items.of_show(wanted, postal_code=postal_code)
    by_id = {item.variant_id: item for item in items.values()}
    counts = opinions.counts(session, user=user)
    chapters = _chapters(session, pins, by_id)
    run_list = [by_id[pk] for pk in listed if pk in by_id]
    role = moderators.role_of(session, user) if user else None
    on_table = by_id.get(pinned_id) if pinned_id else None
    if session.state == State.ENDED and chapters:
        on_table = chapters[0].item
    return Stage(
        session=session,
        playlist_url=tokens.address(playback.playlist_url(session), session),
        items=items,
        run_list=run_list,
        on_table=on_table,
        chapters=chapters,
        likes=counts.likes,
        dislikes=counts.dislikes,
        opinion=counts.opinion,
        viewers=figures.viewers([session.slug]).get(session.slug, 0) if session.is_on_air else 0,
        lines=_lines(session),
        waiting=messages.waiting(session, user) if user else [],
        me=user,
        role=role,
        refusal=write_status.find(session, user, role=role) if user and role else None,
        address=Address.objects.filter(user=user).first() if user else None,
    )


def _lines(session: StreamSession) -> list[ChatMessage]:
    """Return the newest of what was said; of a replay the newest in the show, and then the newest since."""
    if session.state != State.ENDED or session.ended_at is None:
        return messages.history(session)
    since = [line for line in messages.history(session, since=session.ended_at) if line.at > session.ended_at]
    return [*messages.history(session, until=session.ended_at), *since]


def _pins(session: StreamSession) -> list[Pin]:
    """Return what was on the table when, for a replay; a live show has no chapters yet."""
    return list(Pin.objects.filter(session=session)) if session.state == State.ENDED else []


def _chapters(session: StreamSession, pins: list[Pin], items: dict[int, Item]) -> list[Chapter]:
    begin = session.started_at or (pins[0].from_at if pins else timezone.now())
    end = session.ended_at or timezone.now()
    # What was on the table before the show went on air begins with it.
    stretches = [(pin.variant_id, max(pin.from_at, begin), pin.until_at or end) for pin in pins]
    return [
        Chapter(items[variant_id], from_at, clock(from_at - begin))
        for variant_id, from_at, until_at in stretches
        if variant_id in items and until_at - from_at >= SHORTEST_CHAPTER
    ]
