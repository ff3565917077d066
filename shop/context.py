"""What every page knows of the shopper; nothing is asked of the database unless the template asks."""

from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shop import cart
from shop.models import User
from shop.notifications import notices
from shop.people import postal_code

HERE_MAX = 500


class Basket:
    """The cart in the header."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def count(self) -> int:
        return cart.count(self._request)


class Bell:
    """The bell in the header: how much somebody who is signed in has not read."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def unread(self) -> int:
        user = getattr(self._request, "user", None)
        return notices.unread(user) if isinstance(user, User) else 0

    @property
    def is_more(self) -> bool:
        """Whether there are more than are counted."""
        return self.unread >= notices.COUNTED_MAX


def bell(request: HttpRequest) -> dict[str, object]:
    return {"bell": Bell(request)}


def basket(request: HttpRequest) -> dict[str, object]:
    return {"basket": Basket(request), "deliver_to": SimpleLazyObject(lambda: postal_code.postal_code(request))}


def here(request: HttpRequest) -> dict[str, object]:
    """The page's own address, for every form that returns to it; a long query, which each would repeat, is cut."""
    address = request.get_full_path()
    return {"here": address if len(address) <= HERE_MAX else request.path}


def nonce(request: HttpRequest) -> dict[str, object]:
    """The word by which the page's own inline scripts are let through, and the cookie that has the forms' token."""
    return {"csp_nonce": getattr(request, "csp_nonce", ""), "csrf_cookie": settings.CSRF_COOKIE_NAME}
