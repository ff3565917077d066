"""Mails of notices against a real SMTP server: what they say, and that none is sent twice, whatever is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from orders import access
from orders.models import Order
from shop.models import Notice, User
from shop.notifications import mails, notices
from shop.notifications.notices import News
from tests.support.concurrency import together
from tests.support.factories import make_user
from tests.support.realtime_servers import ROOT, database_urls, eventually
from tests.support.sent_messages import an_order, is_paid
from tests.support.smtp_server import PostOffice, open_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Settings) -> Iterator[PostOffice]:
    with open_office() as office:
        settings.EMAIL_BACKEND = "shop.notifications.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = office.port
        yield office


def tell(number: int = 0) -> Notice:
    notices.tell(f"test:{number}", News("test", f"Notice {number}", "Words."), email=f"guest{number}@example.com")
    return Notice.objects.get(occasion=f"test:{number}")


def come_due() -> None:
    Notice.objects.update(mail_due_at=timezone.now())


def states() -> list[str]:
    return sorted(Notice.objects.values_list("mail_state", flat=True))


def words(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


# --- what they say ---


def test_a_guests_mail_has_the_order_in_it_and_a_link_that_opens_it(office: PostOffice, client: Client) -> None:
    order = an_order(quantity=2)
    is_paid(order)

    assert mails.send_due() == 1

    [mail] = office.mails
    assert mail["To"] == "guest@example.com"
    assert mail["Subject"] == f"Thank you: order {order.number} is yours"
    plain, rich = words(mail, "plain"), words(mail, "html")
    link = f"{configured.SITE_URL}/orders/{order.pk}/?access={access.token(order)}"
    for text in (plain, rich):
        assert "The payment of $172.00 went through" in text
        assert "Rust vase" in text
        assert "4 Example Lane" in text
        assert "India" in text
        assert link in text
    assert "  2 × Rust vase  $172.00" in plain
    answer = client.get(link.removeprefix(configured.SITE_URL), follow=True)
    assert order.number in answer.content.decode()


def test_a_buyers_mail_holds_no_word_that_opens_the_order(office: PostOffice) -> None:
    buyer = make_user()
    is_paid(an_order(buyer=buyer))

    mails.send_due()

    [mail] = office.mails
    assert mail["To"] == buyer.email
    for text in (words(mail, "plain"), words(mail, "html")):
        assert "/orders/" in text
        assert "access=" not in text


def test_the_seller_hears_by_mail_where_there_is_an_address(office: PostOffice, settings: Settings) -> None:
    settings.SELLER_EMAIL = "seller@example.com"
    order = an_order()
    is_paid(order)

    assert mails.send_due() == 2

    to_buyer, to_seller = sorted(office.mails, key=lambda mail: str(mail["To"]))
    assert to_buyer["Reply-To"] == "seller@example.com"
    assert (to_seller["To"], to_seller["Subject"]) == ("seller@example.com", f"New order {order.number}, $86.00")
    assert f"/admin/orders/order/{order.pk}/change/" in words(to_seller, "plain")
    assert to_seller["Reply-To"] is None


def test_names_are_text_in_html(office: PostOffice) -> None:
    order = an_order()
    Order.objects.update(name="<b>Guest</b>")
    is_paid(order)

    mails.send_due()

    [mail] = office.mails
    assert "&lt;b&gt;Guest&lt;/b&gt;" in words(mail, "html")
    assert "<b>Guest</b>" in words(mail, "plain")


def test_a_mail_about_an_order_that_is_gone_is_not_sent(office: PostOffice) -> None:
    order = an_order()
    is_paid(order)
    Order.objects.all().delete()

    assert mails.send_due() == 0

    assert office.mails == []
    assert Notice.objects.get(recipient="guest").mail_state == "none"


def test_the_demo_writes_files(settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    tell()

    assert mails.send_due() == 1

    [file] = tmp_path.iterdir()
    assert "Subject: Notice 0" in file.read_text()


# --- what the server says ---


def test_a_mail_goes_once(office: PostOffice) -> None:
    notice = tell()

    assert [mails.send_due(), mails.send_due()] == [1, 0]

    assert [mail["Message-ID"] for mail in office.mails] == [f"<{notice.pk}@127.0.0.1>"]
    notice.refresh_from_db()
    assert notice.mail_state == "sent"
    assert notice.mail_sent_at is not None


@pytest.mark.parametrize("step", ["to_rcpt", "to_data"])
def test_a_no_for_now_is_asked_again_later(office: PostOffice, step: str) -> None:
    tell()
    getattr(office, step).append("451 Come back later")

    assert mails.send_due() == 0

    notice = Notice.objects.get()
    assert (notice.mail_state, notice.mail_attempts) == ("due", 1)
    assert notice.mail_due_at > timezone.now()
    assert mails.send_due() == 0
    come_due()
    assert mails.send_due() == 1
    assert states() == ["sent"]


@pytest.mark.parametrize("step", ["to_rcpt", "to_data"])
def test_a_no_for_good_is_kept_for_a_person(office: PostOffice, step: str) -> None:
    tell()
    getattr(office, step).append("550 Nobody of that name")

    mails.send_due()
    come_due()
    mails.send_due()

    notice = Notice.objects.get()
    assert notice.mail_state == "refused"
    assert "Nobody of that name" in notice.mail_error


def test_a_line_cut_before_the_letter_is_handed_over_costs_nothing(office: PostOffice) -> None:
    tell()
    office.to_rcpt.append("cut")

    mails.send_due()
    come_due()
    mails.send_due()

    assert (states(), len(office.mails)) == (["sent"], 1)


def test_a_line_cut_while_the_answer_is_awaited_leaves_the_mail_to_a_person(office: PostOffice) -> None:
    tell()
    office.to_data.append("cut")

    mails.send_due()
    come_due()
    mails.send_due()

    assert (states(), len(office.mails)) == (["sending"], 1)
    assert "SMTPServerDisconnected" in Notice.objects.get().mail_error


def test_a_server_that_never_answers_a_letter_leaves_it_to_a_person(office: PostOffice, settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    tell()
    office.to_data.append("wait")

    mails.send_due()
    come_due()
    mails.send_due()

    assert (states(), len(office.mails)) == (["sending"], 1)


def test_one_bad_mail_holds_up_no_other(office: PostOffice) -> None:
    for number in range(5):
        tell(number)
    office.to_rcpt += ["250 OK", "cut"]

    assert mails.send_due() == 4

    assert states() == ["due", "sent", "sent", "sent", "sent"]


def test_a_server_that_is_away_costs_no_attempt(office: PostOffice, settings: Settings) -> None:
    tell()
    settings.EMAIL_PORT = 1

    assert mails.send_due() == 0

    notice = Notice.objects.get()
    assert (notice.mail_state, notice.mail_attempts) == ("due", 0)
    settings.EMAIL_PORT = office.port
    assert mails.send_due() == 1


def test_a_mail_that_can_not_be_written_is_due_later(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    tell()
    with monkeypatch.context() as patch:
        patch.setattr(mails, "render_to_string", lambda *arguments: 1 / 0)
        assert mails.send_due() == 0
    assert Notice.objects.get().mail_error.startswith("ZeroDivisionError")

    come_due()
    assert mails.send_due() == 1


def test_after_days_of_no_for_now_it_is_given_up(office: PostOffice) -> None:
    tell()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shop_notice SET created_at = now() - interval '4 days'")
    office.to_rcpt.append("451 Come back later")

    mails.send_due()

    assert states() == ["refused"]


def test_a_person_without_an_address_is_told_on_the_site_only(office: PostOffice) -> None:
    notices.tell("test:1", News("test", "Words"), user=User.objects.create_user("somebody@example.com"))

    assert mails.send_due() == 0
    assert states() == ["none"]


# --- never twice ---

SEND = "import django; django.setup(); from shop.notifications import mails; mails.send_due()"


def send_elsewhere(office: PostOffice) -> subprocess.Popen[bytes]:
    """Send what is due in a process of its own, as a worker does."""
    return subprocess.Popen(
        [sys.executable, "-c", SEND],
        cwd=ROOT,
        env={**os.environ, **database_urls(), "EMAIL_URL": f"smtp://127.0.0.1:{office.port}"},
    )


def kill_while(office: PostOffice, *, has_mail: bool) -> None:
    """Kill a sender at the moment when the server has its mail, or has been asked and not given it yet."""
    sender = send_elsewhere(office)
    try:
        if has_mail:
            eventually(lambda: len(office.mails) == 1, within_s=30)
        else:
            eventually(lambda: not office.to_rcpt, within_s=30)
        sender.send_signal(signal.SIGKILL)
    finally:
        sender.kill()
        sender.wait(10)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("step", "arrived"), [("to_data", 1), ("to_rcpt", 0)])
def test_a_sender_killed_between_claim_and_mark_sends_no_second_mail(
    office: PostOffice, step: str, arrived: int
) -> None:
    tell()
    getattr(office, step).append("wait")
    kill_while(office, has_mail=bool(arrived))

    come_due()
    assert send_elsewhere(office).wait(30) == 0

    assert states() == ["sending"]
    assert len(office.mails) == arrived


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_control_a_sender_that_claims_nothing_sends_it_twice(office: PostOffice) -> None:
    tell()
    office.to_data.append("wait")
    kill_while(office, has_mail=True)

    # As a sender leaves it that writes nothing down before the server has answered.
    Notice.objects.update(mail_state="due", mail_due_at=timezone.now())
    assert send_elsewhere(office).wait(30) == 0

    assert len(office.mails) == 2


@pytest.mark.django_db(transaction=True)
def test_control_senders_that_do_not_claim_send_the_same_mails(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        tell(number)
    monkeypatch.setattr(mails, "_claim", lambda notice: True)

    together([mails.send_due] * 4)

    assert len(office.mails) > 10


@pytest.mark.django_db(transaction=True)
def test_four_senders_at_once_send_each_mail_once(office: PostOffice) -> None:
    for number in range(10):
        tell(number)

    sent = together([mails.send_due] * 4)

    assert sorted(str(mail["To"]) for mail in office.mails) == [f"guest{number}@example.com" for number in range(10)]
    assert sum(count for count in sent if isinstance(count, int)) == 10
    assert states() == ["sent"] * 10
