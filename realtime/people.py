"""Who somebody is, where no ticket says it: an API token, or the session cookie. Both ask the database."""

from types import SimpleNamespace
from typing import cast

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, parse_cookie

from orders import access
from realtime.identity import GUEST_ORDERS_MAX, Person, mark_of, now_ms
from shop.models import User
from shop.people import second_factor, sessions, tokens
from shop.text import is_text


def find_by_token(key: str) -> Person | None:
    token = tokens.find(key)
    return Person(user_id=token.user_id, known_ms=now_ms()) if token else None


def find_by_cookie(header: str) -> Person | None:
    """Return whose session a Cookie header names: the account, and the orders made in that browser."""
    key = parse_cookie(header).get(settings.SESSION_COOKIE_NAME, "")
    if not is_text(key):
        return None
    session = SessionStore(key)
    user = get_user(cast(HttpRequest, SimpleNamespace(session=session)))
    orders = tuple(access.ids(session)[-GUEST_ORDERS_MAX:])
    if not isinstance(user, User) or sessions.is_over(session, user) or second_factor.is_owed(user):
        return Person(orders=orders)
    return Person(user_id=user.pk, orders=orders, sign_in=mark_of(key), known_ms=now_ms())
