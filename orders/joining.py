"""A guest's orders join the account whose verified address they bear: when it is verified, and at each sign-in."""

import logging

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.contrib.auth.signals import user_logged_in
from django.db import Error, connection, transaction
from django.dispatch import receiver

from inventory.exceptions import StockBusy
from inventory.locks import limited_wait
from orders.archive.thawing import ERASING
from orders.models import ArchivedOrder, Order
from shop.models import User
from shop.people import erasure

logger = logging.getLogger(__name__)


def join(user: User) -> int:
    """Give an account the guests' orders with its verified addresses, archived or not; return how many.

    Calling twice is safe. Like an erasure (docs/locking.md) it keeps the archive from giving an order back meanwhile:
    what moves there is found here before, or there after. Raises StockBusy.
    """
    verified = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    emails = frozenset(email.lower() for email in verified)
    if not emails:
        return 0
    of_guests = erasure.any_of("email", emails)
    if not any(model.objects.filter(of_guests, buyer_id=None).exists() for model in (Order, ArchivedOrder)):
        return 0
    with transaction.atomic():
        with limited_wait(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ERASING])
            here = Order.objects.filter(of_guests, buyer_id=None).update(buyer=user)
        there = ArchivedOrder.objects.filter(of_guests, buyer_id=None).update(buyer_id=user.pk)
    return here + there


@receiver(email_confirmed)
def _at_verification(sender: object, email_address: EmailAddress, **kwargs: object) -> None:
    _join_if_possible(email_address.user)


@receiver(user_logged_in)
def _at_sign_in(sender: object, user: User, **kwargs: object) -> None:
    _join_if_possible(user)


def _join_if_possible(user: User) -> None:
    """Nobody is kept from signing in by orders that are busy, or by an archive that is away: the next time does it."""
    try:
        join(user)
    except (StockBusy, Error):
        logger.exception("guests' orders have not joined user:%s yet", user.public_id)
