"""A token bucket in this process: what one connection may do, which no other process needs to know of."""

import time


class TokenBucket:
    """Starts full, holds `capacity` and gains `refill_per_s`."""

    def __init__(self, *, capacity: float, refill_per_s: float) -> None:
        self._capacity = capacity
        self._refill_per_s = refill_per_s
        self._tokens = capacity
        self._at_s = time.monotonic()

    def spend(self, cost: float = 1) -> float:
        """Spend tokens and return 0, or spend none and return after how many seconds there will be enough."""
        now_s = time.monotonic()
        self._tokens = min(self._capacity, self._tokens + (now_s - self._at_s) * self._refill_per_s)
        self._at_s = now_s
        if self._tokens < cost:
            return (cost - self._tokens) / self._refill_per_s
        self._tokens -= cost
        return 0.0
