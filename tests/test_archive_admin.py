"""Archived orders in the admin, payments of theirs, and erasing people there."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders import checkout
from orders.models import ArchivedOrder, Order, Payment
from shop.models import AuditEntry, User
from tests.support.archivable_orders import make_archived, make_over
from tests.support.buying import text
from tests.support.factories import make_product, make_request, make_user

pytestmark = pytest.mark.django_db

LIST = reverse("admin:orders_archivedorder_changelist")
SUBMITTED = {"_form_submitted": "True"}


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin@example.com"))
    return client


def page(staff: Client, address: str, **query: object) -> str:
    answer = staff.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    "word",
    [
        lambda order: order.number,
        lambda order: str(order.number_seq),
        lambda order: "GUEST@example.com",
        lambda o: o.pk,
    ],
)
def test_an_archived_order_is_found_by_number_address_and_id(staff: Client, word: Callable[[Order], object]) -> None:
    order, other = make_archived(), make_archived(buyer=make_user())

    shown = page(staff, LIST, q=word(order))

    assert order.number in shown
    assert other.number not in shown


@pytest.mark.parametrize("word", ["", "SF-", "9" * 30, "nobody", "nobody@example.com"])
def test_nothing_is_listed_for_what_names_none(staff: Client, word: str) -> None:
    order = make_archived()

    shown = page(staff, LIST, q=word)
    assert order.number not in shown
    assert ("Search for an order" in shown) is (word == "")


def test_ten_archived_orders_cost_no_more_queries_than_one(staff: Client) -> None:
    counts = []
    for number in range(10):
        make_archived()
        if number in {0, 9}:
            page(staff, LIST, q="guest@example.com")
            with CaptureQueriesContext(connection) as here, CaptureQueriesContext(connections["archive"]) as there:
                assert page(staff, LIST, q="guest@example.com").count("SF-") >= number + 1
            counts.append((len(here), len(there)))

    assert counts[0] == counts[1]


def test_an_archived_order_is_read_whole_and_changed_by_nobody(staff: Client) -> None:
    order = make_archived(("VASE", 2))
    address = reverse("admin:orders_archivedorder_change", args=[order.pk])

    shown = text(page(staff, address))

    assert "2 × VASE Thing VASE, $86.00" in shown
    assert f"paid-{order.pk}" in shown
    assert staff.post(address, {"state": "cancelled"}).status_code == 403


def test_the_link_to_an_order_leads_to_the_archive_once_it_is_there(staff: Client) -> None:
    order = make_archived()
    address = reverse("admin:orders_order_change", args=[order.pk])

    assert staff.get(address)["Location"] == reverse("admin:orders_archivedorder_change", args=[order.pk])
    assert staff.get(address.replace(str(order.pk), "nonsense")).status_code == 404


def test_an_archived_order_is_brought_back_to_be_refunded(staff: Client) -> None:
    order = make_archived()

    answer = staff.post(reverse("admin:orders_archivedorder_bring_back", args=[order.pk]), SUBMITTED)

    assert answer["HX-Redirect"] == reverse("admin:orders_order_change", args=[order.pk])
    assert Order.objects.get().pk == order.pk
    assert staff.get(reverse("admin:orders_order_refund", args=[order.pk])).status_code == 200


def test_payments_of_archived_orders_stay_in_sight(staff: Client) -> None:
    archived, here = make_archived(), make_over(days=1)
    Order.objects.filter(pk=here.pk).update(email="other@example.com")
    payments = reverse("admin:orders_payment_changelist")

    shown = page(staff, payments)
    assert (f"paid-{archived.pk}" in shown, f"paid-{here.pk}" in shown) == (True, True)
    assert here.number in shown
    assert "in the archive" in shown
    assert f"paid-{archived.pk}" in page(staff, payments, q="paid-")
    found = page(staff, payments, q="guest@example.com")
    assert (f"paid-{archived.pk}" in found, f"paid-{here.pk}" in found) == (True, False)
    payment = Payment.objects.get(order_id=archived.pk)
    assert page(staff, reverse("admin:orders_payment_change", args=[payment.pk]))


def test_ten_payments_cost_no_more_queries_than_one(staff: Client) -> None:
    address = reverse("admin:orders_payment_changelist")
    counts = []
    for number in range(10):
        make_archived()
        if number in {0, 9}:
            page(staff, address)
            with CaptureQueriesContext(connection) as queries:
                page(staff, address)
            counts.append(len(queries))

    assert counts[0] == counts[1]


def erase(staff: Client, model: str, pk: object, *, address: str = "guest@example.com") -> str:
    answer = staff.post(reverse(f"admin:{model}_erase", args=[pk]), SUBMITTED | {"address": address})
    assert answer["HX-Redirect"] == reverse(f"admin:{model}_change", args=[pk])
    return text(page(staff, answer["HX-Redirect"]))


@pytest.mark.parametrize("is_archived", [False, True])
def test_a_buyer_is_erased_from_their_order(staff: Client, is_archived: bool) -> None:
    order = make_archived() if is_archived else make_over(days=1)
    model = "orders_archivedorder" if is_archived else "orders_order"

    assert "The person is erased." in erase(staff, model, order.pk)

    assert {row.email for row in (ArchivedOrder if is_archived else Order).objects.all()} == {""}
    assert AuditEntry.objects.get(action="erased").actor.startswith("user:")
    assert staff.post(reverse(f"admin:{model}_erase", args=[order.pk]), SUBMITTED).status_code == 403


def test_a_person_is_erased_and_never_just_deleted(staff: Client) -> None:
    person = make_user("maria@example.com")

    assert "The person is erased." in erase(staff, "shop_user", person.pk, address="Maria@example.com")

    person.refresh_from_db()
    assert person.email == f"{person.public_id}@erased.invalid"
    assert staff.get(reverse("admin:shop_user_delete", args=[person.pk])).status_code == 403
    assert staff.post(reverse("admin:shop_user_erase", args=[person.pk]), SUBMITTED).status_code == 403


def test_why_somebody_is_not_erased_is_said(staff: Client) -> None:
    person = make_user()
    make_product(skus=("VASE",), stock=9)
    order = checkout.place_order(make_request(("VASE", 1), buyer=person))

    assert f"Not erased. Order {order.number} is not over yet (awaiting payment)." in erase(
        staff, "shop_user", person.pk, address=person.email
    )


@pytest.mark.parametrize("address", ["", "maria", "somebody@example.com"])
def test_nobody_is_erased_without_typing_their_address(staff: Client, address: str) -> None:
    person = make_user("maria@example.com")

    answer = staff.post(reverse("admin:shop_user_erase", args=[person.pk]), SUBMITTED | {"address": address})

    if "HX-Redirect" in answer:
        assert "Not erased. The address that was typed is not this person's." in text(
            page(staff, answer["HX-Redirect"])
        )
    else:
        assert 'name="address"' in answer.content.decode()
    person.refresh_from_db()
    assert person.email == "maria@example.com"
    assert not AuditEntry.objects.filter(action="erased").exists()


def test_who_may_erase_nobody_is_offered_nothing_more(client: Client) -> None:
    clerk, order = make_user(is_staff=True), make_over(days=1)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_order"))
    client.force_login(clerk)

    offered = client.get(reverse("admin:orders_order_change", args=[order.pk])).context["actions_detail"]

    assert [one["title"] for one in offered] == []


def test_erasing_is_the_last_and_quietest_of_what_an_order_offers(staff: Client) -> None:
    order = make_over(days=1)

    offered = staff.get(reverse("admin:orders_order_change", args=[order.pk])).context["actions_detail"]
    assert [one["title"] for one in offered][-1] == "More"
    assert [(one["title"], one["variant"].value) for one in offered[-1]["items"]] == [("Erase this person", "default")]
    assert "Erase this person" not in [one["title"] for one in offered]


def test_erasing_is_for_those_who_may_delete_people(client: Client) -> None:
    clerk, order = make_user(is_staff=True), make_over(days=1)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "change_order", "view_user"]))
    client.force_login(clerk)

    assert client.get(reverse("admin:orders_order_change", args=[order.pk])).status_code == 200
    for model, pk in (("orders_order", order.pk), ("shop_user", clerk.pk)):
        assert client.post(reverse(f"admin:{model}_erase", args=[pk]), SUBMITTED).status_code == 403
    assert client.get(LIST).status_code == 200
    assert Order.objects.get().email == "guest@example.com"
