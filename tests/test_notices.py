"""Notices: what buyers and the seller are told of an order, once, in words."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from inventory.models import StockItem
from orders import aftersales, lifecycle
from orders.lifecycle import Event
from orders.models import Order
from orders.notices import handlers, order_mails
from shop import outbox, tasks
from shop.models import Notice, OutboxEvent, User, WebhookDelivery, WebhookEndpoint
from shop.notifications import mails, notices
from tests.support.factories import make_product, make_user
from tests.support.sent_messages import a_payment, an_order, hand_on, happens, is_paid, told

pytestmark = pytest.mark.django_db


def of(user: User) -> str:
    return f"user:{user.pk}"


# --- words ---


def test_a_paid_order_thanks_its_buyer_and_tells_the_seller_what_to_pack() -> None:
    buyer = make_user()
    order = an_order(buyer=buyer, quantity=2)
    Order.objects.filter(pk=order.pk).update(delivery_on=date(2026, 11, 23))

    is_paid(order)

    assert told(of(buyer)) == [
        (
            "order.placed",
            f"Thank you: order {order.number} is yours",
            "The payment of $172.00 went through, and we are packing your things. It arrives on Monday 23 November.",
        )
    ]
    assert told("seller") == [("seller.order_placed", f"New order {order.number}, $172.00", "2 × Rust vase")]


def test_a_guest_is_told_by_mail_alone() -> None:
    order = an_order()

    is_paid(order)

    notice = Notice.objects.get(recipient="guest")
    assert (notice.user, notice.email, notice.mail_state) == (None, "guest@example.com", "due")
    assert notice.url == f"/orders/{order.pk}/"


@pytest.mark.parametrize(
    ("event", "kind", "title", "sentence"),
    [
        (Event.PAYMENT_FAILED, "order.payment_failed", "Payment declined", "you paid nothing"),
        (Event.EXPIRED, "order.expired", "The time ran out", "went back to the shelf"),
        (Event.STAFF_CANCELS, "order.cancelled", "Cancelled by us", "You paid nothing."),
    ],
)
def test_an_order_that_comes_to_nothing_says_so_to_its_buyer_alone(
    event: Event, kind: str, title: str, sentence: str
) -> None:
    buyer = make_user()
    order = an_order(buyer=buyer)

    happens(order, event)

    [(told_kind, told_title, told_text)] = told(of(buyer))
    assert (told_kind, told_title) == (kind, f"{title}: order {order.number}")
    assert sentence in told_text
    assert told("seller") == []


def test_a_buyer_who_lets_an_unpaid_order_go_knows_it_already() -> None:
    buyer = make_user()

    happens(an_order(buyer=buyer), Event.BUYER_CANCELS)

    assert told(of(buyer)) == []


def test_cancelling_a_paid_order_says_what_comes_back_and_stops_the_packing() -> None:
    buyer = make_user()
    order = an_order(buyer=buyer)
    is_paid(order)

    happens(order, Event.BUYER_CANCELS)

    assert told(of(buyer))[1] == (
        "order.cancelled",
        f"Cancelled: order {order.number}",
        "As you wished, we do not send it. $86.00 is on its way back to you.",
    )
    assert told("seller")[1] == (
        "seller.order_cancelled",
        f"Order {order.number} was cancelled by its buyer",
        "It is not to be sent. $86.00 goes back.",
    )


def test_a_late_success_that_could_be_held_again_says_so() -> None:
    buyer = make_user()
    order = an_order(buyer=buyer)
    happens(order, Event.EXPIRED)

    is_paid(order)

    kind, title, words = told(of(buyer))[1]
    assert (kind, title) == ("order.held_again", f"Yours after all: order {order.number}")
    assert words.startswith(
        "Your payment of $86.00 came after the time had run out. Your things were still there, so we kept them for you"
    )


def test_a_late_success_without_units_says_that_the_money_comes_back() -> None:
    buyer = make_user()
    order = an_order(buyer=buyer)
    happens(order, Event.EXPIRED)
    StockItem.objects.update(on_hand=0)

    is_paid(order)

    assert told(of(buyer))[1] == (
        "order.money_back",
        f"$86.00 back to you: order {order.number}",
        "Your payment came after the time had run out, and by then the things were gone. "
        "We are sorry; all of it goes back to you.",
    )
    assert told("seller")[0][:2] == ("seller.money_back", f"$86.00 goes back for order {order.number}")


def test_a_second_payment_says_that_it_goes_back() -> None:
    buyer = make_user()
    order = an_order(buyer=buyer)
    is_paid(order)

    happens(order, Event.PAID, payment=a_payment(order))

    assert told(of(buyer))[1] == (
        "order.money_back",
        f"$86.00 back to you: order {order.number}",
        "This order was paid already. The second payment goes back to you, all of it.",
    )


def test_a_payment_after_cancelling_says_that_it_goes_back() -> None:
    buyer = make_user()
    order = an_order(buyer=buyer)
    happens(order, Event.BUYER_CANCELS)

    is_paid(order)

    [(kind, _title, words)] = told(of(buyer))
    assert kind == "order.money_back"
    assert words == "Your payment came after the order had been cancelled. All of it goes back to you."


def test_the_parcels_way_is_told() -> None:
    buyer = make_user()
    order = an_order(buyer=buyer)
    is_paid(order)

    lifecycle.ship(order.pk, actor="user:staff")
    lifecycle.deliver(order.pk, actor="user:staff")
    hand_on()

    assert [kind for kind, _title, _text in told(of(buyer))] == ["order.placed", "order.in_transit", "order.delivered"]
    assert told(of(buyer))[1][1:][0] == f"On its way: order {order.number}"
    assert len(told("seller")) == 1


def test_money_back_for_some_units_names_them() -> None:
    buyer = make_user()
    order = an_order(buyer=buyer, quantity=3)
    is_paid(order)

    aftersales.refund(order.pk, actor="user:staff", lines={"VASE": 1})
    hand_on()

    assert told(of(buyer))[1] == (
        "order.refunded",
        f"$86.00 back to you: order {order.number}",
        "For 1 × Rust vase. The rest of the order is sent as planned.",
    )


def test_a_percent_sign_in_a_name_is_kept() -> None:
    make_product("Wool 100%", skus=("VASE",), price_minor=8600, stock=5)
    order = an_order()

    is_paid(order)

    assert told("seller")[0][2] == "1 × Wool 100%"


@pytest.mark.parametrize(
    ("topic", "data", "buyers", "sellers"),
    [
        (
            "payment.returned",
            {"event": "wrong_money", "refund_minor": 5000, "refund_currency": "EUR"},
            ["€50.00 back to you: order {}"],
            "Wrong amount for order {}",
        ),
        ("payment.denied", {"now": "failed"}, [], "A payment of order {} is in doubt"),
        ("refund.refused", {"amount_minor": 5000, "currency": "USD"}, [], "The refund of order {} was refused"),
    ],
)
def test_what_went_wrong_with_money_is_told_to_the_seller(
    topic: str, data: dict[str, object], buyers: list[str], sellers: str
) -> None:
    buyer = make_user()
    order = an_order(buyer=buyer)

    outbox.publish(topic, order.holder, data)
    hand_on()

    assert [title for _kind, title, _text in told(of(buyer))] == [title.format(order.number) for title in buyers]
    assert [title for _kind, title, _text in told("seller")] == [sellers.format(order.number)]


def test_of_an_erased_order_its_seller_and_systems_hear_and_its_buyer_does_not(settings: Settings) -> None:
    settings.SELLER_EMAIL = "seller@example.com"
    WebhookEndpoint.objects.create(url="https://shop.example/hook", topics=["refund.refused", "payment.returned"])
    order = an_order()
    Order.objects.update(email="", name="")

    outbox.publish("refund.refused", order.holder, {"amount_minor": 5000, "currency": "EUR"})
    outbox.publish("payment.returned", order.holder, {"event": "paid", "refund_minor": 8600})
    hand_on()

    assert {notice.recipient for notice in Notice.objects.all()} == {"seller"}
    refused = Notice.objects.get(kind="seller.refund_refused")
    letter = order_mails.write(refused)
    assert (refused.email, letter is None) == ("seller@example.com", False)
    assert sorted(WebhookDelivery.objects.values_list("topic", flat=True)) == ["payment.returned", "refund.refused"]


# --- once ---


def test_the_same_event_twice_tells_once() -> None:
    order = an_order(buyer=make_user())
    is_paid(order)
    before = Notice.objects.count()

    handlers.spread(OutboxEvent.objects.get(topic="order.placed"))

    assert before == 2
    assert Notice.objects.count() == before


def test_a_handler_that_fails_leaves_no_half_of_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    order = an_order(buyer=make_user())
    original = notices.tell_seller
    monkeypatch.setattr(notices, "tell_seller", lambda *arguments: 1 / 0)

    is_paid(order)

    assert not Notice.objects.exists()
    event = OutboxEvent.objects.get(topic="order.placed")
    assert (event.handled_at, event.attempts) == (None, 1)
    monkeypatch.setattr(notices, "tell_seller", original)
    OutboxEvent.objects.update(next_try_at=event.created_at)
    hand_on()
    assert Notice.objects.count() == 2


def test_an_event_for_other_systems_alone_costs_next_to_nothing_without_any() -> None:
    order = an_order()
    outbox.publish("order.created", order.holder)

    with CaptureQueriesContext(connection) as queries:
        hand_on()

    assert not [query for query in queries if "orders_order" in query["sql"]]


def test_events_name_nobody() -> None:
    buyer = make_user("somebody@example.com", display_name="Somebody")
    order = an_order(buyer=buyer)
    is_paid(order)

    everything = " ".join(str((event.subject, event.data)) for event in OutboxEvent.objects.all())
    assert not any(word in everything for word in ("somebody", "Guest", "Example Lane", "110001"))


def test_jobs_that_wait_for_others_run_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []

    def send() -> int:
        runs.append("outer")
        monkeypatch.setattr(mails, "send_due", lambda: runs.append("inner") or 0)
        tasks.send_mails()  # as another worker would meanwhile
        return 0

    monkeypatch.setattr(mails, "send_due", send)

    tasks.send_mails()
    assert runs == ["outer"]
    tasks.send_mails()
    assert runs == ["outer", "inner"]
