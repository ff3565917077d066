"""The Stripe adapter against localstripe, a stand-in that runs as a process of its own."""

import html
import re
from collections.abc import Iterator

import orjson
import pytest
from django.test import Client
from pytest_django import Settings

from inventory.models import StockItem
from orders import aftersales, lifecycle, payment_follow_up, payments
from orders.checkout import place_order
from orders.exceptions import ProviderAway
from orders.models import Order, Payment, ProviderEvent, Refund
from orders.providers import get_provider
from tests.support import invariants, paying, stripe_stand_ins
from tests.support.buying import order_by_page, text
from tests.support.factories import make_product, make_request
from tests.support.paying import expire
from tests.support.realtime_servers import eventually
from tests.support.stripe_stand_ins import DECLINED_CARD, SECRET_KEY, WEBHOOK_SECRET, LocalStripe
from tests.support.web_servers import running

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(scope="module")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStripe]:
    with stripe_stand_ins.local_stripe(tmp_path_factory.mktemp("localstripe")) as server:
        yield server


@pytest.fixture(autouse=True)
def stripe(localstripe: LocalStripe, settings: Settings) -> LocalStripe:
    stripe_stand_ins.use(settings, localstripe.url)
    make_product(skus=("VASE",), price_minor=8600, stock=5)
    return localstripe


def opened(quantity: int = 2) -> tuple[Order, Payment]:
    order = place_order(make_request(("VASE", quantity)))
    return order, payments.open_payment(order)


def state(order: Order) -> tuple[str, str]:
    order.refresh_from_db()
    return order.state, order.cancel_reason


def test_a_payment_is_opened_with_the_orders_amount_and_cards_only(stripe: LocalStripe) -> None:
    order, payment = opened()

    intent = stripe.intent(payment.ref)
    assert (intent["amount"], intent["currency"], intent["status"]) == (17200, "usd", "requires_payment_method")
    assert intent["metadata"] == {"order": f"Order {order.number}", "key": str(payment.pk)}
    assert payment.url.endswith(f"/orders/{order.id}/pay/card/")
    assert payments.open_payment(order) == payment


def test_a_payment_is_believed_once_it_is_fetched(stripe: LocalStripe) -> None:
    order, payment = opened()
    payments.refresh(payment)
    assert state(order) == ("created", "")

    assert stripe.pay(payment.ref) == 200
    payments.refresh(payment)

    assert state(order) == ("placed", "")
    payment.refresh_from_db()
    assert (payment.state, payment.paid_minor, payment.paid_currency) == ("succeeded", 17200, "USD")
    invariants.check()


def test_a_declined_card_is_no_end_the_order_waits_for_another(stripe: LocalStripe) -> None:
    order, payment = opened()

    assert stripe.pay(payment.ref, DECLINED_CARD) == 402
    payments.refresh(payment)
    assert state(order) == ("created", "")
    assert StockItem.objects.get().held == 2

    # localstripe takes no second card for an intent, Stripe does; here the time runs out.
    expire(order)
    payment_follow_up.close_stale()
    assert state(order) == ("cancelled", "expired")
    assert stripe.intent(payment.ref)["status"] == "canceled"
    invariants.check()


def test_at_expiry_the_payment_is_canceled_and_nobody_can_pay_it(stripe: LocalStripe) -> None:
    order, payment = opened()
    expire(order)

    assert payment_follow_up.close_stale() == 1

    payment.refresh_from_db()
    assert (payment.state, stripe.intent(payment.ref)["status"]) == ("closed", "canceled")
    assert stripe.pay(payment.ref) == 400


def test_paid_in_the_last_moment_it_is_held_again(stripe: LocalStripe) -> None:
    order, payment = opened()
    expire(order)
    stripe.pay(payment.ref)

    payment_follow_up.close_stale()

    assert state(order) == ("placed", "")
    assert stripe.intent(payment.ref)["status"] == "succeeded"
    invariants.check()


def test_a_cancelled_order_that_was_paid_gets_its_money_back(stripe: LocalStripe) -> None:
    order, payment = opened()
    stripe.pay(payment.ref)
    lifecycle.cancel(order.pk, actor="user:1")
    payment_follow_up.close_stale()
    payment_follow_up.send_refunds()

    assert Refund.objects.get().state == "done"
    assert [refund["amount"] for refund in stripe.refunds(payment.ref)] == [17200]
    invariants.check()


