"""Which media process a show belongs to: an advisory lock, held on one connection of our own."""

import asyncio
import logging
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections

logger = logging.getLogger(__name__)

LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"
CONNECT_S = 2
CHECK_S = 2.0


class OwnershipLost(Exception):
    """The database connection broke, and every lock with it: another process may own our shows by now."""


class Owner:
    """Holds the locks of this process's shows. A pooled connection would hand them on, so this one is direct."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._held: set[UUID] = set()
        self._asked: set[UUID] = set()

    async def acquire(self, session_id: UUID) -> bool:
        """Try to own a show; False if another process does, or this one for another publisher.

        Raises psycopg.Error when the database is away.
        """
        if session_id in self._held or session_id in self._asked:
            return False
        # The connection would get the same lock twice: two publishers who come at once must not both ask for it.
        self._asked.add(session_id)
        try:
            is_ours = await self._call(LOCK, session_id)
        finally:
            self._asked.discard(session_id)
        if is_ours:
            self._held.add(session_id)
        return is_ours

    async def release(self, session_id: UUID) -> None:
        """Let go of a show. Calling twice is safe."""
        if session_id not in self._held:
            return
        self._held.discard(session_id)
        try:
            await self._call(UNLOCK, session_id)
        except psycopg.Error:
            logger.warning("a lock went with its connection")

    async def check(self) -> None:
        """See that the locks are still ours. Raises OwnershipLost, after which none is held."""
        if not self._held:
            return
        try:
            async with asyncio.timeout(CHECK_S):
                if self._connection is None:
                    raise psycopg.OperationalError("no connection")
                await self._connection.execute("SELECT 1")
        except (psycopg.Error, TimeoutError) as error:
            self._held.clear()
            await self.close()
            raise OwnershipLost from error

    async def close(self) -> None:
        if self._connection:
            await self._connection.close()
        self._connection = None

    async def _call(self, statement: str, session_id: UUID) -> bool:
        if self._connection is None or self._connection.closed:
            if self._held:
                raise psycopg.OperationalError("the locks are lost")
            self._connection = await _connect()
        cursor = await self._connection.execute(statement, [f"show:{session_id}"])
        row = await cursor.fetchone()
        return bool(row and row[0])


async def _connect() -> psycopg.AsyncConnection[Any]:
    names = {"dbname", "user", "password", "host", "port", "sslmode"}
    parameters = connections["default"].get_connection_params()
    chosen = {name: value for name, value in parameters.items() if name in names}
    return await psycopg.AsyncConnection.connect(**chosen, autocommit=True, connect_timeout=CONNECT_S)
