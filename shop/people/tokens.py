"""API tokens: what a program shows instead of a person's password.

A token is told once, when it is issued; the database holds its digest. It carries a mark of the password that it was
issued for, so that it ends with that password, whichever way the password is changed, and a token that is issued while
the password changes is void from the start. It ends besides after 90 days, with the account, and when a person sets up
a second factor or takes it back.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from shop.models import ApiToken, User
from shop.people import second_factor

LIFETIME = timedelta(days=90)
TOKENS_MAX = 50
NAME_MAX = 80
USE_NOTED_EVERY = timedelta(hours=1)
PREFIX = "sf_"
"""By this, scanners of source code find tokens that were published by mistake."""


def issue(user: User, *, name: str = "") -> str:
    """Make a token and return it; nobody can read it again. Of very many, the ones unused for longest end."""
    key = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        user=user,
        name=name[:NAME_MAX],
        digest=_digest(key),
        password_mark=_mark(user),
        expires_at=timezone.now() + LIFETIME,
    )
    newest = ApiToken.objects.filter(user=user).order_by(Coalesce("last_used_at", "created_at").desc(), "-id")
    revoke(ApiToken.objects.filter(pk__in=[token.pk for token in newest[TOKENS_MAX:]]))
    return key


def find(key: str) -> ApiToken | None:
    """Return the token with its person, if it is good; note, about once an hour, that it was used."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=_digest(key), expires_at__gt=Now(), user__is_active=True)
        .first()
    )
    if token is None or not constant_time_compare(token.password_mark, _mark(token.user)):
        return None
    if second_factor.is_owed(token.user):
        return None
    noted_before = timezone.now() - USE_NOTED_EVERY
    if token.last_used_at is None or token.last_used_at < noted_before:
        is_due = Q(last_used_at=None) | Q(last_used_at__lt=noted_before)
        ApiToken.objects.filter(is_due, pk=token.pk).update(last_used_at=Now())
    return token


def list_good(user: User) -> QuerySet[ApiToken]:
    """Return the tokens that still open something, the newest first."""
    return ApiToken.objects.filter(user=user, password_mark=_mark(user), expires_at__gt=Now())


def revoke(tokens: QuerySet[ApiToken]) -> int:
    """End tokens; return how many. Realtime hears of each one and closes the sockets that it opened."""
    return tokens.delete()[0]


def revoke_all(user: User) -> int:
    """End all tokens of a person."""
    return revoke(ApiToken.objects.filter(user=user))


def delete_expired() -> int:
    """Delete what opens nothing any more; return how many."""
    return ApiToken.objects.filter(expires_at__lte=Now()).delete()[0]


def _digest(key: str) -> str:
    """A token is as long as it is random: a plain hash is enough, and can be looked up."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def _mark(user: User) -> str:
    return salted_hmac("shop.people.tokens", user.password, algorithm="sha256").hexdigest()
