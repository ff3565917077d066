"""The consumers that own sockets: they decode, limit, find out who it is, and hand their writer to the hub."""

import asyncio
from contextlib import suppress
from typing import Any

from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer

from realtime import chat, origins, topic_log, wire
from realtime.hub import Unavailable
from realtime.seeding import UnknownShow
from realtime.visits import TooMany, Visit
from realtime.wire import BadMessage, Message
from realtime.writers import writer_of
from shop.token_bucket import TokenBucket

HELLO_WITHIN_S = 10.0


class Allowance:
    """What one socket's client may send: twenty frames at once and ten a second."""

    REFUSALS_MAX = 100

    def __init__(self) -> None:
        self._bucket = TokenBucket(capacity=20, refill_per_s=10)
        self.refusals = 0

    def take(self) -> int:
        """Count a frame; return 0, or after how many milliseconds another is allowed."""
        wait_s = self._bucket.spend()
        self.refusals = self.refusals + 1 if wait_s else 0
        return int(wait_s * 1000) + 1 if wait_s else 0


class TopicConsumer(AsyncConsumer):
    """A socket on one topic. Nothing that is sent to many passes through here."""

    # Channels would give each socket a channel of its own; letters have one for the process.
    channel_layer_alias = "none"

    visit: Visit

    @property
    def topic(self) -> str:
        raise NotImplementedError

    async def __call__(self, scope: origins.Scope, receive: origins.Receive, send: origins.Send) -> None:
        self.is_seated = False
        self.scope = scope
        self.visit = Visit(self.topic, scope)
        try:
            await super().__call__(scope, receive, send)
        finally:
            if hasattr(self, "deadline"):
                self.deadline.cancel()
            await self.visit.leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the handler without Channels' hop to a thread, which tidies database connections that we don't have."""
        await getattr(self, get_handler_name(message))(message)

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        await self.send({"type": "websocket.accept"})
        self.visit.open(writer_of(self.base_send))
        self.allowance = Allowance()
        self.reacting = TokenBucket(capacity=8, refill_per_s=4)  # what is beyond it is not counted
        self.deadline = asyncio.get_running_loop().call_later(HELLO_WITHIN_S, self._too_late)
        try:
            self.visit.enter()
        except TooMany:
            self.visit.dismiss("too_many")

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        if self.visit.seat.is_leaving:
            return
        text = message.get("text") or ""
        if len(text) > wire.INBOUND_MAX_BYTES or len(text.encode()) > wire.INBOUND_MAX_BYTES:
            self._reply(wire.error("too_long"))
            self.visit.dismiss("too_long")
            return
        retry_ms = self.allowance.take()
        if self.allowance.refusals > Allowance.REFUSALS_MAX:
            self.visit.dismiss("rate_limited")
            return
        try:
            frame = wire.decode(text)
        except BadMessage as bad:
            if not retry_ms:
                self._reply(wire.error("bad_message", id=bad.id))
            return
        if retry_ms:
            if isinstance(frame, wire.Chat):
                self._reply(wire.error("rate_limited", id=frame.id, retry_ms=retry_ms))
            return
        await self._handle(frame)

    async def _handle(self, frame: wire.Hello | wire.Chat | wire.React | wire.Ping) -> None:
        match frame:
            case wire.Hello():
                await self._hello(frame)
            case wire.Ping():
                self._reply(wire.pong())
            case wire.Chat() if self.is_seated:
                self._reply(await self._said(frame))
            case wire.React() if self.is_seated:
                await self._reacted(frame)
            case _:
                self._reply(wire.error("bad_message", id=getattr(frame, "id", None)))

    async def _said(self, frame: wire.Chat) -> Message:
        return wire.error("bad_message", id=frame.id)

    async def _reacted(self, frame: wire.React) -> None:
        """Reactions belong to shows."""

    async def _hello(self, frame: wire.Hello) -> None:
        self.deadline.cancel()
        try:
            if not await self.visit.identify(ticket=frame.ticket, token=frame.token, orders=frame.orders):
                self._reply(wire.error("not_signed_in"))
            await self.visit.join(frame.since, watches=frame.watches)
            self.is_seated = True
        except TooMany:
            self.visit.dismiss("too_many")
        except UnknownShow:
            self.visit.dismiss("not_found")
        except Unavailable:
            self.visit.dismiss("unavailable")

    def _reply(self, message: Message) -> None:
        self.visit.reply(message)

    def _too_late(self) -> None:
        self.visit.dismiss("no_hello")


class ShowConsumer(TopicConsumer):
    """A viewer's socket on a show."""

    @property
    def slug(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["slug"])

    @property
    def topic(self) -> str:
        return topic_log.session_topic(self.slug)

    async def _said(self, frame: wire.Chat) -> Message:
        try:
            person, network = self.visit.person, self.visit.network
            return await self.visit.hub.ask(chat.say, self.slug, person.user_id, frame, network=network)
        except Unavailable:
            return wire.error(
                "rate_limited", id=frame.id, retry_ms=wire.BYES["unavailable"].retry_ms[1], reason="unavailable"
            )

    async def _reacted(self, frame: wire.React) -> None:
        """Count a reaction, but none of who is banned. A time-out takes away words, not applause."""
        if wait_s := self.reacting.spend():
            self._reply(wire.error("rate_limited", retry_ms=int(wait_s * 1000) + 1))
            return
        user_id = self.visit.person.user_id
        with suppress(Unavailable):
            if user_id is not None and await self.visit.hub.bans.include(self.slug, user_id):
                self._reply(wire.error("banned"))
                return
        self.visit.hub.react(self.topic, self.visit.seat, frame.emoji)


class SiteConsumer(TopicConsumer):
    """The socket of every page that has no show: announcements, and one's own orders."""

    topic = topic_log.SITE
