"""The sandbox's hosted page: choosing how a payment ends, and what goes wrong on the way."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from orders import payments, tasks
from orders.checkout import place_order
from orders.models import Payment, SandboxPayment, SandboxWebhook
from orders.providers.sandbox import Switch
from tests.support.buying import text
from tests.support.factories import make_product, make_request
from tests.support.paying import deliver, pass_time

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment() -> Payment:
    make_product(skus=("VASE",), price_minor=8600, stock=5)
    return payments.open_payment(place_order(make_request(("VASE", 1))))


def choose(client: Client, payment: Payment, choice: str = "approve", **data: Any) -> Any:
    return client.post(f"/sandbox-pay/{payment.ref}/", {"choice": choice, **data})


def look(client: Client, payment: Payment) -> str:
    answer = client.get(f"/sandbox-pay/{payment.ref}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_offers_every_switch_with_a_sentence_and_none_is_on(client: Client, payment: Payment) -> None:
    page = look(client, payment)

    for switch in Switch:
        assert f'name="switches" value="{switch.value}"' in page
        assert str(switch.label) in text(page)
    assert "checked" not in page
    assert "Approve" in page
    assert "Walk away without paying" in page
    assert "All goes well" in page


def test_the_choice_leads_back_to_the_shop_at_once_and_the_webhook_follows(client: Client, payment: Payment) -> None:
    answer = choose(client, payment, switches=["late", "twice"], late_s="90")

    assert answer.status_code == 302
    assert answer["Location"] == SandboxPayment.objects.get().return_url
    assert SandboxPayment.objects.get().switches == ["late", "twice"]
    pass_time(80)
    assert deliver() == []
    pass_time(20)
    assert deliver() == [204, 204]


def test_closing_the_window_stays_on_the_page_and_says_so(client: Client, payment: Payment) -> None:
    answer = choose(client, payment, switches=["stay", "never"])

    assert answer["Location"] == f"/sandbox-pay/{payment.ref}/"
    page = text(look(client, payment))
    assert "This payment was approved." in page
    assert "You closed the window" in page
    payment.refresh_from_db()
    assert payment.state == "open"


def test_a_payment_that_comes_too_late_says_so(client: Client, payment: Payment) -> None:
    choose(client, payment, switches=["after_expiry"])

    page = look(client, payment)

    assert "The money comes once the shop has given up waiting." in text(page)
    assert "<button" not in page


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"late_s": "soon"}, "Enter a whole number."),
        ({"late_s": "0"}, "greater than or equal to 1"),
        ({"late_s": "9999999"}, "less than or equal to 604800"),
        ({"switches": ["explode"]}, ""),
        ({"choice": "maybe"}, ""),
    ],
)
def test_a_wrong_wish_is_refused_and_keeps_what_was_ticked(
    client: Client, payment: Payment, data: dict[str, Any], said: str
) -> None:
    answer = choose(client, payment, **{"switches": ["twice"], "late_s": "30", **data})

    assert answer.status_code == 400
    page = answer.content.decode()
    assert said in text(page)
    assert ("checked" in page) == ("switches" not in data)
    assert SandboxPayment.objects.get().answered_at is None
    assert not SandboxWebhook.objects.exists()


def test_an_empty_number_of_seconds_is_the_usual_one(client: Client, payment: Payment) -> None:
    choose(client, payment, switches=["late"], late_s="")

    pass_time(29)
    assert deliver() == []
    pass_time(2)
    assert deliver() == [204]


def test_with_another_provider_nobody_approves_play_money(
    client: Client, payment: Payment, settings: Settings
) -> None:
    settings.PAYMENT_PROVIDER = "stripe"

    assert client.get(f"/sandbox-pay/{payment.ref}/").status_code == 404
    assert choose(client, payment).status_code == 404
    assert SandboxPayment.objects.get().state == "open"


def test_an_unknown_payment_is_404(client: Client) -> None:
    assert client.get("/sandbox-pay/sbx_none/").status_code == 404


def test_a_lost_queue_loses_no_webhook(client: Client, payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    from kombu.exceptions import OperationalError

    def lost(**options: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.deliver_sandbox_webhooks, "apply_async", lost)

    assert choose(client, payment).status_code == 302
    assert deliver() == [204]
