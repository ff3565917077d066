"""What people are told: written once for each occasion, read on the notices page, mailed by `mails`."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from inventory import folding
from shop.models import Notice, User

SHOWN_MAX = 20
COUNTED_MAX = 10
GUESTS_KEPT = timedelta(days=30)
KEPT = timedelta(days=365)
TYPED_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class News:
    """What is said. `kind` names it (`order.placed`), `subject` what it is about; `url` is a path of the site."""

    kind: str
    title: str
    text: str = ""
    url: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Page:
    """A stretch of somebody's notices, newest first; `older` is where the next begins, None at the end."""

    notices: list[Notice]
    older: uuid.UUID | None


def tell(occasion: str, news: News, *, user: User | None = None, email: str = "", is_typed: bool = False) -> None:
    """Tell a person, or a guest if `user` is None; by mail, too, if there is an address.

    With `is_typed` the address is one that anybody could have typed, and nothing was paid: its mailbox gets one such
    mail an hour at most. Needs an open transaction. The same occasion tells a recipient once: calling twice is safe.
    """
    recipient = f"user:{user.pk}" if user else "guest"
    mailbox = folding.mailbox(email) if is_typed and email else ""
    is_quiet = bool(mailbox) and _was_mailed(mailbox)
    _write(occasion, news, recipient=recipient, user=user, email="" if is_quiet else email, mailbox=mailbox)


def _was_mailed(mailbox: str) -> bool:
    """Whether a mailbox had such a mail within the hour; others that ask wait until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mail {mailbox}"])
    lately = Notice.objects.filter(mailbox=mailbox, created_at__gt=Now() - TYPED_PAUSE)
    return lately.exclude(mail_state=Notice.Mail.NONE).exists()


def tell_seller(occasion: str, news: News) -> None:
    """Tell everybody who may view notices, on the site; and SELLER_EMAIL, where it is set. Safe to call twice."""
    _write(occasion, news, recipient=Notice.SELLER, email=settings.SELLER_EMAIL)


def unread(user: User) -> int:
    """Return how many notices somebody has not read, `COUNTED_MAX` at most: nobody reads a larger number."""
    return _inbox(user).filter(read_at=None)[:COUNTED_MAX].count()


def page(user: User, *, before: uuid.UUID | None = None) -> Page:
    """Return what somebody was told before one of their notices, or the newest. Raises Notice.DoesNotExist."""
    found = _inbox(user)
    if before:
        last = found.get(pk=before)
        found = found.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk))
    rows = list(found.order_by("-created_at", "-pk")[: SHOWN_MAX + 1])
    shown = rows[:SHOWN_MAX]
    return Page(shown, shown[-1].pk if len(rows) > SHOWN_MAX else None)


def read(user: User, notice_id: uuid.UUID) -> Notice:
    """Mark one of somebody's notices as read and return it. Raises Notice.DoesNotExist for anybody else's."""
    notice = _inbox(user).get(pk=notice_id)
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=Now())
    return notice


def read_all(user: User) -> None:
    _inbox(user).filter(read_at=None).update(read_at=Now())


def prune() -> int:
    """Delete guests' notices after a month, for they name an address and nobody can read them; others after a year."""
    is_guests = Q(recipient="guest", created_at__lt=Now() - GUESTS_KEPT)
    deleted, _rows = Notice.objects.filter(is_guests | Q(created_at__lt=Now() - KEPT)).delete()
    return deleted


def _inbox(user: User) -> QuerySet[Notice]:
    recipients = [f"user:{user.pk}"]
    if user.is_staff and user.has_perm("shop.view_notice"):
        recipients.append(Notice.SELLER)
    return Notice.objects.filter(recipient__in=recipients)


def _write(
    occasion: str, news: News, *, recipient: str, email: str, user: User | None = None, mailbox: str = ""
) -> None:
    notice = Notice(
        occasion=occasion,
        recipient=recipient,
        user=user,
        kind=news.kind,
        subject=news.subject,
        title=news.title,
        text=news.text,
        url=news.url,
        email=email,
        mailbox=mailbox,
        mail_state=Notice.Mail.DUE if email else Notice.Mail.NONE,
    )
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
