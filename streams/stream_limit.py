"""How many streams a user of another service may hold. docs/stream-limit.md tells the contract.

One row a user, so that one statement decides and its row's lock is that user's lock: a call that waited for another
one evaluates its conditions again on the row that the other has left (PostgreSQL, "Read Committed Isolation Level").
Who holds the stream already, or as many others as may be, is answered by what the statement saw and locks nothing.
Turned down: a row a stream. Counting those needs a lock taken by a statement of its own, before the count's snapshot.
"""

from dataclasses import dataclass

from django.db import connection

GUARD = "WHERE %(stream)s = ANY(holder.stream_ids) OR cardinality(holder.stream_ids) < %(most)s"
TAKE = f"""
WITH seen AS MATERIALIZED (
    SELECT %(stream)s = ANY(stream_ids) AS is_held, cardinality(stream_ids) >= %(most)s AS is_full
    FROM streams_streamholder WHERE user_id = %(user)s
), taken AS (
    INSERT INTO streams_streamholder AS holder (user_id, stream_ids)
    SELECT %(user)s, ARRAY[%(stream)s]::bytea[] WHERE NOT EXISTS (SELECT FROM seen WHERE is_held OR is_full)
    ON CONFLICT (user_id) DO UPDATE SET stream_ids =
        CASE WHEN %(stream)s = ANY(holder.stream_ids) THEN holder.stream_ids ELSE holder.stream_ids || %(stream)s END
    {GUARD}
    RETURNING user_id
)
SELECT EXISTS (SELECT FROM taken) OR EXISTS (SELECT FROM seen WHERE is_held)
"""  # noqa: S608 (our own words)
GIVE_BACK = """
UPDATE streams_streamholder SET stream_ids = array_remove(stream_ids, %(stream)s)
WHERE user_id = %(user)s AND %(stream)s = ANY(stream_ids)
RETURNING cardinality(stream_ids)
"""
FORGET = "DELETE FROM streams_streamholder WHERE user_id = %(user)s AND stream_ids = '{}'"


@dataclass(frozen=True)
class Subscription:
    """One stream of one user, by the words of the service that asks."""

    user_id: str
    stream_id: str


def take(subscription: Subscription, *, most: int) -> bool:
    """Have the user hold the stream, unless they hold `most` others; say whether they hold it now.

    One that is held counts once, so calling twice is safe. Commits by itself outside a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {**_stored(subscription), "most": most})
        (is_held,) = cursor.fetchone()
    return bool(is_held)


def give_back(subscription: Subscription) -> None:
    """Have the user hold the stream no longer. Calling twice is safe."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, _stored(subscription))
        # Another call may fill the row again meanwhile: then it stays.
        if cursor.fetchone() == (0,):
            cursor.execute(FORGET, _stored(subscription))


def _stored(subscription: Subscription) -> dict[str, bytes]:
    """Return the words as bytes: PostgreSQL's text takes no U+0000, which a JSON string may hold."""
    return {"user": subscription.user_id.encode(), "stream": subscription.stream_id.encode()}
