"""A real SMTP server on loopback that keeps what it is given, and answers as a test wants."""

import asyncio
import email
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default as policy
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.showfloor import free_ports

OK = "250 OK"


class PostOffice:
    """Answers with what `to_rcpt` and `to_data` hold, then with yes; `cut` cuts the line, `wait` says nothing.

    What stands in `mails` has reached the server whole, whatever it answered then.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to_rcpt: list[str] = []
        self.to_data: list[str] = []
        self.port = free_ports()["PORT"]

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        answer = await self._answer(server, self.to_rcpt)
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(email.message_from_bytes(content, policy=policy))
        return await self._answer(server, self.to_data)

    async def _answer(self, server: SMTP, answers: list[str]) -> str:
        answer = answers.pop(0) if answers else OK
        if answer == "cut":
            assert server.transport is not None
            server.transport.abort()
        if answer == "wait":
            await asyncio.sleep(60)
        return answer


@contextmanager
def open_office() -> Iterator[PostOffice]:
    office = PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop(no_assert=True)
