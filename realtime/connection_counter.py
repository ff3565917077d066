"""How many come from one place. Refusing is the visit's business."""


class Census:
    """How many sockets and streams each network, and each person, has at this process."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def enter(self, key: str, most: int) -> bool:
        """Count one more, unless there are so many already."""
        count = self._counts.get(key, 0)
        if count < most:
            self._counts[key] = count + 1
        return count < most

    def leave(self, key: str) -> None:
        self._counts[key] -= 1
        if not self._counts[key]:
            del self._counts[key]
