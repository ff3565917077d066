"""A visit: one client's time on a topic, over a socket or a stream. Who it is, where it sits, what letters it gets."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import redis
from django.conf import settings

from realtime import chat, identity, metrics, origins, revocations, topic_log, user_messages, viewer_counts, wire
from realtime.hub import Unavailable, hub, in_thread
from realtime.identity import STRANGER, Person
from realtime.rooms import Seat
from realtime.wire import Frame, Message, Since
from realtime.writers import Writer
from shop.http.network import believed_address, network_of

logger = logging.getLogger(__name__)


class TooMany(Exception):
    """This network, or this person, has enough sockets and streams open already."""


class Visit:
    """Nothing that is sent to many passes through here: the hub writes to the seat."""

    seat: Seat

    def __init__(self, topic: str, scope: origins.Scope) -> None:
        self.hub = hub()
        self.topic = topic
        self.person = STRANGER
        self._scope = scope
        self._mailboxes: tuple[str, ...] = ()
        self._counted: set[str] = set()
        self._checked_ms = 0
        self._telling: set[asyncio.Future[None]] = set()
        peer = (scope.get("client") or ("",))[0]
        forwarded, door = (origins.header(scope, name) or "" for name in (b"x-forwarded-for", b"x-front-door"))
        self.network = network_of(believed_address(peer, forwarded, door=door))

    def enter(self) -> None:
        """Count this visit to its network. Raises TooMany."""
        self._count(f"network {self.network}", settings.SOCKETS_PER_NETWORK)

    def _count(self, key: str, most: int) -> None:
        if key not in self._counted:
            if not self.hub.census.enter(key, most):
                raise TooMany(key)
            self._counted.add(key)

    async def identify(self, *, ticket: str = "", token: str = "", orders: Mapping[str, str] | None = None) -> bool:
        """Find out who it is: by a ticket, an API token, or a cookie that came from a page of ours.

        Return whether the token, if there is one, is good; with a bad one somebody is a stranger. Raises TooMany
        or Unavailable.
        """
        self._checked_ms = identity.now_ms()
        person: Person | None = None
        cookie = origins.header(self._scope, b"cookie")
        if ticket:
            person = await self._unrevoked(identity.find_person(ticket))
        elif token:
            person = await self.hub.ask(identity.find_by_token, token)
        if person is None and not token and cookie and origins.is_our_page(self._scope):
            person = await self._unrevoked(await self.hub.ask(identity.find_by_cookie, cookie))
        is_good = bool(person) or not token
        person = person or STRANGER
        opened = dict.fromkeys((*person.orders, *identity.opened_orders(orders or {})))
        self.person = replace(person, orders=tuple(opened))
        if person.user_id is not None:
            self._count(f"person {person.user_id}", settings.SOCKETS_PER_PERSON)
        return is_good

    async def _unrevoked(self, person: Person | None) -> Person | None:
        """Return somebody, unless they signed out since it was said who they are."""
        if person and person.user_id is not None and await self.hub.ask(revocations.is_revoked, person):
            return None
        return person

    def open(self, writer: Writer) -> None:
        """Have something to write to."""
        self.seat = Seat(writer)
        metrics.sockets.labels(writer.kind).inc()

    async def join(self, since: Since | None, *, watches: bool = True) -> None:
        """Sit down, or catch up after a gap; have private frames come here. Raises UnknownShow or Unavailable."""
        self.seat.is_viewer, self.seat.sign_in = watches, self.person.sign_in
        self.seat.viewer = viewer_counts.word_of(self.topic, self._who) if watches else ""
        self.seat.checked_ms, self.seat.on_silence = self._checked_ms, self._silenced
        await self.hub.join(self.topic, self.seat, since, user_id=self.person.user_id)
        await self._deliver_letters()

    @property
    def _who(self) -> str:
        if self.person.user_id is not None:
            return viewer_counts.account(self.person.user_id)
        cookie, agent = (origins.header(self._scope, name) or "" for name in (b"cookie", b"user-agent"))
        return viewer_counts.visitor(cookie, network=self.network, agent=agent)

    async def _deliver_letters(self) -> None:
        """Have this person's private frames come here, and bring those that wait."""
        for mailbox in self.person.mailboxes:
            if mailbox not in self._mailboxes:
                self._mailboxes += (mailbox,)
                await self.hub.postbox.open(mailbox, self.seat)
        if not self._mailboxes:
            return
        try:
            waiting = await in_thread(user_messages.kept, self._mailboxes)
        except redis.RedisError as error:
            logger.warning("private frames not read, Redis is away: %s", error)
            return
        for text in waiting:
            self.seat.writer.write(wire.framed(text))

    def _silenced(self) -> None:
        """Tell this person what a moderator of this show decided about them, if one did."""
        slug, user_id = topic_log.find_slug(self.topic), self.person.user_id
        if slug and user_id is not None:
            self.hub.bans.forget(slug)
            task = asyncio.ensure_future(self._tell_silence(slug, user_id))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell_silence(self, slug: str, user_id: int) -> None:
        with suppress(Unavailable):  # then they learn it with the next thing they say
            if silence := await self.hub.ask(chat.silence_of, slug, user_id):
                self.reply(silence)

    def reply(self, message: Message) -> None:
        self.seat.writer.write(Frame.of(message))

    def dismiss(self, code: str) -> None:
        self.hub.dismiss(self.seat, code)

    async def leave(self) -> None:
        """Stand up. Safe to call for somebody who never sat down."""
        for key in self._counted:
            self.hub.census.leave(key)
        self._counted.clear()
        if not hasattr(self, "seat"):
            return
        metrics.sockets.labels(self.seat.writer.kind).dec()
        self.hub.leave(self.topic, self.seat)
        for mailbox in self._mailboxes:
            await self.hub.postbox.leave(mailbox, self.seat)
