"""Many events into few: what a batch needs to say so that its reader ends where the events would have led."""

from collections import Counter
from collections.abc import Iterable

from realtime import wire
from realtime.wire import Event

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
