"""Do the two databases agree about who has which order? Checks for `inventory.reconciliation`.

There is no snapshot of two databases at once, so what looks wrong is looked at again before it is told: an order that
was being moved or brought back has arrived by then.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from inventory.reconciliation import SHOWN, Check, Finding, register
from orders.archiving import copies, mover
from orders.models import ArchivedOrder, Order, Payment

CHUNK = 10_000
A_MOMENT_S = 1.0  # from the commit that brings an order back to the removal of its copy


def find_lost() -> Finding:
    """Find orders that were paid for, or were to be, and are in neither database."""
    payments = Payment.objects.filter(~Exists(Order.objects.filter(pk=OuterRef("order_id"))))
    return _find(payments.order_by().values_list("order_id", flat=True).distinct(), _lost, _describe_lost)


def find_doubles() -> Finding:
    """Find orders that are in both databases and not alike. A copy that is alike will be taken for what it is."""
    old = Order.objects.filter(created_at__lt=mover.due_before()).order_by()
    return _find(old.values_list("pk", flat=True), _unlike, _describe_double)


def _find(
    ids: "QuerySet[Order, uuid.UUID] | QuerySet[Payment, uuid.UUID]",
    wrong_of: Callable[[Sequence[uuid.UUID]], list[uuid.UUID]],
    describe: Callable[[Sequence[uuid.UUID]], list[tuple[str, str, str]]],
) -> Finding:
    """Look at all in chunks; look again, a moment later, at those that seem wrong."""
    seem_wrong = [order_id for chunk in _chunks(ids.iterator(CHUNK)) for order_id in wrong_of(chunk)]
    if not seem_wrong:
        return Finding([], 0)
    time.sleep(A_MOMENT_S)
    wrong = sorted(order_id for chunk in _chunks(iter(seem_wrong)) for order_id in wrong_of(chunk))
    return Finding(describe(wrong[:SHOWN]), len(wrong))


def _lost(order_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Return those that neither database has; main, archive, main: one brought back meanwhile is seen at last."""
    left = set(order_ids)
    for orders in (Order.objects, ArchivedOrder.objects, Order.objects):
        left -= set(orders.filter(pk__in=left).values_list("pk", flat=True)) if left else set()
    return list(left)


def _unlike(order_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Return those of which the archive has a copy that is not what the main database has."""
    copied = ArchivedOrder.objects.filter(pk__in=order_ids).values_list("pk", "terminal_at")
    moments = dict(copied)
    if not moments:
        return []
    documents = copies.read(list(moments))
    alike = copies.sound(documents, since=min(moments.values()), until=max(moments.values()))
    return list(set(documents) - set(alike))


def _describe_lost(order_ids: Sequence[uuid.UUID]) -> list[tuple[str, str, str]]:
    refs: dict[uuid.UUID, str] = {}
    for payment in Payment.objects.filter(order_id__in=order_ids):
        refs[payment.order_id] = f"{payment.provider} {payment.ref}, {payment.state}"
    return [(f"order:{order_id}", "an order", f"its payment alone ({refs.get(order_id)})") for order_id in order_ids]


def _describe_double(order_ids: Sequence[uuid.UUID]) -> list[tuple[str, str, str]]:
    numbers = dict(Order.objects.filter(pk__in=order_ids).values_list("pk", "number_seq"))
    return [
        (f"order:{order_id}", "one order", f"another in the archive (SF-{numbers.get(order_id)})")
        for order_id in order_ids
    ]


def _chunks(ids: Iterator[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    while chunk := list(islice(ids, CHUNK)):
        yield chunk


register(
    Check(
        "archive.lost",
        _("Every payment is for an order in one of the two databases"),
        _("Look for the order in a backup; if it can't be found, pay the buyer back at the provider."),
        find_lost,
        is_deep=True,
    ),
    Check(
        "archive.double",
        _("An order that both databases have is the same in both"),
        _("The main database counts. Remove the copy; it is made anew when the order is archived."),
        find_doubles,
        is_deep=True,
    ),
)
