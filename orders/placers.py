"""Who places orders and from where, as digests: enough to tell the same one again, and to read nothing out of."""

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from shop.http.network import network
from shop.models import User


def of_user(user_id: int) -> str:
    return _digest(f"user:{user_id}")


def of_browser(request: HttpRequest) -> str:
    """Return the digest of a guest's session; empty for one who has none yet."""
    key = request.session.session_key
    return _digest(f"session:{key}") if key and not isinstance(request.user, User) else ""


def of_network(request: HttpRequest) -> str:
    return _digest(f"network:{network(request)}")


def _digest(name: str) -> str:
    return salted_hmac("orders.placers", name, algorithm="sha256").hexdigest()[:32]
