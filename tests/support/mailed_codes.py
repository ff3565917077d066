"""What the mails of an account hold."""

import re

from django.core import mail


def last_code() -> str:
    """Return the code of the newest mail that has one."""
    for message in reversed(mail.outbox):
        if found := re.search(r"^([A-Z0-9]{3,}-?[A-Z0-9]{3,})$", message.body, re.MULTILINE):
            return found[1]
    raise AssertionError([message.body for message in mail.outbox])


def last_path(start: str) -> str:
    """Return the path of the newest link that begins so."""
    for message in reversed(mail.outbox):
        if found := re.search(rf"https?://[^/\s]+({re.escape(start)}\S*)", message.body):
            return found[1]
    raise AssertionError([message.body for message in mail.outbox])