def test_parts_are_refunded_once_each_however_often_we_ask(stripe: LocalStripe) -> None:
    order, payment = opened(3)
    stripe.pay(payment.ref)
    payments.refresh(payment)
    aftersales.refund(order.pk, actor="user:1", lines={"VASE": 1})
    aftersales.refund(order.pk, actor="user:1", lines={"VASE": 1})

    payment_follow_up.send_refunds()
    Refund.objects.update(state=Refund.State.PENDING, tried_at=None)  # as if we had not heard the answers
    payment_follow_up.send_refunds()

    assert list(Refund.objects.values_list("state", flat=True)) == ["done", "done"]
    sent = stripe.refunds(payment.ref)
    assert [refund["amount"] for refund in sent] == [8600, 8600]
    assert {refund["metadata"]["key"] for refund in sent} == {str(refund.id) for refund in Refund.objects.all()}


def test_the_poller_finds_what_no_webhook_told(stripe: LocalStripe) -> None:
    order, payment = opened()
    stripe.pay(payment.ref)

    paying.pass_time(31)
    payment_follow_up.poll()

    assert state(order) == ("placed", "")


def test_an_unknown_payment_is_an_error_that_says_so() -> None:
    with pytest.raises(ProviderAway, match="does not know pi_none"):
        get_provider("stripe").fetch("pi_none")


def test_a_refused_key_is_an_error_for_whoever_runs_the_shop(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STRIPE_SECRET_KEY = "nonsense"

    with pytest.raises(ProviderAway):
        opened()

    assert "Stripe refuses our key" in caplog.text
    assert not Payment.objects.exists()


def test_without_its_key_a_payment_from_before_waits(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(ProviderAway, match="STRIPE_SECRET_KEY is not set"):
        get_provider("stripe").fetch("pi_1")


def test_the_pay_page_carries_the_payments_word_and_lets_stripes_script_in(
    client: Client, stripe: LocalStripe
) -> None:
    order = order_by_page(client)
    answer = client.get(f"/orders/{order.id}/pay/")
    page = client.get(answer["Location"])

    facts = re.search(r'<script id="card" type="application/json">(.*?)</script>', page.content.decode())
    assert facts
    card = orjson.loads(html.unescape(facts[1]))
    payment = Payment.objects.get()
    assert card["secret"] == stripe.intent(payment.ref)["client_secret"]
    assert card["key"] == "pk_test_only_for_tests"
    assert f"/orders/{order.id}/?access=" in card["back"]
    assert "This shop never sees it." in text(page.content.decode())
    policy = page["Content-Security-Policy"]
    assert "frame-src https://js.stripe.com" in policy
    assert re.search(r"script-src [^;]*https://js\.stripe\.com", policy)
    assert "no-store" in page["Cache-Control"]
    for address in ("/", "/checkout/", f"/orders/{order.id}/"):
        assert "stripe" not in client.get(address)["Content-Security-Policy"]


def test_the_pay_page_of_an_order_that_is_over_leads_to_the_order(client: Client) -> None:
    order = order_by_page(client)
    client.get(f"/orders/{order.id}/pay/")
    lifecycle.cancel(order.pk, actor="guest")

    assert client.get(f"/orders/{order.id}/pay/card/")["Location"] == f"/orders/{order.id}/"


def test_the_pay_page_without_a_payment_opens_one(client: Client) -> None:
    order = order_by_page(client)
    assert client.get(f"/orders/{order.id}/pay/card/")["Location"] == f"/orders/{order.id}/pay/"


def test_the_pay_page_of_somebody_else_is_404(client: Client) -> None:
    order, _ = opened()
    assert client.get(f"/orders/{order.id}/pay/card/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(120)
def test_a_webhook_that_stripe_signs_and_sends_pays_the_order(stripe: LocalStripe) -> None:
    environment = {
        "PAYMENT_PROVIDER": "stripe",
        "STRIPE_API_BASE": stripe.url,
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    with running(count=1, **environment) as [shop]:
        stripe.send_webhooks_to(f"{shop}/api/v1/webhooks/payments/stripe")
        order, payment = opened()
        stripe.pay(payment.ref)
        eventually(lambda: state(order) == ("placed", ""), within_s=20)

    event = ProviderEvent.objects.get()
    assert (event.provider, event.kind, event.payment_ref) == ("stripe", "payment_intent.succeeded", payment.ref)
    assert event.outcome == "applied"
    invariants.check()
