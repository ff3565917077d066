"""Who may see an order: its buyer, the browser it was made in, and whoever holds the guest's access token."""

import hmac
import uuid
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from orders import reading
from orders.models import Order
from shop.models import User

SESSION_KEY = "guest_orders"
KEPT_MAX = 50


def token(order: Order) -> str:
    """Return the access token that opens a guest's order (the API's `access`)."""
    return salted_hmac("orders.access", str(order.id), algorithm="sha256").hexdigest()


def find_order(
    order_id: uuid.UUID,
    *,
    user: User | AnonymousUser | None = None,
    session: SessionBase | None = None,
    access_token: str = "",
) -> Order:
    """Return an order, archived or not, to those who may see it.

    Raises Order.DoesNotExist for anybody else, and for one whose buyer was erased, as if there were none.
    """
    order = reading.get_order(order_id)
    is_buyer = isinstance(user, User) and order.buyer_id == user.pk
    is_of_browser = session is not None and str(order_id) in ids(session)
    has_token = hmac.compare_digest(access_token.encode(), token(order).encode())
    if order.is_erased or not (is_buyer or is_of_browser or has_token):
        raise Order.DoesNotExist
    return order


def remember(session: SessionBase, order: Order) -> None:
    """Let this browser see the order. Calling twice is safe; of very many, the oldest are forgotten."""
    known = ids(session)
    if str(order.id) not in known:
        session[SESSION_KEY] = [*known, str(order.id)][-KEPT_MAX:]


def ids(session: SessionBase) -> list[str]:
    """Return the orders that were made in this browser."""
    found: Any = session.get(SESSION_KEY)
    return found if isinstance(found, list) else []


def list_orders(user: User | AnonymousUser, session: SessionBase) -> QuerySet[Order]:
    """Return what this person, or this browser, has ordered and is not archived, the newest first."""
    theirs = Q(pk__in=ids(session))
    if isinstance(user, User):
        theirs |= Q(buyer=user)
    return Order.objects.filter(theirs)


def may_have_orders(user: User | AnonymousUser, session: SessionBase) -> bool:
    """Whether it is worth asking the database."""
    return isinstance(user, User) or bool(ids(session))
