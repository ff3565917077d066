"""What is left of a show's news for those who must not notice its rehearsal: to them it is planned all the while."""

from typing import Any

from realtime.state import State
from realtime.wire import Event, Message

REHEARSAL = "rehearsal"
SCHEDULED = "scheduled"


def public_state(state: State) -> State:
    """Return a state without its rehearsal; the given one stays as it is."""
    session = state.get("session") or {}
    if session.get("state") != REHEARSAL:
        return state
    pinned = session.get("pinned_message")
    session = session | {"state": SCHEDULED, "pinned_message": None if _is_rehearsed(pinned) else pinned}
    return state | {"session": session, "chat": [one for one in state["chat"] if not _is_rehearsed(one)]}


def public_batch(batch: Message) -> Message:
    """Return a batch without what belongs to a rehearsal; the same one if there is nothing such in it."""
    events = [event for event in batch["events"] if not _is_hidden(event)]
    return batch if len(events) == len(batch["events"]) else batch | {"events": events}


def _is_hidden(event: Event) -> bool:
    kind = event["type"]
    if kind == "session":
        return bool(event["state"] == REHEARSAL)
    return _is_rehearsed(event if kind == "chat" else event["message"] if kind == "message_pin" else None)


def _is_rehearsed(message: Any) -> bool:
    return bool(message and message.get("rehearsed"))
