"""The one statement that changes the counters of stock items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inventory import statements
from inventory.models import Reservation


@dataclass
class CounterChange:
    """What will be added to the counters of one stock item."""

    on_hand: int = 0
    held: int = 0
    committed: int = 0


_WRITE = """
    WITH written AS (
        INSERT INTO inventory_reservation (stock_item_id, quantity, state, holder, created_at)
        SELECT hold.*, now()
        FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[]) AS hold (item, quantity, state, holder)
    )
    UPDATE inventory_stockitem AS item
    SET on_hand = item.on_hand + change.on_hand,
        held = item.held + change.held,
        committed = item.committed + change.committed,
        version = item.version + 1
    FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[]) AS change (id, on_hand, held, committed)
    WHERE item.id = change.id
"""


def write_counters(changes: Mapping[int, CounterChange], *, holds: Sequence[Reservation] = ()) -> None:
    """Add to the counters of stock items (by id) and bump their versions, and write new reservations.

    One statement for both: every one more is time in which others wait for the rows.
    """
    ids = sorted(changes)
    statements.run(
        _WRITE,
        [
            [hold.stock_item_id for hold in holds],
            [hold.quantity for hold in holds],
            [str(hold.state) for hold in holds],
            [hold.holder for hold in holds],
            ids,
            [changes[pk].on_hand for pk in ids],
            [changes[pk].held for pk in ids],
            [changes[pk].committed for pk in ids],
        ],
    )
