"""What a copy of an order is: one JSON document, the same text for the same content in either database.

PostgreSQL makes it from the row of the order, its lines and its reservations, and makes the archived row from it. A
column that one side has and the other lacks makes the documents differ, and what differs is never deleted.
"""

import hashlib
import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import connection, connections, transaction

from inventory.models import Reservation
from orders.archive.router import ALIAS
from orders.models import ArchivedOrder, Order, OrderLine

# An archive that does not answer lets go of the main database's locks.
PATIENCE_MS = 30_000

_READ = f"""
    SELECT o.id, (to_jsonb(o) - '{{{",".join(Order.NOT_ARCHIVED)}}}'::text[] || jsonb_build_object(
        'lines', (
            SELECT coalesce(jsonb_agg(to_jsonb(line) - 'order_id' ORDER BY line.id), '[]')
            FROM {OrderLine._meta.db_table} AS line WHERE line.order_id = o.id
        ),
        'reservations', (
            SELECT coalesce(jsonb_agg(to_jsonb(reservation) - 'holder' ORDER BY reservation.id), '[]')
            FROM {Reservation._meta.db_table} AS reservation WHERE reservation.holder = 'order:' || o.id
        )
    ))::text
    FROM {Order._meta.db_table} AS o WHERE o.id = ANY(%s::uuid[])
"""  # noqa: S608 (our own tables)

_REMOVE = f"DELETE FROM {ArchivedOrder._meta.db_table} WHERE id = ANY(%s::uuid[])"  # noqa: S608

_WRITE = f"""
    INSERT INTO {ArchivedOrder._meta.db_table}
    SELECT * FROM jsonb_populate_recordset(NULL::{ArchivedOrder._meta.db_table}, %s::jsonb)
"""  # noqa: S608

_HASHES = f"""
    SELECT id, encode(sha256(convert_to(to_jsonb(archived)::text, 'UTF8')), 'hex')
    FROM {ArchivedOrder._meta.db_table} AS archived
    WHERE id = ANY(%s::uuid[]) AND terminal_at BETWEEN %s AND %s
"""  # noqa: S608


def read(order_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the documents of orders in the main database."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [as_array(order_ids)])
        return dict(cursor.fetchall())


def write(documents: Mapping[uuid.UUID, str]) -> None:
    """Put orders into the archive, in a transaction of its own; copies of them that are there already are replaced.

    Needs the locks of these orders in the main database: whoever has them is alone with the copies, too.
    """
    with transaction.atomic(using=ALIAS, durable=True), connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE_MS)])
        cursor.execute(_REMOVE, [as_array(documents)])
        cursor.execute(_WRITE, [f"[{','.join(documents.values())}]"])


def sound(documents: Mapping[uuid.UUID, str], *, since: datetime, until: datetime) -> list[uuid.UUID]:
    """Return those orders whose copy, read back from the archive, is what was written.

    `since` and `until` enclose their `terminal_at`: they tell which months to look in.
    """
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_HASHES, [as_array(documents), since, until])
        found = dict(cursor.fetchall())
    return [order_id for order_id, text in documents.items() if found.get(order_id) == _hash(text)]


def as_array(ids: Iterable[uuid.UUID]) -> str:
    """Return ids as one value that PostgreSQL reads as an array: a thousand values take longer than their orders."""
    return f"{{{','.join(map(str, ids))}}}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
