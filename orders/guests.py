"""The orders that somebody who is not signed in may see: those made in this browser."""

import uuid
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Q, QuerySet

from orders import access
from orders.models import Order
from shop.models import User

SESSION_KEY = "guest_orders"
KEPT_MOST = 50


def remember(session: SessionBase, order: Order) -> None:
    """Let this browser see the order. Calling twice is safe; of very many, the oldest are forgotten."""
    known = ids(session)
    if str(order.id) not in known:
        session[SESSION_KEY] = [*known, str(order.id)][-KEPT_MOST:]


def ids(session: SessionBase) -> list[str]:
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


def find_order(order_id: uuid.UUID, *, user: User | AnonymousUser, session: SessionBase, word: str = "") -> Order:
    """Return an order to its buyer, to the browser it was made in, or to whoever has its word.

    Raises Order.DoesNotExist for anybody else.
    """
    person = user if isinstance(user, User) else None
    return access.find_order(order_id, user=person, access=word, is_known=str(order_id) in ids(session))
