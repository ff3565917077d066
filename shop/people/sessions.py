"""How long a sign-in lasts: thirty days for shoppers (settings), a working day for staff, whatever they do."""

import time
from datetime import timedelta
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import logout
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shop.models import User

STAFF_LIFETIME = timedelta(hours=10)
SIGNED_IN_AT = "signed_in_at"


@receiver(user_logged_in, dispatch_uid="shop.people.sessions")
def note_sign_in(*, request: HttpRequest, **_: Any) -> None:
    request.session[SIGNED_IN_AT] = int(time.time())


def is_over(session: SessionBase, user: User) -> bool:
    """Whether a staff's sign-in is older than a working day, or older than we note the time of."""
    return user.is_staff and time.time() - session.get(SIGNED_IN_AT, 0) > STAFF_LIFETIME.total_seconds()


class AuthenticationMiddleware(DjangoAuthenticationMiddleware):
    """Django's, which besides signs staff out when their working day is over; only when somebody asks who it is."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        found = request.user
        request.user = SimpleLazyObject(lambda: _still_signed_in(request, found))  # type: ignore[assignment]
        request.auser = partial(sync_to_async(_still_signed_in), request, found)


def _still_signed_in(request: HttpRequest, found: Any) -> Any:
    if found.is_authenticated and is_over(request.session, found):
        request.user = found
        logout(request)
        return AnonymousUser()
    return found
