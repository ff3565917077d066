"""Who somebody at a socket is: by a signed ticket of the page, by an API token, or by the session cookie."""

import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from types import SimpleNamespace
from typing import cast

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.http import HttpRequest, parse_cookie
from django.utils.crypto import salted_hmac

from orders import access
from orders.models import Order
from shop.models import User
from shop.people import second_factor, sessions, tokens
from shop.text import is_text

SALT = "realtime.ticket"
SIGN_IN_SALT = "realtime.sign-in"
MAX_AGE_S = 12 * 3600
GUEST_ORDERS_MAX = 10


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a socket: an account, a guest with orders, or a stranger (nothing of both).

    `sign_in` marks the session that an account is signed in with; `known_ms` is when it was seen to be them.
    """

    user_id: int | None = None
    orders: tuple[str, ...] = ()
    sign_in: str = ""
    known_ms: int = field(default=0, compare=False)

    @property
    def mailboxes(self) -> tuple[str, ...]:
        """The names under which private frames reach them."""
        account = () if self.user_id is None else (mailbox_of_user(self.user_id),)
        return account + tuple(mailbox_of_order(id) for id in self.orders)


STRANGER = Person()


def mailbox_of_user(user_id: int) -> str:
    return f"user-{user_id}"


def mailbox_of_order(order_id: object) -> str:
    return f"order-{order_id}"


def mark_of(session_key: str | None) -> str:
    """Return a word for a session that gives nothing away of its key."""
    return salted_hmac(SIGN_IN_SALT, session_key).hexdigest()[:16] if session_key else ""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def issue(person: Person) -> str:
    """Return a ticket for twelve hours; an empty one for a stranger."""
    if person == STRANGER:
        return ""
    return signing.dumps({"u": person.user_id, "o": person.orders, "s": person.sign_in, "t": now_ms()}, salt=SALT)


def find_person(ticket: str) -> Person | None:
    """Return whom a ticket names, or None if it is forged or too old. revocations.py knows who signed out since."""
    try:
        said = signing.loads(ticket, salt=SALT, max_age=MAX_AGE_S)
    except signing.BadSignature:
        return None
    return Person(user_id=said["u"], orders=tuple(said["o"]), sign_in=said.get("s", ""), known_ms=said.get("t", 0))


def opened_orders(words: Mapping[str, str]) -> Iterable[str]:
    """Return the ids of those guests' orders whose word of access is right."""
    for id, word in list(words.items())[:GUEST_ORDERS_MAX]:
        try:
            order = Order(id=uuid.UUID(id))
        except ValueError:
            continue
        if compare_digest(access.token(order).encode(), word.encode()):
            yield str(order.id)


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
