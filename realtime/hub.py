"""The hub of a process: its rooms, and the one Redis connection that feeds them.

It starts with the first socket, because Daphne sends no lifespan. Whatever it misses it notices: by the next message's
seq, or once a second by comparing heads.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

import orjson
import redis
import redis.asyncio
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from realtime import chat, seeding, topic_log, wire
from realtime.chat import Bans
from realtime.connection_counter import Census
from realtime.rooms import Room, Seat
from realtime.user_channel import Postbox
from realtime.wire import Frame, Since
from streams import access

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

BEAT_S = 1.0
REACTIONS_S = 0.25
LINGER_S = 10.0
AWAY_S = 5.0
DEAF_BEATS = 3
IN_FLIGHT_S = 0.2
# What Redis or the database away looks like from here.
AWAY = (redis.RedisError, DatabaseError, InterfaceError, TimeoutError, OSError)

# Blocking work: Redis scripts, and the database for chat, seeds and API clients. Never in the fan-out's way.
_threads = ThreadPoolExecutor(8, thread_name_prefix="realtime")


class Unavailable(Exception):
    """Redis or the database is away, so nobody can be told anything: come back later."""


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking code in a thread, with a database connection that is alive, or none."""
    work = partial(_with_fresh_connections, partial(call, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


def _with_fresh_connections(call: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return call()
    finally:
        close_old_connections()


async def _for_ever(job: Callable[[], Awaitable[None]]) -> None:
    """Run a job that should never end; one that fails all the same is logged and starts again."""
    while True:
        try:
            await job()
        except Exception:
            logger.exception("%s failed and starts again", job)
            await asyncio.sleep(BEAT_S)


class Hub:
    """Everything of one process. Use `hub()`."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(6)
        self.postbox = Postbox(self._sign_out)
        self.census = Census()
        self.bans = Bans(lambda slug: self.ask(chat.banned_from, slug))
        self.rooms: dict[str, Room] = {}
        self._opening: dict[str, asyncio.Task[Room]] = {}
        self._early: dict[str, list[Any]] = {}
        self._healing: dict[str, asyncio.Task[None]] = {}
        self._empty_since: dict[str, float] = {}
        self._deaf: dict[str, int] = {}
        self._reactions: dict[str, dict[str, int]] = {}
        self._away_since: float | None = None
        self._loop = asyncio.get_running_loop()
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        )
        self._pubsub = client.pubsub(ignore_subscribe_messages=False)
        self._subscribed: dict[str, asyncio.Event] = {}
        self._has_topics = asyncio.Event()
        self._tasks = [
            self._loop.create_task(_for_ever(job))
            for job in (self._listen, self._beat, self._send_reactions, self.postbox.run, self.postbox.attend)
        ]
        self._byes: set[asyncio.Task[None]] = set()

    # --- Sockets ---

    async def admit(self, topic: str, user_id: int | None) -> bool:
        """Return whether somebody is an insider of a topic. Raises seeding.UnknownShow or Unavailable."""
        room = await self._room(topic)
        if not room.may_be_rehearsed or user_id is None:
            return False
        return await self.ask(access.may_rehearse, topic.removeprefix("session:"), user_id)

    async def join(self, topic: str, seat: Seat, since: Since | None, *, user_id: int | None = None) -> None:
        """Seat a socket. Raises seeding.UnknownShow or Unavailable."""
        seat.is_insider = await self.admit(topic, user_id)
        room = await self._room(topic)
        if since and since.epoch == room.epoch and since.seq > room.sent:
            # It comes from a process that is ahead of this one: catch up first, and cut at the end of a frame.
            await asyncio.shield(self._heal(room))
            room = await self._room(topic)  # that may have been closed meanwhile
            room.flush()
        room.join(seat, since)
        self._empty_since.pop(topic, None)
        seat.writer.before_server_ends(self.drain)

    def leave(self, topic: str, seat: Seat) -> None:
        if room := self.rooms.get(topic):
            room.leave(seat)

    def react(self, topic: str, seat: Seat, emoji: str) -> None:
        """Count a reaction; counts go to the log a few times a second."""
        counts = self._reactions.setdefault(topic, {})
        counts[emoji] = counts.get(emoji, 0) + 1

    def dismiss(self, seat: Seat, code: str) -> None:
        """Say bye and close."""
        seat.is_leaving = True
        seat.writer.write(Frame.of(wire.bye(code)))
        task = self._loop.create_task(seat.writer.close(wire.BYES[code].close))
        self._byes.add(task)
        task.add_done_callback(self._byes.discard)

    def _sign_out(self, seat: Seat) -> None:
        """Send somebody away, to come back as who they are by then."""
        if not seat.is_leaving:
            self.dismiss(seat, "signed_out")

    def drain(self) -> None:
        """Send everybody away, to come back soon: the process is about to end."""
        for room in self.rooms.values():
            room.flush()
            for seat in list(room.seats):
                if not seat.is_leaving:
                    self.dismiss(seat, "restart")

    async def stop(self) -> None:
        """End the hub's own tasks (for tests: a process simply ends)."""
        tasks = {*self._tasks, *self._healing.values(), *self._opening.values()}
        # Again and again: a cancellation that meets a time-out inside the Redis client is swallowed by it.
        while pending := {task for task in tasks if not task.done()}:
            for task in pending:
                task.cancel()
            await asyncio.wait(pending, timeout=0.2)
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]

    # --- Rooms ---

    async def _room(self, topic: str) -> Room:
        if room := self.rooms.get(topic):
            return room
        if topic not in self._opening:
            task = self._opening[topic] = self._loop.create_task(self._open(topic))
            task.add_done_callback(lambda _: self._opening.pop(topic, None))
        try:
            return await asyncio.shield(self._opening[topic])
        except AWAY as error:
            logger.warning("%s can't be opened: %s", topic, error)
            raise Unavailable from error

    async def ask(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the database or Redis. Raises Unavailable."""
        try:
            return await in_thread(call, *args, **kwargs)
        except AWAY as error:
            logger.warning("%s not answered: %s", call.__name__, error)
            raise Unavailable from error

    async def _open(self, topic: str) -> Room:
        """Subscribe first, then read the snapshot: what comes in between is kept, and falls into place by its seq."""
        self._early[topic] = []
        try:
            await asyncio.wait_for(self._subscribe(topic), 3)
            snapshot = await in_thread(seeding.seeded_snapshot, topic, with_log=True)
            room = self.rooms[topic] = Room(topic, snapshot)
        except BaseException:
            await self._unsubscribe(topic)
            raise
        finally:
            early = self._early.pop(topic, [])
        for message in early:
            self._take(message)
        self._empty_since[topic] = self._loop.time()
        return room

    async def _subscribe(self, topic: str) -> None:
        confirmed = self._subscribed[topic] = asyncio.Event()
        await self._pubsub.subscribe(topic_log.CHANNELS + topic)
        self._has_topics.set()
        await confirmed.wait()

    async def _unsubscribe(self, topic: str) -> None:
        self._subscribed.pop(topic, None)
        if not self._subscribed:
            self._has_topics.clear()
        try:
            await self._pubsub.unsubscribe(topic_log.CHANNELS + topic)
        except (redis.RedisError, OSError):
            logger.info("not unsubscribed from %s: Redis is away", topic)

    def _heal(self, room: Room) -> "asyncio.Task[None]":
        """Read what a room missed, once at a time."""
        task = self._healing.get(room.topic)
        if task is None:
            task = self._healing[room.topic] = self._loop.create_task(self._catch_up(room))
            task.add_done_callback(lambda _: self._healing.pop(room.topic, None))
        return task

    async def _catch_up(self, room: Room) -> None:
        """Take from the log what a room lacks; where that isn't enough, start it again from a snapshot."""
        try:
            tail = await in_thread(topic_log.tail, room.topic, since=room.seq)
            first = tail.entries[0][0] if tail.entries else tail.seq + 1
            events = [event for _, event in tail.entries]
            if (
                tail.epoch == room.epoch
                and tail.seq >= room.seq
                and room.take(epoch=tail.epoch, first=first, events=events)
            ):
                return
            room.restart(await in_thread(seeding.seeded_snapshot, room.topic, with_log=True))
            self.postbox.rejoin()
        except AWAY as error:
            logger.warning("%s not caught up: %s", room.topic, error)
        except seeding.UnknownShow:
            await self._close(room.topic)

    # --- What Redis says ---

    async def _listen(self) -> None:
        """Read the subscription for ever; after a loss subscribe again, then catch up."""
        wait = 0.1
        while True:
            await self._has_topics.wait()
            try:
                message = await self._pubsub.get_message(timeout=None)
                wait = 0.1
            except (redis.RedisError, OSError) as error:
                logger.warning("subscription lost: %s", error)
                await asyncio.sleep(wait)
                wait = min(2.0, wait * 2)
                await self._subscribe_again()
                continue
            if message is None:
                continue
            topic = message["channel"].decode().removeprefix(topic_log.CHANNELS)
            if message["type"] == "subscribe":
                if confirmed := self._subscribed.get(topic):
                    confirmed.set()
            elif message["type"] == "message":
                self._take((topic, message["data"]))

    async def _subscribe_again(self) -> None:
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        try:
            for topic in list(self._subscribed):
                await self._pubsub.subscribe(topic_log.CHANNELS + topic)
        except (redis.RedisError, OSError) as error:
            logger.info("Redis is still away: %s", error)
            return
        for room in self.rooms.values():
            self._heal(room)
        self.postbox.rejoin()

    def _take(self, message: tuple[str, bytes]) -> None:
        topic, data = message
        if topic in self._early:
            self._early[topic].append(message)
            return
        if room := self.rooms.get(topic):
            self._deaf[topic] = 0
            news = orjson.loads(data)
            if not room.take(epoch=news["epoch"], first=news["from"], events=news["events"]):
                self._heal(room)

    # --- Once a second ---

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            for topic, room in self.rooms.items():
                room.check()
                for seat in room.slow:
                    self.dismiss(seat, "slow")
                room.slow.clear()
                if room.seats:
                    self._empty_since.pop(topic, None)
                else:
                    self._empty_since.setdefault(topic, self._loop.time())
            await self._close_empty()
            await self._compare()

    async def _compare(self) -> None:
        """Count viewers, and compare every room with its head: a lost last message shows here."""
        if not self.rooms:
            return
        rooms = dict(self.rooms)
        present = {
            topic: room.viewer_list.count(room.viewers(), is_on_air=room.is_on_air) for topic, room in rooms.items()
        }
        try:
            heads = await in_thread(topic_log.beat, self.process, present)
        except (redis.RedisError, OSError) as error:
            self._away(error)
            return
        self._away_since = None
        for topic, head in heads.items():
            rooms[topic].viewer_list.told(head.epoch)
        await asyncio.sleep(IN_FLIGHT_S)
        for topic, head in heads.items():
            room = self.rooms.get(topic)
            if room and (head.epoch != room.epoch or head.seq > room.seq):
                self._heal(room)
                self._deaf[topic] = self._deaf.get(topic, 0) + 1
        if any(beats >= DEAF_BEATS for beats in self._deaf.values()):
            logger.warning("subscription is silent though there is news: subscribing again")
            self._deaf.clear()
            await self._subscribe_again()

    def _away(self, error: Exception) -> None:
        """Redis is away. After a while everybody is sent away, so that pages mark their numbers as old."""
        now = self._loop.time()
        if self._away_since is None:
            self._away_since = now
            logger.warning("Redis is away: %s", error)
        elif now - self._away_since > AWAY_S:
            for room in self.rooms.values():
                for seat in list(room.seats):
                    if not seat.is_leaving:
                        self.dismiss(seat, "unavailable")

    async def _close_empty(self) -> None:
        """Forget rooms that have been empty for a while."""
        now = self._loop.time()
        for topic in [topic for topic, since in self._empty_since.items() if now - since > LINGER_S]:
            if topic in self._empty_since:  # nobody has come while another one was closed
                await self._close(topic)

    async def _close(self, topic: str) -> None:
        """Forget a room. Whoever sits there still learns that the show is gone."""
        self._empty_since.pop(topic, None)
        self._deaf.pop(topic, None)
        if room := self.rooms.pop(topic, None):
            for seat in list(room.seats):
                if not seat.is_leaving:
                    self.dismiss(seat, "not_found")
            await self._unsubscribe(topic)

    async def _send_reactions(self) -> None:
        while True:
            await asyncio.sleep(REACTIONS_S)
            waiting, self._reactions = self._reactions, {}
            for topic, counts in waiting.items():
                try:
                    await in_thread(topic_log.publish, topic, [wire.reactions(counts)])
                except (redis.RedisError, OSError) as error:
                    logger.info("reactions lost, Redis is away: %s", error)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """Return this event loop's hub, starting it for the first socket."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
