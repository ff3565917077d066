"""How many may stand at a door before they were let in. Whoever showed a key that opens it counts no more."""

from collections import Counter
from collections.abc import Callable
from enum import IntEnum


class Standing(IntEnum):
    """How far a connection has come. Room is made by those that have come the least far, the oldest first."""

    SILENT = 0
    SPEAKS = 1
    ASKS = 2  # its key is being looked up: it stays


class ConnectionLimits:
    """Counts connections that wait, so that nobody who only knocks can keep others out.

    Of one network at most `waiting_most` wait; one more is refused. Of all networks `waiting_all` do; then somebody
    who says nothing is hung up on, and the newcomer has the place.
    """

    def __init__(self, *, waiting_most: int, waiting_all: int) -> None:
        self._waiting_most = waiting_most
        self._waiting_all = waiting_all
        self._waiting: dict[Visit, None] = {}
        self._networks: Counter[str] = Counter()

    def enter(self, network: str, hang_up: Callable[[], None]) -> "Visit | None":
        """Count a connection, which is `left` in the end; None if there is no place for it."""
        if self._networks[network] >= self._waiting_most:
            return None
        if len(self._waiting) >= self._waiting_all and not self._make_room():
            return None
        visit = Visit(self, network, hang_up)
        self._waiting[visit] = None
        self._networks[network] += 1
        return visit

    def settle(self, visit: "Visit") -> None:
        """Count a visit no more. Calling twice is safe."""
        if visit in self._waiting:
            del self._waiting[visit]
            self._networks[visit.network] -= 1
            if not self._networks[visit.network]:
                del self._networks[visit.network]

    def _make_room(self) -> bool:
        """Hang up on somebody; False if everybody's key is being looked up."""
        given_up = min(self._waiting, key=lambda visit: visit.standing, default=None)  # of equals the oldest
        if given_up is None or given_up.standing is Standing.ASKS:
            return False
        self.settle(given_up)
        given_up.hang_up()
        return True


class Visit:
    """One connection: it waits until it is `let_in`, or until it has `left`."""

    def __init__(self, turnstile: ConnectionLimits, network: str, hang_up: Callable[[], None]) -> None:
        self._turnstile = turnstile
        self.network = network
        self.hang_up = hang_up
        self.standing = Standing.SILENT

    def speaks(self) -> None:
        """Note that it has got through its handshake."""
        self.standing = Standing.SPEAKS

    def asks(self) -> None:
        """Note that it has shown a key; `speaks` again if that opens nothing."""
        self.standing = Standing.ASKS

    def let_in(self) -> None:
        """Count it no more. Calling twice is safe."""
        self._turnstile.settle(self)

    left = let_in
