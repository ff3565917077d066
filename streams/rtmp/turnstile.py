"""How many may stand at a door at once: those who are in, and of each address a few who were not let in yet."""

from collections import Counter


class Turnstile:
    """Counts connections, so that nobody who only knocks can keep others out."""

    def __init__(self, *, most: int, waiting_most: int) -> None:
        self._most = most
        self._waiting_most = waiting_most
        self._count = 0
        self._waiting: Counter[str] = Counter()

    def enter(self, peer: str) -> "Visit | None":
        """Count a connection, which is `left` in the end; None if there are too many."""
        if self._count >= self._most or self._waiting[peer] >= self._waiting_most:
            return None
        self._count += 1
        self._waiting[peer] += 1
        return Visit(self, peer)

    def settle(self, peer: str) -> None:
        self._waiting[peer] -= 1
        if not self._waiting[peer]:
            del self._waiting[peer]

    def leave(self) -> None:
        self._count -= 1


class Visit:
    """One connection: it waits until it is `let_in`, or until it has `left`."""

    def __init__(self, turnstile: Turnstile, peer: str) -> None:
        self._turnstile = turnstile
        self._peer = peer
        self._is_waiting = True

    def let_in(self) -> None:
        """Count it among the publishers. Calling twice is safe."""
        if self._is_waiting:
            self._is_waiting = False
            self._turnstile.settle(self._peer)

    def left(self) -> None:
        self.let_in()
        self._turnstile.leave()
