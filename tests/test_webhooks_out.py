"""Webhooks to merchants, against a real receiver: signed, once where nothing fails, again where something does."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network

import orjson
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook, WebhookVerificationError

from orders import aftersales
from orders.lifecycle import Event
from shop import outbox
from shop.models import AuditEntry, Notice, WebhookDelivery, WebhookEndpoint
from shop.notifications import notices
from shop.webhooks import deliveries, posting, signing
from tests.support.factories import make_user
from tests.support.sent_messages import an_order, hand_on, happens, is_paid
from tests.support.webhook_deliveries import come_due, endpoint_at, queue, send_all, states
from tests.support.webhook_receiver import Receiver, open_receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOK_PRIVATE_NETWORKS = [ip_network("127.0.0.1/32")]
    with open_receiver() as receiver:
        yield receiver


# --- what is sent ---


def test_an_order_is_told_in_ids_and_figures(receiver: Receiver) -> None:
    endpoint_at(receiver)
    order = an_order(buyer=make_user("somebody@example.com"), quantity=2)
    is_paid(order)

    send_all()

    created, placed = sorted((orjson.loads(got.body) for got in receiver.got), key=lambda body: str(body["timestamp"]))
    assert created["type"] == "order.created"
    assert created["data"]["state"] == "created"
    assert placed.pop("timestamp").endswith("Z")
    assert placed == {
        "type": "order.placed",
        "data": {
            "id": str(order.pk),
            "number": order.number,
            "state": "placed",
            "cancel_reason": "",
            "total_minor": 17200,
            "currency": "USD",
            "session": "",
            "lines": [{"sku": "VASE", "quantity": 2, "unit_price_minor": 8600}],
        },
    }
    assert not any(word in got.body for got in receiver.got for word in (b"somebody", b"Guest", b"Lane", b"110001"))


def test_money_back_is_told_with_its_sum_and_units(receiver: Receiver) -> None:
    endpoint_at(receiver, topics=["order.refunded", "order.cancelled"])
    order = an_order(quantity=3)
    is_paid(order)
    aftersales.refund(order.pk, actor="user:staff", lines={"VASE": 1})
    hand_on()
    happens(order, Event.BUYER_CANCELS)

    send_all()

    refunded, cancelled = (
        orjson.loads(got.body)["data"] for got in sorted(receiver.got, key=lambda got: got.body)[::-1]
    )
    assert (refunded["state"], refunded["refund_minor"], refunded["units"]) == ("placed", 8600, {"VASE": 1})
    assert (cancelled["state"], cancelled["refund_minor"], cancelled["refund_currency"]) == ("cancelled", 17200, "USD")
    assert cancelled["cancel_reason"] == "by_buyer"


@pytest.mark.parametrize(
    ("topic", "facts"),
    [
        ("payment.returned", {"refund_minor": 5000, "refund_currency": "EUR"}),
        ("refund.sent", {"amount_minor": 5000, "currency": "EUR"}),
        ("refund.refused", {"amount_minor": 5000, "currency": "EUR"}),
    ],
)
def test_money_back_is_told_in_the_currency_that_came(topic: str, facts: dict[str, object]) -> None:
    WebhookEndpoint.objects.create(url="https://shop.example/hook", topics=[topic])
    order = an_order()
    outbox.publish(topic, order.holder, facts)

    hand_on()

    data = WebhookDelivery.objects.get().payload["data"]
    assert (data["refund_minor"], data["refund_currency"], data["currency"]) == (5000, "EUR", "USD")


def test_only_what_is_wanted_is_queued_and_once(receiver: Receiver) -> None:
    everything = endpoint_at(receiver)
    placed_only = endpoint_at(receiver, topics=["order.placed"])
    endpoint_at(receiver, is_active=False)

    for _ in range(2):
        queue(1, topic="order.placed")
        queue(2, topic="order.delivered")

    found = WebhookDelivery.objects.values_list("endpoint_id", "topic")
    assert sorted(found) == sorted(
        [(everything.pk, "order.placed"), (everything.pk, "order.delivered"), (placed_only.pk, "order.placed")]
    )


def test_anybodys_library_checks_our_signature(receiver: Receiver) -> None:
    endpoint = endpoint_at(receiver)
    queue()

    send_all()

    [got] = receiver.got
    assert (got.path, got.headers["content-type"]) == ("/hook", "application/json")
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert Webhook(signing.secret(endpoint)).verify(got.body, got.headers)["data"] == {"number": 0}
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.secret(endpoint)).verify(got.body + b" ", got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.secret(endpoint_at(receiver))).verify(got.body, got.headers)


@pytest.mark.parametrize(("age", "old_is_good"), [(timedelta(hours=1), True), (timedelta(hours=25), False)])
def test_a_new_secret_leaves_a_day_for_changing_over(receiver: Receiver, age: timedelta, old_is_good: bool) -> None:
    endpoint = endpoint_at(receiver)
    old = signing.secret(endpoint)
    WebhookEndpoint.objects.update(secret_number=2, rotated_at=timezone.now() - age)
    endpoint.refresh_from_db()
    queue()

    send_all()

    [got] = receiver.got
    assert signing.secret(endpoint) != old
    assert Webhook(signing.secret(endpoint)).verify(got.body, got.headers)
    assert len(got.headers["webhook-signature"].split()) == (2 if old_is_good else 1)
    if old_is_good:
        assert Webhook(old).verify(got.body, got.headers)
    else:
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(got.body, got.headers)


# --- what becomes of it ---


def test_a_delivery_goes_once(receiver: Receiver) -> None:
    endpoint_at(receiver)
    queue()

    assert [deliveries.send_due(), deliveries.send_due()] == [1, 0]

    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status_code, delivery.attempts) == ("delivered", 204, 1)
    assert receiver.ids == [str(delivery.pk)]


@pytest.mark.parametrize("answer", [500, 429, 404, "redirect"])
def test_what_is_not_taken_is_sent_again_under_the_same_id(receiver: Receiver, answer: int | str) -> None:
    endpoint_at(receiver)
    queue()
    receiver.answers.append(answer)

    send_all()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("due", 1)
    assert delivery.status_code == (307 if answer == "redirect" else answer)
    assert delivery.next_try_at > timezone.now()
    come_due()
    send_all()

    assert states() == ["delivered"]
    assert receiver.ids == [str(delivery.pk)] * 2
    assert {got.path for got in receiver.got} == {"/hook"}


def test_pauses_double_and_differ() -> None:
    seconds = [[deliveries._pause(attempts, 1000).total_seconds() for _ in range(50)] for attempts in (1, 2, 3, 30)]

    assert [min(4 <= pause <= 6 for pause in seconds[0]), min(8 <= pause <= 12 for pause in seconds[1])] == [
        True,
        True,
    ]
    assert all(16 <= pause <= 24 for pause in seconds[2])
    assert all(800 <= pause <= 1200 for pause in seconds[3])
    assert len(set(seconds[0])) > 40


def test_an_endpoint_that_is_not_there_is_no_answer(receiver: Receiver) -> None:
    WebhookEndpoint.objects.create(url="http://127.0.0.1:1/hook")
    queue()

    send_all()

    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status_code) == ("due", None)
    assert delivery.last_error == "127.0.0.1:1 does not answer"


def test_silence_ends(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "ANSWER_S", 0.3)
    endpoint_at(receiver)
    queue()
    receiver.answers.append("wait")

    send_all()

    assert "timed out" in WebhookDelivery.objects.get().last_error


def test_an_answer_that_drips_is_cut(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "ALL_S", 1)
    endpoint_at(receiver)
    queue()
    receiver.answers.append("drip")

    send_all()

    assert WebhookDelivery.objects.get().last_error == "not done within 1 s"


def test_of_an_endless_answer_little_is_read(receiver: Receiver) -> None:
    endpoint_at(receiver)
    queue()
    receiver.answers.append("flood")

    send_all()

    assert len(WebhookDelivery.objects.get().last_error) <= 200
    assert WebhookDelivery.objects.get().last_error.startswith("500 zzz")


def test_a_delivery_is_given_up_after_days(receiver: Receiver) -> None:
    endpoint_at(receiver)
    queue()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shop_webhookdelivery SET created_at = now() - interval '73 hours'")
    receiver.answers.append(500)

    send_all()
    come_due()
    send_all()

    assert (states(), len(receiver.got)) == (["failed"], 1)


def test_a_dead_endpoint_holds_up_no_other(receiver: Receiver) -> None:
    dead = WebhookEndpoint.objects.create(url="http://127.0.0.1:1/hook")
    for number in range(40):
        queue(number)
    endpoint_at(receiver)
    queue(99)

    send_all()

    assert len(receiver.got) == 1
    dead.refresh_from_db()
    assert dead.failures == 1  # sixteen that failed side by side
    assert WebhookDelivery.objects.filter(endpoint=dead, attempts=1).count() == deliveries.AT_ONCE
    WebhookEndpoint.objects.update(paused_until=None)
    assert deliveries.send_due() == 1  # one at a time, until it answers


def test_an_endpoint_that_answers_again_gets_what_waited(receiver: Receiver) -> None:
    endpoint = endpoint_at(receiver)
    for number in range(20):
        queue(number)
    receiver.answers += [503] * deliveries.AT_ONCE

    send_all()
    come_due()
    send_all()

    assert states() == ["delivered"] * 20
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since, endpoint.paused_until) == (0, None, None)


@pytest.mark.parametrize(("days", "is_off"), [(4, False), (6, True)])
def test_after_days_of_failure_an_endpoint_is_turned_off_and_the_seller_told(
    receiver: Receiver, days: int, is_off: bool
) -> None:
    endpoint = endpoint_at(
        receiver, description="Warehouse", failures=9, failing_since=timezone.now() - timedelta(days=days)
    )
    queue()
    receiver.otherwise = 500

    send_all()

    endpoint.refresh_from_db()
    assert endpoint.is_active is not is_off
    told = Notice.objects.filter(recipient="seller", kind="seller.webhook_disabled")
    assert [notice.text.split(" has ")[0] for notice in told] == (["Warehouse"] if is_off else [])
    assert AuditEntry.objects.filter(action="webhook_disabled").exists() is is_off
    queue(2)
    assert WebhookDelivery.objects.filter(occasion="test:2").exists() is not is_off


def test_an_endpoint_that_says_it_is_gone_is_believed(receiver: Receiver) -> None:
    endpoint = endpoint_at(receiver)
    queue()
    receiver.answers.append(410)

    send_all()

    endpoint.refresh_from_db()
    assert not endpoint.is_active
    assert notices.page(make_user()).notices == []
    assert Notice.objects.get().recipient == "seller"


def test_what_came_to_an_end_long_ago_is_deleted(receiver: Receiver) -> None:
    endpoint_at(receiver)
    for number in range(3):
        queue(number)
    WebhookDelivery.objects.filter(occasion__in=["test:0", "test:1"]).update(state="delivered")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shop_webhookdelivery SET created_at = now() - interval '31 days' WHERE occasion <> 'test:0'"
        )

    deliveries.prune()

    assert set(WebhookDelivery.objects.values_list("occasion", flat=True)) == {"test:0", "test:2"}
