"""The one clock that deadlines are compared with: the primary database's."""

from datetime import datetime

from inventory import statements


def now() -> datetime:
    """Return the database's time; within a transaction, the moment it began."""
    [(moment,)] = statements.run("SELECT now()")
    return moment
