"""Mails of notices: each is sent at most once, whatever is killed.

A mail is claimed (`due` to `sending`, committed) before the mail server hears of it and marked `sent` after the server
took it. What was killed or cut off in between may have been sent or not: it stays `sending`, `reconcile` names it, and
a person decides. What the server certainly did not take is tried again after ever longer pauses.
"""

import logging
import random
import smtplib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from shop.models import Notice

logger = logging.getLogger(__name__)

Mail = Notice.Mail
GIVE_UP_AFTER = timedelta(days=3)
FIRST_PAUSE_S = 30
LONGEST_PAUSE_S = 3600
PATIENCE_S = 10
"""After so long no further mail of a run is begun, so that the task ends well within its time limit."""


@dataclass(frozen=True)
class MailContent:
    """What a mail says besides its notice: a pair of templates (`<template>.txt` and `.html`) and their context."""

    template: str = "mail/notice"
    context: Mapping[str, Any] = field(default_factory=dict)


Writer = Callable[[Notice], MailContent | None]

_writers: dict[str, Writer] = {}


def writes(subject: str) -> Callable[[Writer], Writer]:
    """Register who writes the mails about a kind of subject: `order` for `order:<uuid>`.

    The writer returns None for what needs no mail any more.
    """

    def register(writer: Writer) -> Writer:
        _writers[subject] = writer
        return writer

    return register


def compose(notice: Notice) -> EmailMultiAlternatives | None:
    """Return the mail of a notice, in plain text and HTML; None if it is not to be sent any more."""
    writer = _writers.get(notice.subject.partition(":")[0])
    content = writer(notice) if writer else MailContent()
    if content is None:
        return None
    context = {
        "notice": notice,
        "link": f"{settings.SITE_URL}{notice.url}" if notice.url else "",
        "site_url": settings.SITE_URL,
        "seller_name": settings.SELLER_NAME,
        **content.context,
    }
    host = settings.SITE_URL.split("//")[-1].split(":")[0]
    mail = EmailMultiAlternatives(
        subject=notice.title,
        body=render_to_string(f"{content.template}.txt", context).strip() + "\n",
        to=[notice.email],
        reply_to=[settings.SELLER_EMAIL] if settings.SELLER_EMAIL and notice.recipient != Notice.SELLER else None,
        headers={"Message-ID": f"<{notice.pk}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string(f"{content.template}.html", context), "text/html")
    return mail


def send_due(*, limit: int = 50) -> int:
    """Send mails that are due; return how many the server took. Safe to run anywhere, any number of times at once.

    A server that can't be reached costs nobody an attempt: nothing was claimed, and the next run asks again.
    """
    ends_at = time.monotonic() + PATIENCE_S
    due = Notice.objects.filter(mail_state=Mail.DUE, mail_due_at__lte=Now()).order_by("mail_due_at")[:limit]
    connection: BaseEmailBackend = get_connection()
    sent = 0
    try:
        for notice in due:
            if time.monotonic() > ends_at or not _open(connection):
                break
            sent += _send(notice, connection)
    finally:
        _close(connection)
    return sent


def _open(connection: BaseEmailBackend) -> bool:
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("mail server: %s: %s", type(error).__name__, error)
        return False
    return True


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        logger.info("mail server: %s at the end: %s", type(error).__name__, error)


def _send(notice: Notice, connection: BaseEmailBackend) -> bool:
    """Compose, claim, send, mark. Whatever fails before the claim leaves the mail due."""
    try:
        mail = compose(notice)
    except Exception as error:
        logger.exception("mail of notice %s", notice.pk)
        _put_off(notice, error, state=Mail.DUE)
        return False
    if mail is None:
        Notice.objects.filter(pk=notice.pk, mail_state=Mail.DUE).update(mail_state=Mail.NONE)
        return False
    if not _claim(notice):
        return False
    try:
        connection.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        [(code, _)] = error.recipients.values()
        _refused(notice, code, error)
    except smtplib.SMTPResponseException as error:
        _refused(notice, error.smtp_code, error)
    except ValueError as error:  # no address that a mail can go to; the server was not asked
        _give_up(notice, error)
    except (OSError, smtplib.SMTPException) as error:
        _cut_off(notice, error, connection)
    else:
        Notice.objects.filter(pk=notice.pk).update(mail_state=Mail.SENT, mail_sent_at=Now(), mail_error="")
        return True
    _close(connection)  # the next mail opens another
    return False


def _claim(notice: Notice) -> bool:
    """Take a mail for this process, committed at once; False if another was quicker."""
    found = Notice.objects.filter(pk=notice.pk, mail_state=Mail.DUE)
    return bool(found.update(mail_state=Mail.SENDING, mail_claimed_at=Now(), mail_error=""))


def _refused(notice: Notice, code: int, error: Exception) -> None:
    """The server said no: for now (4xx), or for good."""
    if 400 <= code < 500:
        _put_off(notice, error)
    else:
        _give_up(notice, error)


def _cut_off(notice: Notice, error: Exception, connection: BaseEmailBackend) -> None:
    """No answer came: the mail is tried again only if the server certainly never had it."""
    if not getattr(connection, "is_mail_out", True):
        _put_off(notice, error)
        return
    logger.error("mail of notice %s may have been sent or not: %s: %s", notice.pk, type(error).__name__, error)
    Notice.objects.filter(pk=notice.pk).update(mail_error=_words(error))


def _put_off(notice: Notice, error: Exception, *, state: Mail = Mail.SENDING) -> None:
    """Try again later. `state` is what the mail must still be in: nobody else's claim is undone."""
    if timezone.now() - notice.created_at > GIVE_UP_AFTER:
        _give_up(notice, error)
        return
    pause_s = min(FIRST_PAUSE_S * 2**notice.mail_attempts, LONGEST_PAUSE_S) * random.uniform(0.8, 1.2)  # noqa: S311
    Notice.objects.filter(pk=notice.pk, mail_state=state).update(
        mail_state=Mail.DUE,
        mail_due_at=Now() + timedelta(seconds=pause_s),
        mail_attempts=F("mail_attempts") + 1,
        mail_error=_words(error),
    )


def _give_up(notice: Notice, error: Exception) -> None:
    logger.warning("mail of notice %s given up: %s", notice.pk, error)
    Notice.objects.filter(pk=notice.pk).update(mail_state=Mail.REFUSED, mail_error=_words(error))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
