"""What every page knows of its socket."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from orders import access
from realtime import identity
from realtime.identity import Person


def socket(request: HttpRequest) -> dict[str, object]:
    """Return what templates/realtime/_socket.html needs; the session is only read where it is used.

    Without `realtime_url` the page's script takes the page's own origin.
    """
    return {
        "realtime_url": settings.REALTIME_URL,
        "realtime_ticket": SimpleLazyObject(lambda: identity.issue(person_of(request))),
    }


def person_of(request: HttpRequest) -> Person:
    """Return who sees this page: the account, and the orders that were made in this browser."""
    orders = tuple(access.ids(request.session)[-identity.GUEST_ORDERS_MAX :])
    if not request.user.is_authenticated:
        return Person(orders=orders)
    return Person(user_id=request.user.pk, orders=orders, sign_in=identity.mark_of(request.session.session_key))
