"""Django's SMTP backend, with a memory: was the letter itself handed over when the connection broke?

A server that was asked to take a letter and whose answer never came may have taken it. Before that moment it certainly
has not. Only the difference lets `shop.notifications.mails` try again without ever sending twice.
"""

import smtplib
from typing import Any

from django.core.mail.backends import smtp


class _Remembers(smtplib.SMTP):
    is_mail_out = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.is_mail_out = True
        answer = super().data(msg)
        self.is_mail_out = False
        return answer


class _RemembersOverTls(_Remembers, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _RemembersOverTls if self.use_ssl else _Remembers

    @property
    def is_mail_out(self) -> bool:
        """Whether a letter was handed over and no answer came."""
        return getattr(self.connection, "is_mail_out", False)
