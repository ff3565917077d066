"""What orders know of a person, in the main database and in the archive; and what stands against forgetting it now."""

from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.dispatch import receiver
from django.utils.translation import gettext as _

from inventory.locks import limited_wait
from orders.archive.thawing import ERASING
from orders.lifecycle import TERMINAL
from orders.models import ArchivedOrder, Order
from shop import audit
from shop.models import User
from shop.people import erasure
from shop.people.erasure import Person
from shop.people.verification import unproven_account_reset

PARTS = ("email", "name", "line1", "line2", "city", "postal_code", "region")
NOBODY = {"buyer_id": None} | dict.fromkeys(PARTS, "")
"""The country stays, as a figure."""


@erasure.objects
def unfinished(person: Person) -> list[str]:
    """An order that is unpaid or on its way needs its address."""
    theirs = Order.objects.filter(_whose(person)).exclude(state__in=TERMINAL).order_by("number_seq")
    return [
        _("Order %(number)s is not over yet (%(state)s).")
        % {"number": order.number, "state": order.get_state_display().lower()}
        for order in theirs
    ]


@erasure.erases("orders")
def erase(person: Person) -> int:
    """Make a person's orders nobody's, archived or not; return how many. Raises StockBusy.

    While this runs nothing is brought back from the archive. What is moved there meanwhile is erased here before, or
    found there after.
    """
    with transaction.atomic(durable=True):
        with limited_wait(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ERASING])
            _forget_reasons(person)
            here = Order.objects.filter(_whose(person)).update(**NOBODY, cart=None, placed_by="", placed_from="")
        there = ArchivedOrder.objects.filter(_whose(person)).update(**NOBODY)
        return here + there + _take_off_others(person)


@receiver(unproven_account_reset, dispatch_uid="orders.erasure")
def drop_orders(*, user: User, **_: Any) -> None:
    """Take from an account the orders of whoever had it before its address was shown to be theirs.

    They stay a guest's, who has their words of access.
    """
    Order.objects.filter(buyer=user).update(buyer=None)
    ArchivedOrder.objects.filter(buyer_id=user.pk).update(buyer_id=None)


def _whose(person: Person) -> Q:
    """Match a person's orders: of their account, and a guest's with an address of theirs."""
    of_guest = erasure.any_of("email", person.emails) & Q(buyer_id=None)
    return of_guest | Q(buyer_id=person.user.pk) if person.user else of_guest


def _forget_reasons(person: Person) -> None:
    """Take what staff typed about their orders out of the audit log, as long as the orders can be found."""
    for model in (Order, ArchivedOrder):
        ids = model.objects.filter(_whose(person)).values_list("pk", flat=True)
        audit.forget_reasons(f"order:{order_id}" for order_id in ids)


def _take_off_others(person: Person) -> int:
    """Where somebody else's order goes to an address of theirs, have its mails go to its buyer."""
    changed = 0
    for model in (Order, ArchivedOrder):
        given = model.objects.filter(erasure.any_of("email", person.emails)).exclude(buyer_id=None)
        buyers = {buyer_id for buyer_id in given.values_list("buyer_id", flat=True) if buyer_id}
        for buyer in User.objects.filter(pk__in=buyers):
            changed += given.filter(buyer_id=buyer.pk).update(email=buyer.email)
    return changed
