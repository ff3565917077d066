"""How often a password may be guessed, wherever one is asked for: pages, admin, tokens, and to confirm who one is.

Each attempt takes from buckets before the password is looked at, and a right one gives back what it took, so that
attempts sent at once can't pass together. django-axes counts by name and network besides (10, then a quarter of an
hour), which stops a guesser at one place. Here it is counted

- by network alone, whatever the names: somebody who tries one password on very many accounts;
- by name alone, wherever from: somebody with very many networks. After 20 wrong ones there is one more a minute. This
  can't keep the owner out: a browser that signed in to the account before (`known_devices`) has a bucket of its own,
  and so has a session that is signed in; a reset by e-mail empties the name's bucket and makes the browser known.

With Redis away nothing is counted here, and axes, in PostgreSQL, goes on.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allauth.account.signals import password_reset
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest

from shop.http import rate_limits
from shop.http.network import network
from shop.http.rate_limits import Bucket
from shop.models import User
from shop.people import known_devices
from shop.people.sign_in import attempted_name

PER_NETWORK, PER_NETWORK_S = 100, 900
PER_NAME, PER_NAME_EACH_S = 20, 60
PER_DEVICE, PER_DEVICE_S = 10, 900


class GuessLimit:
    """An authentication backend that lets nobody in, and stops the others when there were too many wrong guesses."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Count an attempt. Raises PermissionDenied; axes' middleware then answers 429 (`sign_in.locked_out`)."""
        if request is not None and not take(request, attempted_name(request, credentials)):
            raise PermissionDenied


@dataclass
class Attempt:
    """What the attempts of one request have taken."""

    buckets: list[Bucket]


def take(request: HttpRequest, name: str) -> bool:
    """Count one attempt at somebody's password; False, and the request is marked as locked out, if it must wait."""
    buckets = [_of_network(request), _of_name(request, name)]
    if wait_ms := rate_limits.take_all(*buckets):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        request.guess_wait_s = -(-wait_ms // 1000)  # type: ignore[attr-defined]
        return False
    taken: Attempt = getattr(request, "guess_attempt", Attempt([]))
    taken.buckets += buckets
    request.guess_attempt = taken  # type: ignore[attr-defined]
    return True


def forgive(request: HttpRequest) -> None:
    """Give back what this request's attempts took: the password was right. Calling twice is safe."""
    taken: Attempt | None = getattr(request, "guess_attempt", None)
    if taken:
        buckets, taken.buckets = taken.buckets, []
        rate_limits.give_back(*buckets)


def _of_network(request: HttpRequest) -> Bucket:
    return Bucket(f"guess:network:{network(request)}", PER_NETWORK, PER_NETWORK / PER_NETWORK_S)


def _of_name(request: HttpRequest, name: str) -> Bucket:
    user = getattr(request, "user", None)
    if isinstance(user, User) and _folded(user.email) == _folded(name):
        return Bucket(f"guess:session:{user.pk}", PER_DEVICE, PER_DEVICE / PER_DEVICE_S)
    if device := known_devices.find(request, name):
        return Bucket(f"guess:device:{device}:{_digest(name)}", PER_DEVICE, PER_DEVICE / PER_DEVICE_S)
    return Bucket(_name_key(name), PER_NAME, 1 / PER_NAME_EACH_S)


def _name_key(name: str) -> str:
    return f"guess:name:{_digest(name)}"


def _folded(name: str) -> str:
    """Return a name as the database compares it, whichever letters it was typed in."""
    return name.strip().upper().lower()


def _digest(name: str) -> str:
    """Keep addresses out of Redis."""
    return hashlib.sha256(_folded(name).encode(errors="replace")).hexdigest()[:32]


@receiver(user_logged_in)
def _signed_in(sender: object, request: HttpRequest | None, user: User, **_: Any) -> None:
    if request is not None:
        forgive(request)
        known_devices.remember(request, user.email)


@receiver(password_reset)
def _was_reset(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    rate_limits.forget(_name_key(user.email))
    known_devices.remember(request, user.email)


def is_by_known_device(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> bool:
    """Whether axes leaves an attempt to us: one from a browser that its owner used before has a limit of its own."""
    return bool(known_devices.find(request, attempted_name(request, credentials)))
