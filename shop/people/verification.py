"""Whose an e-mail address is: believed only once the person who says so has shown it.

An account whose main address is not confirmed can't sign in (settings: ACCOUNT_EMAIL_VERIFICATION). A password reset
is such a proof, too, for its link came to that address. Whatever the account gathered before then may be somebody
else's doing, so all of it goes.
"""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import Signal

from shop import audit
from shop.models import Address, Cart, Notice, User, WishlistItem
from shop.people import tokens

unproven_account_reset = Signal()
"""Sent in the transaction of the reset, with `user`: apps drop what theirs the account has."""


def is_verified(user: User) -> bool:
    """Whether somebody has shown that the address of this account is theirs."""
    return EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()


def list_verified(email: str) -> QuerySet[User]:
    """Return the account, if any, whose confirmed address this is."""
    theirs = EmailAddress.objects.filter(email__iexact=email.strip(), verified=True)
    return User.objects.filter(pk__in=theirs.values("user"), is_active=True)


def may_reset_by(user: User, email: str) -> bool:
    """Whether a link to set a new password may go to this address.

    To the main one always; to another one only if both are confirmed: what is not may be anybody's.
    """
    if user.email.lower() == email.strip().lower():
        return True
    is_other = EmailAddress.objects.filter(user=user, email__iexact=email.strip(), verified=True).exists()
    return is_other and is_verified(user)


def reset_password(user: User, password: str) -> None:
    """Set a password for whoever opened the link that was sent to this account's address."""
    with transaction.atomic():
        if not is_verified(user):
            if user.has_usable_password() or user.last_login:
                _drop_all(user)
            EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
            EmailAddress.objects.update_or_create(
                user=user, email=user.email.lower(), defaults={"verified": True, "primary": True}
            )
        user.set_password(password)
        user.save(update_fields=["password"])


def _drop_all(user: User) -> None:
    """Leave of an account its address. Nobody but staff could use an account that has no password: it is kept."""
    user.display_name = ""
    user.is_host = user.is_staff = user.is_superuser = False
    user.save(update_fields=["display_name", "is_host", "is_staff", "is_superuser"])
    user.groups.clear()
    user.user_permissions.clear()
    tokens.revoke_all(user)
    for model in (Authenticator, Address, Cart, WishlistItem, Notice):
        model.objects.filter(user=user).delete()
    unproven_account_reset.send(sender=User, user=user)
    audit.record(actor="system", action="unproven_account_reset", subject=f"user:{user.public_id}")
