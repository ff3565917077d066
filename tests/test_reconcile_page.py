"""The admin's page of what does not agree: read, put right by a form without scripts, refused in plain words."""

from dataclasses import replace

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from inventory import reconciliation
from inventory.models import Reconciliation, StockItem
from shop.models import AuditEntry, User
from tests.support import invariants
from tests.support.buying import text
from tests.support.factories import make_product

pytestmark = pytest.mark.django_db

PAGE = "/admin/inventory/reconciliation/"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin@example.com"))
    return client


def queued() -> int:
    """Count the runs of the checks that wait in the worker's queue."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return sum(b'"inventory.tasks.reconcile"' in message for message in client.lrange("celery", 0, -1))


def make_drifts(number: int) -> list[StockItem]:
    """Make so many stock items that hold a unit for nobody, and have that found."""
    make_product(skus=tuple(f"SKU-{StockItem.objects.count() + each:02}" for each in range(number)), stock=5)
    StockItem.objects.update(held=1)
    reconciled()
    return list(StockItem.objects.order_by("sku"))


def reconciled() -> Reconciliation:
    """Run the checks in this test's transaction, and keep the result."""
    # now() stands still in a transaction
    report = replace(reconciliation.run_checks(), at=timezone.now())
    reconciliation.keep(report)
    return Reconciliation.objects.latest("pk")


def post(staff: Client, **form: str):  # type: ignore[no-untyped-def]
    return staff.post(PAGE, form, follow=True)


def test_before_the_first_check_it_says_so(staff: Client) -> None:
    assert "Nothing was checked yet." in text(staff.get(PAGE).content.decode())


def test_where_all_agrees_it_says_so_and_what_was_checked(staff: Client) -> None:
    reconciled()

    page = text(staff.get(PAGE).content.decode())

    assert "Stock, orders and money agree." in page
    for check in reconciliation.list_checks():
        assert str(check.title) in page


def test_it_names_what_does_not_agree_and_leads_to_it(staff: Client) -> None:
    [item] = make_drifts(1)

    answer = staff.get(PAGE)

    page = answer.content.decode()
    assert "1 thing does not agree." in text(page)
    assert "Expected 0 held Found 1 held (SKU-00, main)" in text(page)
    assert reverse("admin:inventory_stockitem_change", args=[item.pk]) in page


def test_a_reason_and_a_press_put_it_right(staff: Client) -> None:
    [item] = make_drifts(1)

    answer = post(staff, repair="set-held", subject=f"stock:{item.pk}", reason="a lost hold")

    page = text(answer.content.decode())
    assert "Done, and written in the audit log." in page
    assert "Put right since, by admin@example.com: a lost hold" in page
    assert queued() == 1
    item.refresh_from_db()
    assert item.held == 0
    entry = AuditEntry.objects.exclude(action="change_role").get()
    assert (entry.actor, entry.action, entry.reason) == (
        f"user:{User.objects.get().public_id}",
        "mended",
        "a lost hold",
    )
    invariants.check()

    # When it was put right already, pressing again changes nothing.
    page = text(post(staff, repair="set-held", subject=f"stock:{item.pk}", reason="again").content.decode())
    assert "That is right already; nothing was changed." in page
    assert AuditEntry.objects.filter(action="mended").count() == 1


def test_without_a_reason_it_asks_for_one_and_keeps_the_place(staff: Client) -> None:
    [item] = make_drifts(1)

    answer = staff.post(PAGE, {"repair": "set-held", "subject": f"stock:{item.pk}", "reason": "  "})

    assert answer.status_code == 422
    assert "Say why; it goes into the audit log." in text(answer.content.decode())
    assert "<details" in answer.content.decode()
    assert StockItem.objects.get().held == 1


def test_what_no_result_names_is_left_alone(staff: Client) -> None:
    make_drifts(1)
    other = StockItem.objects.create(sku="OTHER", warehouse=StockItem.objects.get().warehouse, on_hand=1, held=1)

    page = text(post(staff, repair="set-held", subject=f"stock:{other.pk}", reason="guess").content.decode())

    assert "That is right already; nothing was changed." in page
    other.refresh_from_db()
    assert other.held == 1


def test_check_now_asks_the_worker(staff: Client) -> None:
    page = text(post(staff).content.decode())

    assert "The checks are running." in page
    assert queued() == 1


@pytest.mark.parametrize(("words", "status"), [([], 403), (["view_reconciliation"], 200)])
def test_who_may_look_may_not_mend(client: Client, words: list[str], status: int) -> None:
    [item] = make_drifts(1)
    clerk = User.objects.create_user("clerk@example.com", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=words))
    client.force_login(clerk)

    answer = client.get(PAGE)
    assert answer.status_code == status
    assert b"Put it right" not in answer.content
    assert client.post(PAGE, {"repair": "set-held", "subject": f"stock:{item.pk}", "reason": "x"}).status_code == 403
    assert StockItem.objects.get().held == 1


def test_shoppers_are_sent_away(client: Client) -> None:
    client.force_login(User.objects.create_user("shopper@example.com"))

    assert client.get(PAGE).status_code == 302


def test_ten_rows_cost_as_many_queries_as_one(
    staff: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_drifts(1)
    staff.get(PAGE)
    with CaptureQueriesContext(connection) as one:
        staff.get(PAGE)
    items = make_drifts(9)
    assert len(items) == 10

    with django_assert_num_queries(len(one)):
        page = staff.get(PAGE).content.decode()

    assert page.count("<details") == 10
