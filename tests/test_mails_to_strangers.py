"""Orders that nobody pays send a mailbox one mail an hour at most, unless its owner has shown that it is theirs."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.db.models import F

from orders.checkout import place_order
from orders.lifecycle import Event
from orders.models import Order
from shop.models import Notice, User
from shop.notifications import notices
from shop.notifications.notices import News
from tests.support.concurrency import together
from tests.support.factories import make_product, make_request, make_user
from tests.support.sent_messages import happens, is_paid

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def vase() -> None:
    make_product("Rust vase", skus=("VASE",), stock=50)


def lapses(email: str, *, buyer: User | None = None) -> Order:
    order = place_order(replace(make_request(("VASE", 1), buyer=buyer), email=email))
    happens(order, Event.EXPIRED)
    return order


def mails() -> Counter[str]:
    return Counter(Notice.objects.filter(mail_state="due").exclude(recipient="seller").values_list("email", flat=True))


def test_nine_unpaid_orders_send_a_stranger_one_mail() -> None:
    for number in range(9):
        lapses(("stranger@example.com", "Stranger@Example.com", f"stranger+{number}@example.com")[number % 3])
    lapses("another@example.com")

    assert mails() == {"stranger@example.com": 1, "another@example.com": 1}
    assert Notice.objects.count() == 10  # each is written down, once


def test_an_hour_later_there_is_another() -> None:
    lapses("stranger@example.com")
    Notice.objects.update(created_at=F("created_at") - timedelta(minutes=61))

    for _ in range(2):
        lapses("stranger@example.com")

    assert mails() == {"stranger@example.com": 2}


def test_an_account_that_types_a_strangers_address_sends_no_more() -> None:
    buyer = make_user("buyer@example.com")
    for _ in range(3):
        lapses("stranger@example.com", buyer=buyer)

    assert mails() == {"stranger@example.com": 1}


def test_who_has_shown_that_the_address_is_theirs_hears_of_each() -> None:
    buyer = make_user("buyer@example.com")
    for _ in range(3):
        lapses("buyer@example.com", buyer=buyer)

    assert mails() == {"buyer@example.com": 3}


def test_what_was_paid_is_told_whatever_was_told_before() -> None:
    lapses("guest@example.com")
    is_paid(place_order(make_request(("VASE", 1))))
    lapses("guest@example.com")

    assert mails() == {"guest@example.com": 2}
    assert set(Notice.objects.filter(mail_state="due").values_list("kind", flat=True)) >= {"order.placed"}


def tell(number: int) -> None:
    with transaction.atomic():
        notices.tell(f"outbox:{number}", News("order.expired", "Over"), email=f"a+{number}@example.com", is_typed=True)


def test_eight_jobs_at_once_send_one() -> None:
    together([partial(tell, number) for number in range(8)])

    assert Notice.objects.filter(mail_state="due").count() == 1
    assert Notice.objects.count() == 8


def test_without_the_lock_they_would_send_more(monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = threading.Barrier(8, timeout=30)

    def looked(mailbox: str) -> bool:
        is_quiet = Notice.objects.filter(mailbox=mailbox, mail_state="due").exists()
        barrier.wait()
        return is_quiet

    monkeypatch.setattr(notices, "_was_mailed", looked)

    together([partial(tell, number) for number in range(8)])

    assert Notice.objects.filter(mail_state="due").count() == 8
