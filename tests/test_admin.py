"""The admin: every list opens, stock moves only by ledgered actions, orders only by the table."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from inventory.models import StockItem, StockMovement
from orders.checkout import place_order
from orders.lifecycle import Event, advance
from orders.locks import lock_order
from orders.models import Order, ProviderEvent, Refund
from shop import audit
from shop.models import AuditEntry, User, WebhookEndpoint
from shop.notifications import notices
from shop.notifications.notices import News
from shop.webhooks import deliveries
from tests.support import invariants
from tests.support.factories import make_product, make_request, make_session, make_user
from tests.support.sent_messages import a_payment

pytestmark = pytest.mark.django_db

OURS = [
    model
    for model in admin.site._registry
    if model.__module__.split(".")[0] in {"inventory", "orders", "shop", "streams"}
]
SUBMITTED = {"_form_submitted": "True"}


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin@example.com"))
    return client


def stocked() -> StockItem:
    make_product(skus=("VASE",), stock=5)
    return StockItem.objects.get()


def act(staff: Client, model: str, name: str, pk: object, **form: object) -> None:
    answer = staff.post(reverse(f"admin:{model}_{name}", args=[pk]), SUBMITTED | form)
    assert "HX-Redirect" in answer.headers, answer.content.decode()


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_list_and_form_opens(staff: Client, model: type) -> None:
    order = place_order_of_one()
    make_session("a-show", skus=("VASE",))
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"

    assert staff.get(reverse(f"{name}_changelist")).status_code == 200
    row = model.objects.first()
    if row is not None:
        assert staff.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
    assert order.state == "created"


def place_order_of_one() -> Order:
    stocked()
    return place_order(make_request(("VASE", 1)))


def make_refund() -> Refund:
    payment = a_payment(place_order(make_request(("VASE", 1))))
    return Refund.objects.create(payment=payment, amount_minor=100, reason="test")


def make_provider_event() -> ProviderEvent:
    return ProviderEvent.objects.create(
        provider="sandbox", event_id=uuid.uuid4().hex, kind="payment", payment_ref="a-payment", outcome="done"
    )


def make_notice() -> None:
    notices.tell(f"test:{uuid.uuid4()}", News("order.placed", "Thank you"), user=make_user())


def make_endpoint() -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(url="https://shop.example/hook")


@pytest.mark.parametrize(
    ("address", "make"),
    [
        ("admin:shop_product_changelist", lambda: make_product()),
        ("admin:shop_user_changelist", lambda: make_user()),
        ("admin:inventory_stockitem_changelist", lambda: make_product(stock=3)),
        ("admin:inventory_stockmovement_changelist", lambda: make_product(stock=3)),
        ("admin:orders_order_changelist", lambda: place_order(make_request(("VASE", 1)))),
        ("admin:inventory_reservation_changelist", lambda: place_order(make_request(("VASE", 1)))),
        ("admin:streams_streamsession_changelist", lambda: make_session()),
        ("admin:orders_payment_changelist", lambda: a_payment(place_order(make_request(("VASE", 1))))),
        ("admin:orders_refund_changelist", lambda: make_refund()),
        ("admin:orders_providerevent_changelist", lambda: make_provider_event()),
        ("admin:shop_notice_changelist", lambda: make_notice()),
        ("admin:shop_auditentry_changelist", lambda: audit.record(actor="system", action="test", subject="test")),
        ("admin:shop_webhookendpoint_changelist", lambda: make_endpoint()),
        ("admin:shop_webhookdelivery_changelist", lambda: deliveries.ping(make_endpoint())),
    ],
)
def test_lists_cost_the_same_for_one_row_and_for_ten(
    staff: Client, address: str, make: Callable[[], object], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_product(skus=("VASE",), stock=50)
    make()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    staff.get(reverse(address))
    with CaptureQueriesContext(connection) as one:
        staff.get(reverse(address))
    for _ in range(9):
        make()
    with django_assert_num_queries(len(one)):
        staff.get(reverse(address))


def test_stock_moves_by_ledgered_actions(staff: Client) -> None:
    item = stocked()

    act(staff, "inventory_stockitem", "receive", item.pk, quantity=3, note="van 2")
    act(staff, "inventory_stockitem", "count", item.pk, quantity=7)
    act(staff, "inventory_stockitem", "write_off", item.pk, quantity=1)

    item.refresh_from_db()
    assert item.on_hand == 6
    newest = StockMovement.objects.order_by("pk").values_list("delta", "reason")[1:]
    assert list(newest) == [(3, "received"), (-1, "counted"), (-1, "damaged")]
    assert StockMovement.objects.order_by("-pk")[0].actor.startswith("user:")
    invariants.check()


def test_a_new_sku_is_received_into_a_warehouse(staff: Client) -> None:
    stocked()
    form = SUBMITTED | {"sku": "NEW", "warehouse": "main", "quantity": 4}

    staff.post(reverse("admin:inventory_stockitem_receive_new"), form)

    assert StockItem.objects.get(sku="NEW").on_hand == 4


def test_a_count_below_promises_is_refused_with_a_word(staff: Client) -> None:
    place_order_of_one()
    item = StockItem.objects.get()

    act(staff, "inventory_stockitem", "count", item.pk, quantity=0)

    page = staff.get(reverse("admin:inventory_stockitem_change", args=[item.pk])).content.decode()
    assert "1 units are promised" in page
    item.refresh_from_db()
    assert item.on_hand == 5


def test_counters_and_states_can_not_be_edited(staff: Client) -> None:
    order = place_order_of_one()
    item = StockItem.objects.get()

    staff.post(reverse("admin:inventory_stockitem_change", args=[item.pk]), {"on_hand": 99, "held": 0})
    answer = staff.post(reverse("admin:orders_order_change", args=[order.pk]), {"state": "placed"})

    assert answer.status_code == 403
    order.refresh_from_db()
    item.refresh_from_db()
    assert (order.state, item.on_hand, item.held) == ("created", 5, 1)


def test_orders_ship_and_arrive_by_actions(staff: Client) -> None:
    order = place_order_of_one()
    advance([lock_order(order.pk)], Event.PAID, actor="provider:sandbox")

    act(staff, "orders_order", "ship", order.pk)
    act(staff, "orders_order", "deliver", order.pk)

    order.refresh_from_db()
    assert order.state == "delivered"
    assert StockItem.objects.get().on_hand == 4
    actions = AuditEntry.objects.filter(subject=order.holder).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["paid", "shipped", "delivered"]


def test_an_action_the_table_does_not_know_is_not_offered(staff: Client) -> None:
    order = place_order_of_one()

    answer = staff.post(reverse("admin:orders_order_ship", args=[order.pk]), SUBMITTED)

    assert answer.status_code == 403
    order.refresh_from_db()
    assert order.state == "created"


def test_cancelling_needs_a_reason(staff: Client) -> None:
    order = place_order_of_one()
    address = reverse("admin:orders_order_cancel", args=[order.pk])

    assert "HX-Redirect" not in staff.post(address, SUBMITTED).headers
    act(staff, "orders_order", "cancel", order.pk, reason="cracked")

    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "by_staff")
    assert AuditEntry.objects.get(subject=order.holder).reason == "cracked"


def test_shoppers_and_hosts_are_kept_out(client: Client) -> None:
    client.force_login(make_user(is_host=True))
    assert client.get(reverse("admin:orders_order_changelist")).status_code == 302


def test_the_first_page_shows_what_sells_and_what_waits(staff: Client) -> None:
    order = place_order_of_one()

    page = staff.get(reverse("admin:index")).content.decode()

    assert order.number in page
    assert "Awaiting payment" in page


def test_figures_are_for_those_who_may_see_orders(client: Client) -> None:
    order = place_order_of_one()
    client.force_login(make_user(is_staff=True))

    assert order.number not in client.get(reverse("admin:index")).content.decode()
