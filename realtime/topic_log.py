"""The log and state of each topic in Redis, changed and read by Lua scripts, one call each.

A topic is a show (`session:<slug>`) or `site`. realtime/lua/prelude.lua names the keys. Every function raises
`redis.RedisError` when Redis is away. They block: the hub calls them in threads. What news waits for must answer soon;
what a hub asks (`snapshot`, `tail`, `seed`, `beat`) may wait for a Redis that is busy.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from realtime import wire
from realtime.state import State
from realtime.wire import Event
from shop import redis_keys, redis_pool

CHANNELS = redis_keys.REALTIME
AVAILABILITY = redis_keys.AVAILABILITY
TOPICS = redis_keys.TOPICS
SITE = "site"
PRESENCE_TTL_MS = 5000

_LUA = Path(__file__).parent / "lua"


def session_topic(slug: str) -> str:
    return f"session:{slug}"


def find_slug(topic: str) -> str | None:
    """Return the show that a topic is about."""
    kind, _, slug = topic.partition(":")
    return slug if kind == "session" else None


@dataclass(frozen=True)
class Head:
    epoch: str
    seq: int


@dataclass(frozen=True)
class Tail:
    """What a log holds after some seq: `entries` start with the next seq, unless the log no longer reaches so far."""

    epoch: str
    seq: int
    entries: list[tuple[int, Event]]


@dataclass(frozen=True)
class Snapshot:
    """A topic at one instant: the state as snapshot frames show it, and (if asked for) the log before it."""

    state: State
    is_seeded: bool
    entries: list[tuple[int, Event]]
    host: str | None = None  # the word for a show's host (presence.py)

    @property
    def head(self) -> Head:
        return Head(self.state["epoch"], self.state["seq"])


@dataclass
class Seeds:
    """What the database says of a topic, for a log that knows nothing yet."""

    session: Mapping[str, Any]
    run_list: Sequence[str] = ()
    items: Sequence[Event] = ()
    stock: Sequence[Event] = ()
    chat: Sequence[Event] = ()
    announcements: Sequence[Event] = ()
    host: str = ""


@dataclass(frozen=True)
class Present:
    """Who sits at a topic in one process: the sockets of viewers, and while a show is on air how many people they are.

    `newcomers` are those people's words (presence.py) that Redis does not have yet.
    """

    sockets: int = 0
    people: int = 0
    newcomers: Collection[str] = ()


def publish(topic: str, events: Iterable[Event], *, only_if: tuple[str, Any] | None = None) -> int:
    """Append events to a topic's log and tell every hub; return the last seq.

    With `only_if` (a field of the state and its value), nothing happens and -1 is returned if the field has changed.
    """
    guard = (only_if[0], orjson.dumps(only_if[1])) if only_if else ("", "")
    return int(_script("publish")(args=[topic, *guard, *map(orjson.dumps, events)]))


def announce(event: Event) -> int:
    """Append an event to every topic's log and tell every hub; return how many topics there are."""
    return int(_script("announce")(args=[orjson.dumps(event)]))


def set_availability(news: Iterable[Event]) -> int:
    """Cache what is newer than the cached and tell every show that has such a SKU; return how many were newer."""
    args = [word for event in news for word in (event["sku"], event["version"], orjson.dumps(event))]
    return int(_script("availability")(args=args)) if args else 0


def cached_availability(skus: Sequence[str]) -> dict[str, Event]:
    """Return what the cache knows; a SKU that it doesn't know is absent."""
    if not skus:
        return {}
    found: list[bytes | None] = redis_pool.client().hmget(AVAILABILITY, list(skus))  # type: ignore[assignment]
    return {event["sku"]: event for raw in found if raw for event in [_cached(raw)]}


