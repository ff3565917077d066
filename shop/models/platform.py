"""What all apps write: the audit log, the outbox, notices."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inventory.json_fields import AnyObject, ShapedJSONField

ANY_OBJECT = AnyObject()


class AuditEntry(models.Model):
    """Who did what to which thing, when and why; in the transaction of the deed. Only a reason is taken out later."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.TextField(help_text="an opaque word: user:<uuid>, provider:<name>, system")
    action = models.TextField()
    subject = models.TextField(help_text="an opaque word: order:<uuid>, show:<slug>")
    reason = models.TextField(blank=True)
    data = ShapedJSONField(default=dict, blank=True, validators=[ANY_OBJECT])

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        constraints = [ANY_OBJECT.constraint("data", name="audit_data_is_object")]
        indexes = [models.Index(fields=["subject", "id"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject}"


class OutboxEvent(models.Model):
    """News that must not be lost: written in the transaction of the deed, handled at least once (`shop.outbox`)."""

    topic = models.TextField(help_text="what happened: order.placed")
    subject = models.TextField(help_text="an opaque word: order:<uuid>")
    data = ShapedJSONField(default=dict, validators=[ANY_OBJECT], help_text="ids and figures; nothing about a person")
    created_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    handled_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [ANY_OBJECT.constraint("data", name="outbox_data_is_object")]
        indexes = [
            # outbox.drain: what is due, the longest waiting first
            models.Index(fields=["next_try_at"], name="outbox_due", condition=Q(handled_at=None)),
            # outbox.prune: what was handled long ago
            models.Index(fields=["handled_at"], name="outbox_handled", condition=~Q(handled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject}"


class Notice(models.Model):
    """Something a person, a guest or the seller is told, on the site and by mail; once for each occasion.

    A person's stands on their notices page. A guest's is a mail only. The seller's stand on the page of everybody who
    may view notices, and what one of them has read is read.
    """

    class Mail(models.TextChoices):
        NONE = "none", "No mail"
        DUE = "due", "To be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        REFUSED = "refused", "Refused by the mail server"

    SELLER = "seller"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    occasion = models.TextField(help_text="an opaque word for what happened: outbox:<id>")
    recipient = models.TextField(help_text="user:<id>, guest or seller")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="notices")
    kind = models.TextField(help_text="order.placed, seller.order_placed")
    subject = models.TextField(blank=True, help_text="an opaque word: order:<uuid>")
    title = models.TextField()
    text = models.TextField(blank=True)
    url = models.TextField(blank=True, help_text="a path of the site")
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)
    email = models.EmailField(blank=True, help_text="where the mail goes")
    mailbox = models.TextField(
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="of a mail that anybody can cause: whose mailbox it goes to",
    )
    mail_state = models.CharField(max_length=7, choices=Mail, default=Mail.NONE)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mail_due_at = models.DateTimeField(db_default=Now())
    mail_claimed_at = models.DateTimeField(null=True, blank=True)
    mail_sent_at = models.DateTimeField(null=True, blank=True)
    mail_error = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["occasion", "recipient"], name="notice_once")]
        indexes = [
            # notices page: what one recipient was told, newest first
            models.Index(fields=["recipient", "-created_at", "-id"], name="notice_by_recipient"),
            # the bell: what was not read yet
            models.Index(fields=["recipient"], name="notice_unread", condition=Q(read_at=None)),
            # mails.send_due
            models.Index(fields=["mail_due_at"], name="notice_mail_due", condition=Q(mail_state="due")),
            # notices.tell: whether a mailbox has had such a mail lately
            models.Index(fields=["mailbox", "created_at"], name="notice_by_mailbox", condition=~Q(mailbox="")),
            # what a person must look at
            models.Index(
                fields=["mail_claimed_at"],
                name="notice_mail_stuck",
                condition=Q(mail_state__in=["sending", "refused"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
