"""How many orders one buyer, and one network, may try to make."""

import hashlib

from django.conf import settings
from django.http import HttpRequest

from inventory import folding
from shop.http import rate_limits
from shop.http.network import network
from shop.http.rate_limits import Bucket
from shop.models import User

MINUTE_S = 60


def spend(request: HttpRequest, *, email: str) -> int:
    """Count one attempt; return 0, or after how many seconds trying again helps.

    A guest is known by e-mail address and network: who types somebody else's uses up none of theirs. Redis away:
    everything is allowed.
    """
    buyer = f"user:{request.user.pk}" if isinstance(request.user, User) else f"guest:{_digest(request, email)}"
    retry_ms = rate_limits.take_all(
        _bucket(buyer, settings.ORDERS_PER_MINUTE_BUYER),
        _bucket(f"network:{network(request)}", settings.ORDERS_PER_MINUTE_NETWORK),
    )
    return -(-retry_ms // 1000)


def _bucket(whose: str, per_minute: int) -> Bucket:
    return Bucket(f"orders:{whose}", capacity=per_minute, refill_per_s=per_minute / MINUTE_S)


def _digest(request: HttpRequest, email: str) -> str:
    """Keep addresses out of Redis."""
    name = f"{folding.mailbox(email)} {network(request)}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]