def snapshot(topic: str, *, with_log: bool = False) -> Snapshot:
    raw = _patiently("snapshot", [topic, "log" if with_log else ""])
    epoch, seq, is_seeded, fields, items, stock, chat, entries, announcements, host = raw
    known = {fields[i].decode(): orjson.loads(fields[i + 1]) for i in range(0, len(fields), 2)}
    run_list = known.pop("run_list", [])
    state: State = {
        "epoch": epoch.decode(),
        "seq": int(seq),
        "session": known,
        "run_list": run_list,
        "items": dict(zip(run_list, map(_item, items, stock), strict=True)),
        "chat": [_without_type(orjson.loads(message)) for message in chat],
        "announcements": [_without_type(orjson.loads(one)) for one in announcements],
        "drops": [],
        "platform_events": [],
    }
    if topic == SITE:
        for name in ("session", "run_list", "items", "chat", "platform_events"):
            del state[name]
    return Snapshot(state, bool(is_seeded), _entries(entries), host.decode() or None)


def tail(topic: str, *, since: int) -> Tail:
    """Return the head, and the log's entries after a seq, of one instant."""
    epoch, seq, entries = _patiently("tail", [topic, since])
    return Tail(epoch.decode(), int(seq), _entries(entries))


def seed(topic: str, head: Head, seeds: Seeds) -> bool:
    """Give an unseeded log its first state, read after `head` was. False: the epoch changed, read again."""
    state = {**seeds.session, "run_list": list(seeds.run_list)}
    document = {
        "state": {name: orjson.dumps(value).decode() for name, value in state.items()},
        "items": {event["sku"]: orjson.dumps(event).decode() for event in seeds.items},
        "stock": [[event["sku"], str(event["version"]), orjson.dumps(event).decode()] for event in seeds.stock],
        "chat": [orjson.dumps(event).decode() for event in seeds.chat],
        "announcements": [orjson.dumps(event).decode() for event in seeds.announcements],
        "host": seeds.host,
    }
    return bool(_patiently("seed", [topic, head.epoch, head.seq, orjson.dumps(document)]))


def forget(topic: str) -> None:
    """Drop the head of a topic that turned out not to exist."""
    pipeline = redis_pool.client().pipeline()
    pipeline.delete(f"{CHANNELS}{topic}:head")
    pipeline.srem(TOPICS, topic)
    pipeline.execute()


def beat(process: str, present: Mapping[str, Present]) -> dict[str, Head]:
    """Say who sits in this process on each topic; return the topics' heads.

    Redis counts the people on air as watching since this process's last beat, by its own clock.
    """
    args = [
        word
        for topic, here in present.items()
        for word in (topic, here.sockets, here.people, " ".join(here.newcomers))
    ]
    raw = _patiently("beat", [process, PRESENCE_TTL_MS, *args])
    return {topic: Head(raw[2 * i].decode(), int(raw[2 * i + 1])) for i, topic in enumerate(present)}


def _patiently(name: str, args: list[Any]) -> Any:
    return _script(name)(args=args, client=redis_pool.patient_client())


@cache
def _script(name: str) -> Any:
    source = (_LUA / "prelude.lua").read_text() + (_LUA / f"{name}.lua").read_text()
    return redis_pool.client().register_script(source)


def _entries(raw: Iterable[Any]) -> list[tuple[int, Event]]:
    return [(int(id.partition(b"-")[0]), orjson.loads(fields[1])) for id, fields in raw]


def _item(item: bytes | None, stock: bytes | None) -> dict[str, Any]:
    """Join price and availability of a SKU; one that neither knows has an empty entry."""
    entry: dict[str, Any] = {}
    if stock:
        entry |= _without(_cached(stock), "type", "sku")
    if item:
        entry |= _without(orjson.loads(item), "type", "sku")
    return entry


def _cached(raw: bytes) -> Event:
    event: Event = orjson.loads(raw.partition(b" ")[2])
    return event


def _without_type(event: Event) -> dict[str, Any]:
    return _without(event, "type")


def _without(event: Event, *names: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in names}


def snapshot_frame(state: State) -> wire.Message:
    """Return a state as the snapshot frame that shows it."""
    return {"type": "snapshot", **state}
