"""What a writer does, whichever server it writes under."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from realtime.wire import INBOUND_MAX_BYTES, Frame

Send = Callable[[dict[str, Any]], Awaitable[None]]

FRAME_MAX_BYTES = 16 * INBOUND_MAX_BYTES


class Writer(Protocol):
    """Writes to one socket. Nothing here waits, and nothing raises: a socket that is gone swallows what is written."""

    kind: str

    def write(self, frame: Frame) -> None: ...

    def buffered(self) -> int:
        """Return how many bytes wait for a slow reader."""

    async def close(self, code: int) -> None:
        """Close after what was written. A socket that doesn't read is cut off."""

    def before_server_ends(self, call: Callable[[], None]) -> None:
        """Have something done while sockets can still be written to. It may be called more than once."""
