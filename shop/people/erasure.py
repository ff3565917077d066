"""Erases a person and leaves the figures: what was sold stays counted, to nobody.

Each app knows what it keeps of people and registers how to forget it, and what stands against forgetting it now. All
of it may be done twice, and be killed half-way: what is done stays done, the account is emptied last, and the same
call finds what is left. docs/archive.md lists what goes and what stays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from allauth.account.models import EmailAddress
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Now

from inventory import folding
from shop import audit
from shop.exceptions import ErasureRefused
from shop.models import Address, AuditEntry, Cart, Notice, OutboxEvent, User, WebhookDelivery, WishlistItem
from shop.people import second_factor, tokens

GONE = "erased.invalid"  # a domain that can't receive mail (RFC 2606)
LAST = {"notices", "outbox_events"}
"""Forgotten after everything that news is made from: until an order is nobody's, the outbox's drain writes more."""


@dataclass(frozen=True)
class Person:
    """Somebody to be forgotten: all addresses that are known of them, in lower case, and their account, if any."""

    emails: frozenset[str]
    user: User | None


Eraser = Callable[[Person], int]
Objection = Callable[[Person], list[str]]
E = TypeVar("E", bound=Eraser)
B = TypeVar("B", bound=Objection)
M = TypeVar("M", bound=Model)

_erasers: dict[str, Eraser] = {}
_objections: list[Objection] = []


def erases(name: str) -> Callable[[E], E]:
    """Register what forgets a person and returns of how many rows (named so); apps do so where `ready()` imports."""

    def register(eraser: E) -> E:
        _erasers[name] = eraser
        return eraser

    return register


def objects(objection: B) -> B:
    """Register what returns reasons, in words, against forgetting a person now."""
    _objections.append(objection)
    return objection


def erase(email: str, *, actor: str) -> dict[str, int]:
    """Erase whoever has this address, with an account or without; return how many rows of what were changed.

    An address that nobody has changes nothing. An account is closed first, so that nothing is added behind our back.
    Raises ErasureRefused (nothing was erased; the account may be closed) or StockBusy (try again).
    """
    person = find(email)
    refuse(person)
    if person.user:
        _close(person.user)
        refuse(person)  # a request that was under way may have added something
    counts = {name: _erasers[name](person) for name in sorted(_erasers, key=LAST.__contains__)}
    with transaction.atomic():
        counts["accounts"] = _empty(person.user) if person.user else 0
        if any(counts.values()):
            subject = f"user:{person.user.public_id}" if person.user else "guest"
            audit.record(actor=actor, action="erased", subject=subject, rows=counts)
    return counts


def find(email: str) -> Person:
    """Return who has this address, by any address of theirs."""
    email = email.strip().lower()
    owned = Q(email__iexact=email) | Q(emailaddress__email__iexact=email, emailaddress__verified=True)
    user = User.objects.filter(owned).order_by("pk").first()
    others = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True) if user else []
    return Person(frozenset({email, *(other.lower() for other in others), *([user.email] if user else [])}), user)


def refuse(person: Person) -> None:
    """Raise ErasureRefused, with every reason, if somebody can't be forgotten yet."""
    reasons = [reason for objection in _objections for reason in objection(person)]
    if reasons:
        raise ErasureRefused(reasons)


def any_of(field: str, emails: frozenset[str], lookup: str = "iexact") -> Q:
    """Match a field with any of these addresses, in upper or lower case."""
    matched = Q(pk__in=[])
    for email in sorted(emails):
        matched |= Q(**{f"{field}__{lookup}": email})
    return matched


def _close(user: User) -> None:
    """Have nobody act as this person any more."""
    with transaction.atomic():
        user.is_active = False
        user.set_unusable_password()
        user.save(update_fields=["is_active", "password"])
        tokens.revoke_all(user)
        second_factor.take_away(user)
    for session in Session.objects.filter(expire_date__gt=Now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()


def _empty(user: User) -> int:
    """Leave of an account a row that is nobody's: likes and shows refer to it."""
    user.email = f"{user.public_id}@{GONE}"
    user.display_name = ""
    user.is_host = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.save(update_fields=["email", "display_name", "is_host", "is_staff", "is_superuser", "last_login"])
    user.groups.clear()
    user.user_permissions.clear()
    EmailAddress.objects.filter(user=user).delete()
    of_user = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    of_user.update(object_repr="")
    return 1


@erases("addresses")
def _erase_addresses(person: Person) -> int:
    return _deleted(Address.objects.filter(user=person.user)) if person.user else 0


@erases("carts")
def _erase_cart(person: Person) -> int:
    return _deleted(Cart.objects.filter(user=person.user)) if person.user else 0


@erases("wishes")
def _erase_wishes(person: Person) -> int:
    return _deleted(WishlistItem.objects.filter(user=person.user)) if person.user else 0


@erases("notices")
def _erase_notices(person: Person) -> int:
    """Delete what they were told; what the seller was told names nobody."""
    theirs = Q(user=person.user) if person.user else Q(pk__in=[])
    mailboxes = {folding.mailbox(email) for email in person.emails}
    theirs |= any_of("email", person.emails) | Q(mailbox__in=mailboxes)
    return _deleted(Notice.objects.filter(theirs).exclude(recipient=Notice.SELLER))


@erases("audit_reasons")
def _erase_reasons(person: Person) -> int:
    """Take out what was typed as the reason of a deed on their account, and wherever it names them."""
    named = any_of("reason", person.emails, "icontains")
    if person.user:
        subject = f"user:{person.user.public_id}"
        named |= ~Q(reason="") & (Q(subject=subject) | Q(data__person=subject))
        if person.user.display_name:
            named |= Q(reason__icontains=person.user.display_name)
    return AuditEntry.objects.filter(named).update(reason="")


@erases("sign_in_attempts")
def _erase_attempts(person: Person) -> int:
    return sum(
        _deleted(log.objects.filter(any_of("username", person.emails)))
        for log in (AccessAttempt, AccessLog, AccessFailureLog)
    )


@erases("outbox_events")
def _erase_from_outbox(person: Person) -> int:
    """Events hold nothing about a person; an error that was noted on the way might."""
    noted = any_of("last_error", person.emails, "icontains")
    return OutboxEvent.objects.filter(noted).update(last_error="") + WebhookDelivery.objects.filter(noted).update(
        last_error=""
    )


def _deleted(rows: QuerySet[M]) -> int:
    """Delete rows with what hangs on them; return how many of them there were."""
    _, by_model = rows.delete()
    return by_model.get(rows.model._meta.label, 0)
