"""The one statement that changes the counters of stock items."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection


@dataclass
class CounterChange:
    """What will be added to the counters of one stock item."""

    on_hand: int = 0
    held: int = 0
    committed: int = 0


def write_counters(changes: Mapping[int, CounterChange]) -> None:
    """Add to the counters of stock items (by id) and bump their versions, in one statement."""
    ids = sorted(changes)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inventory_stockitem AS item
            SET on_hand = item.on_hand + change.on_hand,
                held = item.held + change.held,
                committed = item.committed + change.committed,
                version = item.version + 1
            FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[]) AS change (id, on_hand, held, committed)
            WHERE item.id = change.id
            """,
            [
                ids,
                [changes[pk].on_hand for pk in ids],
                [changes[pk].held for pk in ids],
                [changes[pk].committed for pk in ids],
            ],
        )
