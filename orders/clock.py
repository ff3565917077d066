"""The one clock that deadlines are compared with: the primary database's."""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """Return the database's time; within a transaction, the moment it began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (moment,) = cursor.fetchone()
    return moment
