"""One order has one date: the shop's zone, named, where no script runs, and UTC for programs."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from orders.models import Order, Payment
from shop.models import Notice
from shop.notifications import mails
from streams.host.forms import PlanForm
from streams.models import StreamSession
from tests.support.factories import make_session, make_user
from tests.support.markup import flat
from tests.support.sent_forms import signed_in
from tests.support.sent_messages import an_order, is_paid

pytestmark = pytest.mark.django_db

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
AT = datetime(2026, 11, 30, 20, 15, tzinfo=UTC)  # where Delhi has the first of December already
IN_DELHI = "1 December 2026, 01:45 IST"


@pytest.fixture(autouse=True)
def in_delhi(settings: object) -> None:
    settings.TIME_ZONE = "Asia/Kolkata"  # type: ignore[attr-defined]


@pytest.fixture
def buyer() -> Client:
    return signed_in(make_user("ida@example.com"))


@pytest.fixture
def order(buyer: Client) -> Order:
    from shop.models import User

    order = an_order(buyer=User.objects.get(email="ida@example.com"))
    is_paid(order)
    Order.objects.update(created_at=AT, placed_at=AT)
    Payment.objects.update(created_at=AT)
    order.refresh_from_db()
    return order


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_lists_pages_and_receipts_of_an_order_agree(buyer: Client, order: Order) -> None:
    listed, page, receipt = (
        buyer.get(path).content.decode()
        for path in ("/orders/", f"/orders/{order.pk}/", f"/orders/{order.pk}/receipt/")
    )

    moment = 'datetime="2026-12-01T01:45:00+05:30"'
    assert f'<time {moment} data-local="day">1 December 2026</time>' in listed
    assert f'<time {moment} data-local="when" class="meta">1 Dec, 01:45 IST</time>' in page
    assert text_of(receipt).count(IN_DELHI) == 3  # ordered, paid, and the payment
    assert "30 November" not in listed + page + receipt


def test_a_mail_names_the_zone(buyer: Client, order: Order) -> None:
    while mails.send_due():
        pass

    placed = next(one for one in mail.outbox if "paid" in one.subject.lower() or "Thank" in one.subject)
    html = str(placed.alternatives[0][0])  # type: ignore[attr-defined]
    assert f"Order {order.number} of {IN_DELHI}" in placed.body
    assert f"Order {order.number} of {IN_DELHI}" in text_of(html)


def test_notices_name_the_zone(buyer: Client, order: Order) -> None:
    Notice.objects.update(created_at=AT)
    assert "1 Dec, 01:45 IST" in text_of(buyer.get("/notices/").content.decode())


def test_programs_are_told_utc(buyer: Client, order: Order) -> None:
    answer = buyer.get(f"/api/v1/orders/{order.pk}").json()
    assert answer["created_at"] == "2026-11-30T20:15:00Z"
    make_session("soon", state="scheduled", starts_at=AT)
    assert buyer.get("/api/v1/sessions/soon").json()["starts_at"] == "2026-11-30T20:15:00Z"
    assert str(timezone.get_current_timezone()) == "Asia/Kolkata"


def test_a_time_sent_to_the_api_without_zone_is_utc() -> None:
    host = signed_in(make_user(is_host=True))
    plan = {"title": "Kiln", "starts_at": "2090-06-01T20:00:00"}

    answer = host.post("/api/v1/host/sessions", plan, content_type="application/json")

    assert answer.status_code == 201
    assert StreamSession.objects.get().starts_at == datetime(2090, 6, 1, 20, tzinfo=UTC)


def test_without_script_a_host_types_the_shops_time() -> None:
    form = PlanForm({"title": "Kiln", "starts_at": "2090-06-01T20:00", "time_zone": ""})
    assert form.is_valid()
    assert form.cleaned_data["starts_at"] == datetime(2090, 6, 1, 14, 30, tzinfo=UTC)
    page = signed_in(make_user(is_host=True)).get("/host/").content.decode()
    assert ">In IST<" in flat(page)


def test_no_template_writes_a_moment_without_its_zone() -> None:
    """A moment is written by {% moment %}, in a <time> that a script makes local, or with its zone. Days are days."""
    days = re.compile(r"(?:^|\.)(?:day|on|delivery_on)\|date:")
    scripted = re.compile(
        r"<time [^>]*data-(?:local|when|day|slot)[^>]*>(?:<b>)?$|</b>$|data-countdown=[^>]*><time [^>]*>$"
    )
    found = []
    for path in TEMPLATES.rglob("*.*"):
        text = re.sub(r">\s+", ">", path.read_text())
        for use in re.finditer(r"""[\w.]+\|date:["']([^"']+)["']""", text):
            before = text[: use.start()].removesuffix("{{ ")
            if use[1] in {"c", "Y-m-d"} or days.search(use[0]) or use[1].split()[-1] == "e" or scripted.search(before):
                continue
            found.append(f"{path.relative_to(TEMPLATES)}: {use[0]}")
    assert found == []
