"""How a repeated request is known: by its key, whose it is, and a digest of what it says."""

import hashlib
from typing import Any

import orjson
from django.contrib.auth.models import AnonymousUser

from orders.idempotency import Idempotency
from shop.models import User


def take(user: User | AnonymousUser, *, key: str, body: Any) -> Idempotency:
    """Return the idempotency of a request. `body` is anything JSON can say; the order of its members means nothing.

    The key is the account's own; guests share one scope, so a guest's key should be hard to guess.
    """
    canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    scope = f"user:{user.pk}" if isinstance(user, User) else "guest"
    return Idempotency(scope=scope, key=key, body_hash=hashlib.sha256(canonical).hexdigest())
