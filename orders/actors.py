"""Who does something to an order, as an opaque word for the audit log."""

from django.contrib.auth.models import AnonymousUser

from shop.models import User

GUEST = "guest"


def of(user: User | AnonymousUser) -> str:
    return f"user:{user.public_id}" if isinstance(user, User) else GUEST
