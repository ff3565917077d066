"""What every page knows of the shopper; nothing is asked of the database unless the template asks."""

from functools import cached_property

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shop import cart, place


class Basket:
    """The cart in the header."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def count(self) -> int:
        return cart.count(self._request)


def basket(request: HttpRequest) -> dict[str, object]:
    return {"basket": Basket(request), "deliver_to": SimpleLazyObject(lambda: place.postal_code(request))}


def nonce(request: HttpRequest) -> dict[str, object]:
    """The word by which the page's own inline scripts are let through."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}
