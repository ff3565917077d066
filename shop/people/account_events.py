"""What ends when an account changes: tokens with the password, the account, or the way of signing in."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from shop.models import User
from shop.people import second_factor, tokens


@receiver(post_save, sender=User, dispatch_uid="shop.people.account_events")
def end_tokens(*, instance: User, created: bool, **_: Any) -> None:
    """Delete tokens that are void by now, so that nobody wonders at them; realtime closes their sockets."""
    # Django keeps a new password in the clear until it has been saved.
    has_new_password = getattr(instance, "_password", None) is not None
    if not created and (has_new_password or not instance.is_active):
        tokens.revoke_all(instance)


@receiver(post_save, sender=Authenticator, dispatch_uid="shop.people.account_events")
def end_tokens_without_code(*, instance: Authenticator, created: bool, **_: Any) -> None:
    """With the first factor, end the tokens that were issued without one."""
    theirs = Authenticator.objects.filter(user=instance.user_id, type__in=second_factor.FACTORS)
    if created and instance.type in second_factor.FACTORS and theirs.count() == 1:
        tokens.revoke_all(instance.user)


@receiver(post_delete, sender=Authenticator, dispatch_uid="shop.people.account_events")
def end_tokens_of_factor(*, instance: Authenticator, **_: Any) -> None:
    """With the last factor, end the tokens that it stood for."""
    if instance.type in second_factor.FACTORS and not second_factor.is_set_up(instance.user):
        tokens.revoke_all(instance.user)
