"""Webhook endpoints in the admin: made, tried out, given new secrets; and what went where."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shop.models import AuditEntry, WebhookDelivery, WebhookEndpoint
from shop.webhooks import deliveries, signing
from tests.support.buying import text
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db

ADD = "admin:shop_webhookendpoint_add"
CHANGE = "admin:shop_webhookendpoint_change"
SUBMITTED = {"_form_submitted": "True"}


@pytest.fixture
def staff(client: Client) -> Client:
    clerk = make_user(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__contains="webhook"))
    client.force_login(clerk)
    return client


def an_endpoint(**fields: object) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(url="https://shop.example/hook", **fields)


def secrets_in(page: str) -> list[str]:
    return re.findall(r"whsec_[\w+/=]+", page)


def test_a_new_endpoint_shows_its_secret_once(staff: Client) -> None:
    form = {"url": "https://shop.example/hook", "topics": ["order.placed"], "is_active": "on"}

    page = staff.post(reverse(ADD), form, follow=True).content.decode()

    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.topics == ["order.placed"]
    assert secrets_in(text(page)) == [signing.secret(endpoint)]
    again = staff.get(reverse(CHANGE, args=[endpoint.pk])).content.decode()
    assert secrets_in(again) == []
    entry = AuditEntry.objects.get(subject=f"webhook:{endpoint.pk}")
    assert entry.action == "webhook_added"
    assert "whsec" not in str(entry.data)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://10.0.0.1/hook", "10.0.0.1 is not a public address."),
        ("http://93.184.215.14/hook", "https:// only"),
        ("https://localhost/hook", "127.0.0.1 is not a public address."),
        ("mailto:shop@shop.example", "begins with https://"),
    ],
)
def test_an_address_that_is_not_allowed_is_refused_with_words(staff: Client, url: str, words: str) -> None:
    page = staff.post(reverse(ADD), {"url": url, "is_active": "on"}).content.decode()

    assert words in text(page)
    assert not WebhookEndpoint.objects.exists()


def test_a_new_secret_is_another_and_shown_once(staff: Client) -> None:
    endpoint = an_endpoint()
    old = signing.secret(endpoint)

    answer = staff.post(reverse("admin:shop_webhookendpoint_rotate", args=[endpoint.pk]), SUBMITTED)

    page = text(staff.get(answer["HX-Redirect"]).content.decode())
    endpoint.refresh_from_db()
    assert secrets_in(page) == [signing.secret(endpoint)]
    assert signing.secret(endpoint) != old
    assert endpoint.rotated_at is not None


def test_a_test_is_queued_and_a_delivery_sent_again(staff: Client) -> None:
    endpoint = an_endpoint()

    staff.post(reverse("admin:shop_webhookendpoint_ping", args=[endpoint.pk]), SUBMITTED)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.topic, delivery.state) == ("webhook.ping", "due")
    WebhookDelivery.objects.update(state="failed")
    staff.post(reverse("admin:shop_webhookdelivery_again", args=[delivery.pk]), SUBMITTED)

    assert WebhookDelivery.objects.get().state == "due"


@pytest.mark.parametrize("action", ["ping", "rotate"])
def test_opening_an_action_does_nothing(staff: Client, action: str) -> None:
    endpoint = an_endpoint()

    staff.get(reverse(f"admin:shop_webhookendpoint_{action}", args=[endpoint.pk]))

    endpoint.refresh_from_db()
    assert endpoint.secret_number == 1
    assert not WebhookDelivery.objects.exists()


def test_an_endpoint_that_is_turned_on_again_starts_afresh(staff: Client) -> None:
    endpoint = an_endpoint(
        is_active=False,
        failures=40,
        failing_since=timezone.now() - timedelta(days=6),
        paused_until=timezone.now() + timedelta(hours=1),
    )

    staff.post(reverse(CHANGE, args=[endpoint.pk]), {"url": endpoint.url, "is_active": "on"})

    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.failures, endpoint.failing_since, endpoint.paused_until) == (
        True,
        0,
        None,
        None,
    )


def test_deliveries_are_listed_with_what_came_of_them(staff: Client) -> None:
    endpoint, other = an_endpoint(description="Warehouse"), an_endpoint(description="Books")
    deliveries.ping(other)
    everybody = deliveries.list_endpoints("order.placed")
    deliveries.queue(everybody, "test:1", "order.placed", at=timezone.now(), data={"number": "SF-1"})
    WebhookDelivery.objects.filter(endpoint=endpoint).update(status_code=503, last_error="503 Out of order")

    answer = staff.get(reverse("admin:shop_webhookendpoint_see_deliveries", args=[endpoint.pk]), follow=True)

    page = text(answer.content.decode())
    assert "503 Out of order" in page
    assert "webhook.ping" not in re.sub(r"By topic.*", "", page)


def test_staff_who_may_not_see_webhooks_are_kept_out(client: Client) -> None:
    endpoint = an_endpoint()
    client.force_login(make_user(is_staff=True))

    assert client.get(reverse("admin:shop_webhookendpoint_changelist")).status_code == 403
    rotate = reverse("admin:shop_webhookendpoint_rotate", args=[endpoint.pk])
    assert client.post(rotate, SUBMITTED).status_code == 403
    endpoint.refresh_from_db()
    assert endpoint.secret_number == 1
