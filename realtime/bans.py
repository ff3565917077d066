"""Whom the hosts of shows have banned: their reactions don't count."""

import asyncio
from collections.abc import Awaitable, Callable

KEEP_S = 10.0


class Bans:
    """The bans of shows in which somebody reacts, read once in a while, and again after news of one (`forget`)."""

    def __init__(self, read: Callable[[str], Awaitable[frozenset[int]]]) -> None:
        """`read` returns whom the host of a show has banned."""
        self._read = read
        self._known: dict[str, tuple[float, asyncio.Future[frozenset[int]]]] = {}

    async def include(self, slug: str, user_id: int) -> bool:
        """Return whether somebody is banned from a show's chat. Raises what `read` does, and keeps it as long."""
        now = asyncio.get_running_loop().time()
        self._known = {show: known for show, known in self._known.items() if now - known[0] < KEEP_S}
        if slug not in self._known:
            self._known[slug] = (now, asyncio.ensure_future(self._read(slug)))
        return user_id in await asyncio.shield(self._known[slug][1])

    def forget(self, slug: str) -> None:
        """Read them again with the next reaction."""
        self._known.pop(slug, None)
