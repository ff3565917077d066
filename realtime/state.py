"""The state of a topic, made of frames: the rules of static/js/reduce.js in Python. Each hub runs it.

A snapshot frame without `type` is the state, so that a hub can answer a newcomer with what it holds.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from realtime import wire
from realtime.wire import Event, Message

CHAT_MAX = 50
PLATFORM_MAX = 10

State = dict[str, Any]


class Gap(Exception):
    """A batch doesn't continue the state: say hello again."""


def reduce(state: State | None, frame: Message) -> State | None:
    """Return the state after a frame; the given one stays as it is. Raises Gap."""
    if frame["type"] == "snapshot":
        return {name: value for name, value in frame.items() if name != "type"}
    if frame["type"] != "batch":
        return state
    if state is None or frame["epoch"] != state["epoch"]:
        raise Gap
    if frame["to"] <= state["seq"]:
        return state
    if frame["from"] != state["seq"] + 1:
        raise Gap
    after = dict(state)
    for event in frame["events"]:
        apply(after, event)
    after["seq"] = frame["to"]
    return after


def apply(state: State, event: Event) -> None:
    """Change a state by one event. Only its own entries are replaced, never changed in place."""
    if change := _CHANGES.get(event["type"]):
        change(state, event)


def _availability(state: State, event: Event) -> None:
    item = state["items"].get(event["sku"], {})
    if event["sku"] in state["run_list"] and item.get("version", -1) < event["version"]:
        news = {name: event[name] for name in ("available", "version", "as_of")}
        state["items"] = state["items"] | {event["sku"]: item | news}


def _item(state: State, event: Event) -> None:
    if event["sku"] in state["run_list"]:
        news = {name: event[name] for name in ("price_minor", "currency")}
        state["items"] = state["items"] | {event["sku"]: state["items"].get(event["sku"], {}) | news}


def _run_list(state: State, event: Event) -> None:
    state["run_list"] = event["skus"]
    state["items"] = {sku: item for sku, item in state["items"].items() if sku in event["skus"]}


def _chat(state: State, event: Event) -> None:
    if all(message["id"] != event["id"] for message in state["chat"]):
        state["chat"] = [*state["chat"], _body(event)][-CHAT_MAX:]


def _chat_removed(state: State, event: Event) -> None:
    state["chat"] = [message for message in state["chat"] if message["id"] != event["id"]]


def _session(**names: str) -> Callable[[State, Event], None]:
    """Return a change that copies fields of an event into the session, under other names."""

    def change(state: State, event: Event) -> None:
        if state.get("session"):
            state["session"] = state["session"] | {name: event[source] for name, source in names.items()}

    return change


def _upsert(collection: str) -> Callable[[State, Event], None]:
    def change(state: State, event: Event) -> None:
        body = _body(event)
        kept = [body if one["id"] == body["id"] else one for one in state[collection]]
        state[collection] = kept if body in kept else [*kept, body]

    return change


def _announcement_ended(state: State, event: Event) -> None:
    state["announcements"] = [one for one in state["announcements"] if one["id"] != event["id"]]


def _platform_event(state: State, event: Event) -> None:
    state["platform_events"] = [*state["platform_events"], _body(event)][-PLATFORM_MAX:]


def _body(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "type"}


_CHANGES: dict[str, Callable[[State, Event], None]] = {
    "availability": _availability,
    "item": _item,
    "run_list": _run_list,
    "chat": _chat,
    "chat_removed": _chat_removed,
    "pin": _session(pinned_sku="sku"),
    "session": _session(state="state"),
    "message_pin": _session(pinned_message="message"),
    "slow_mode": _session(slow_mode_s="seconds"),
    "viewers": _session(viewers="count"),
    "likes": _session(likes="likes", dislikes="dislikes"),
    "announcement": _upsert("announcements"),
    "announcement_ended": _announcement_ended,
    "drop": _upsert("drops"),
    "platform_event": _platform_event,
}


# Of these only the newest matters; the run list goes first, because the others are of the SKUs on it.
NEWEST_OF_KIND = ("run_list", "pin", "session", "slow_mode", "message_pin", "viewers", "likes")
NEWEST_OF_SKU = ("item", "availability")


def fold(events: Iterable[Event]) -> list[Event]:
    """Return the events that a batch carries: the newest of what replaces itself, reactions summed, all the rest."""
    newest: dict[tuple[str, ...], Event] = {}
    in_order: list[Event] = []
    reactions: Counter[str] = Counter()
    for event in events:
        kind = event["type"]
        if kind in NEWEST_OF_KIND:
            newest[(kind,)] = event
        elif kind in NEWEST_OF_SKU:
            known = newest.get((kind, event["sku"]))
            if known is None or event.get("version", 0) >= known.get("version", 0):
                newest[(kind, event["sku"])] = event
        elif kind == "reactions":
            reactions.update(event["counts"])
        else:
            in_order.append(event)
    run_list = newest.pop(("run_list",), None)
    folded = [run_list] if run_list else []
    folded += newest.values()
    folded += in_order
    if reactions:
        folded.append(wire.reactions(reactions))
    return folded
