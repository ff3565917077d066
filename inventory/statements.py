"""Statements written by hand, for what is done so often that composing a statement would cost more than running it.

The server binds their values and keeps their plans (`prepare_threshold` in the settings), unlike those of the ORM.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


def run(statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement on the primary database, within the open transaction if there is one; return its rows.

    Keep the text the same from call to call, and let only the values differ. Raises Django's own database errors.
    """
    with _cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _cursor() -> CursorWrapper:
    if connection.queries_logged:  # whoever reads the log wants to see the values
        return connection.cursor()
    connection.ensure_connection()
    return CursorWrapper(psycopg.Cursor(connection.connection), connection)
