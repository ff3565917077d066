"""Reservations that are settled, shipped or given back. They count nowhere any more, so what is over may be moved
elsewhere and brought back; the ledger stays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from inventory.models import Reservation

SETTLED = [Reservation.State.FULFILLED, Reservation.State.RELEASED]
LIVE = [Reservation.State.HELD, Reservation.State.COMMITTED]


def delete(holders: Sequence[str]) -> None:
    """Delete the settled reservations of these holders; live ones stay. Needs the lock of what they belong to."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {Reservation._meta.db_table}"  # noqa: S608 (our own table)
            " WHERE holder = ANY(string_to_array(%s, ',')) AND state = ANY(%s)",
            [",".join(holders), [str(state) for state in SETTLED]],
        )


def restore(holder: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write settled reservations again, as they were (rows without their holder)."""
    fields = {field.attname: field for field in Reservation._meta.local_concrete_fields}
    kept = [{column: fields[column].to_python(value) for column, value in row.items()} for row in rows]
    Reservation.objects.bulk_create(Reservation(**row, holder=holder) for row in kept)
    # Writing gave them this moment's.
    Reservation.objects.bulk_update([Reservation(**row, holder=holder) for row in kept], ["created_at"])
