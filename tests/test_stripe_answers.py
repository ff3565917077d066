"""The Stripe adapter against what localstripe lacks: idempotency keys, refusals, silence, refunds that fail."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import stripe as library
from django.test import Client
from pytest_django import Settings

from orders import payment_follow_up, payments
from orders.checkout import place_order
from orders.exceptions import BadSignature, ProviderAway, ProviderRefused, ProviderSilent
from orders.models import Order, Payment, ProviderEvent, Refund
from orders.providers import get_provider
from orders.providers import stripe as adapter
from shop.models import AuditEntry, OutboxEvent
from tests.support import stripe_stand_ins
from tests.support.buying import order_by_page, text
from tests.support.factories import make_product, make_request
from tests.support.sent_messages import hand_on, told
from tests.support.stripe_stand_ins import WEBHOOK_SECRET, Answers, error, intent, listed

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

CREATE = "POST /v1/payment_intents"
RETRIEVE = "GET /v1/payment_intents/pi_1"
CANCEL = "POST /v1/payment_intents/pi_1/cancel"
REFUNDS = "GET /v1/refunds"
REFUND = "POST /v1/refunds"


@pytest.fixture
def answers() -> Iterator[Answers]:
    with stripe_stand_ins.prepared_answers() as server:
        yield server


@pytest.fixture(autouse=True)
def shop(answers: Answers, settings: Settings) -> None:
    stripe_stand_ins.use(settings, answers.url)
    make_product(skus=("VASE",), price_minor=8600, stock=5)
    answers.say(CREATE, (200, intent()))
    answers.say(RETRIEVE, (200, intent()))


def opened() -> tuple[Order, Payment]:
    order = place_order(make_request(("VASE", 1)))
    return order, payments.open_payment(order)


def paid(answers: Answers) -> tuple[Order, Payment]:
    order, payment = opened()
    answers.say(RETRIEVE, (200, intent(status="succeeded", amount_received=8600)))
    payments.refresh(payment)
    order.refresh_from_db()
    assert order.state == "placed"
    return order, payment


def open_anything(**changed: Any) -> Any:
    wanted: dict[str, Any] = {"amount_minor": 8600, "currency": "USD", "description": "Order SF-1", **changed}
    return get_provider("stripe").open(key="key-1", return_url="http://x/", form_url="http://x/card/", **wanted)


def signed(kind: str, thing: dict[str, Any], *, event: str = "evt_1", at: int | None = None) -> tuple[str, bytes]:
    body = orjson.dumps({"id": event, "object": "event", "type": kind, "data": {"object": thing}})
    return library.WebhookSignature.generate_signature_header(body.decode(), WEBHOOK_SECRET, at), body


def receive(signature: str, body: bytes) -> str:
    return payments.receive("stripe", {"Stripe-Signature": signature}, body)


def test_a_payment_is_asked_for_with_its_key_and_a_pinned_version(answers: Answers) -> None:
    order, payment = opened()

    asked = answers.asked[0]
    assert asked.headers["Idempotency-Key"] == str(payment.pk)
    assert asked.headers["Stripe-Version"] == adapter.API_VERSION
    assert asked.data == {
        "amount": "8600",
        "currency": "usd",
        "payment_method_types[0]": "card",
        "metadata[order]": f"Order {order.number}",
        "metadata[key]": str(payment.pk),
    }


def test_an_opening_whose_answer_was_lost_is_asked_for_again_with_the_same_key(answers: Answers) -> None:
    answers.say(CREATE, (500, error("api_error", "Something broke", "api_error")), (200, intent()))
    order = place_order(make_request(("VASE", 1)))

    with pytest.raises(ProviderSilent):
        payments.open_payment(order)
    assert not Payment.objects.exists()
    payment = payments.open_payment(order)

    keys = [asked.headers["Idempotency-Key"] for asked in answers.asked]
    assert keys == [str(payment.pk)] * 2
    assert Payment.objects.count() == 1


def test_a_second_card_succeeds_on_the_same_payment(answers: Answers) -> None:
    order, payment = opened()
    declined = {"code": "card_declined", "message": "Your card was declined."}
    answers.say(
        RETRIEVE,
        (200, intent(last_payment_error=declined)),
        (200, intent(status="processing")),
        (200, intent(status="requires_action")),
        (200, intent(status="succeeded", amount_received=8600)),
    )

    for expected in ("created", "created", "created", "placed"):
        payments.refresh(payment)
        order.refresh_from_db()
        assert order.state == expected


def test_what_was_received_counts_not_what_was_asked(answers: Answers) -> None:
    order, payment = opened()
    answers.say(RETRIEVE, (200, intent(status="succeeded", amount_received=8000)))

    payments.refresh(payment)

    order.refresh_from_db()
    assert order.state == "created"
    assert (Refund.objects.get().amount_minor, Refund.objects.get().reason) == (8000, "wrong_money")


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ((429, error("rate_limit", "Too many requests")), ProviderSilent),
        ((500, error("api_error", "Broken", "api_error")), ProviderSilent),
        ((503, b"<html>Bad gateway</html>"), ProviderSilent),
        ((409, error("idempotency_key_in_use", "Another request runs", "idempotency_error")), ProviderAway),
        ((401, error("api_key_expired", "Expired")), ProviderAway),
        ((403, error("more_permissions_required", "Not allowed")), ProviderAway),
        ((400, error("amount_too_small", "At least 50 cents")), ProviderRefused),
        ((402, error("card_declined", "Declined", "card_error")), ProviderRefused),
        ((200, b"nonsense"), ProviderAway),
    ],
)
def test_what_stripe_answers_tells_whether_trying_again_helps(
    answers: Answers, answer: tuple[int, Any], raised: type[Exception]
) -> None:
    answers.say(CREATE, answer)

    with pytest.raises(raised) as caught:
        open_anything()

    assert type(caught.value) is raised


def test_a_stripe_that_hangs_is_waited_for_only_so_long(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "ANSWER_TIMEOUT_S", 0.2)
    adapter._client_for.cache_clear()
    answers.say(RETRIEVE, None)

    began = time.monotonic()
    with pytest.raises(ProviderSilent):
        get_provider("stripe").fetch("pi_1")
    with pytest.raises(ProviderSilent):
        get_provider("stripe").fetch("pi_1")
    with pytest.raises(ProviderSilent, match="answered nobody a moment ago"):
        get_provider("stripe").fetch("pi_1")

    assert time.monotonic() - began < adapter.CONNECT_TIMEOUT_S
    assert len(answers.asked) == 2
    adapter._client_for.cache_clear()


def test_a_stripe_that_can_not_be_reached_is_said(settings: Settings) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(ProviderSilent):
            get_provider("stripe").fetch("pi_1")


def test_closing_what_was_paid_is_no_error_and_the_money_is_found(answers: Answers) -> None:
    order, payment = opened()
    answers.say(CANCEL, (400, error("payment_intent_unexpected_state", "It is succeeded")))
    answers.say(RETRIEVE, (200, intent(status="succeeded", amount_received=8600)))

    get_provider("stripe").close("pi_1")
    payments.refresh(payment)

    order.refresh_from_db()
    assert order.state == "placed"


def test_a_refund_looks_for_itself_before_it_is_sent(answers: Answers) -> None:
    paid(answers)
    answers.say(
        REFUNDS, (200, listed(stripe_stand_ins.refund("another"))), (200, listed(stripe_stand_ins.refund("mine")))
    )
    answers.say(REFUND, (200, stripe_stand_ins.refund("mine")))
    provider = get_provider("stripe")

    assert provider.refund("pi_1", key="mine", amount_minor=8600, currency="USD").state == "done"
    assert provider.refund("pi_1", key="mine", amount_minor=8600, currency="USD").state == "done"

    sent = [asked for asked in answers.asked if (asked.method, asked.path) == ("POST", "/v1/refunds")]
    assert [asked.headers["Idempotency-Key"] for asked in sent] == ["mine"]
    assert sent[0].data == {"payment_intent": "pi_1", "amount": "8600", "metadata[key]": "mine"}


def test_a_refund_that_is_under_way_is_asked_about_again(answers: Answers) -> None:
    order, _ = paid(answers)
    owed = Refund.objects.create(payment=order.payments.get(), amount_minor=8600, reason="test")
    answers.say(REFUNDS, (200, listed()), (200, listed(stripe_stand_ins.refund(owed.key))))
    answers.say(REFUND, (200, stripe_stand_ins.refund(owed.key, status="pending")))

    payment_follow_up.send_refunds()
    owed.refresh_from_db()
    assert (owed.state, owed.done_at) == ("pending", None)
    assert payment_follow_up.send_refunds() == 0
    Refund.objects.update(tried_at=None)
    payment_follow_up.send_refunds()

    owed.refresh_from_db()
    assert owed.state == "done"
    assert OutboxEvent.objects.filter(topic="refund.sent").count() == 1


@pytest.mark.parametrize(
    "answer",
    [
        (400, error("charge_already_refunded", "Charge ch_1 has already been refunded.")),
        (200, stripe_stand_ins.refund("x", status="failed", failure_reason="expired_or_canceled_card")),
    ],
)
def test_a_refund_that_is_refused_for_good_waits_for_a_person(
    answers: Answers, answer: tuple[int, Any], caplog: pytest.LogCaptureFixture
) -> None:
    order, payment = paid(answers)
    owed = Refund.objects.create(payment=payment, amount_minor=8600, reason="test")
    answers.say(REFUNDS, (200, listed()))
    answers.say(REFUND, answer)

    payment_follow_up.send_refunds()

    owed.refresh_from_db()
    assert owed.state == "failed"
    assert owed.failure in {"Charge ch_1 has already been refunded.", "expired_or_canceled_card"}
    assert "was refused" in caplog.text
    assert AuditEntry.objects.get(action="refund_refused").subject == order.holder
    assert OutboxEvent.objects.get(topic="refund.refused").subject == order.holder
    assert payment_follow_up.send_refunds() == 0


def test_a_refund_that_fails_days_later_is_noticed_by_its_webhook(answers: Answers) -> None:
    order, payment = paid(answers)
    owed = Refund.objects.create(payment=payment, amount_minor=8600, reason="test")
    failed = stripe_stand_ins.refund(owed.key, status="failed", failure_reason="declined")
    answers.say(REFUNDS, (200, listed()), (200, listed(failed)))
    answers.say(REFUND, (200, stripe_stand_ins.refund(owed.key)))
    payment_follow_up.send_refunds()
    owed.refresh_from_db()
    assert owed.state == "done"

    assert receive(*signed("refund.failed", failed)) == "applied"

    owed.refresh_from_db()
    assert (owed.state, owed.failure, owed.done_at) == ("failed", "declined", None)
    assert ProviderEvent.objects.get().payment_ref == "pi_1"
    order.refresh_from_db()
    assert order.state == "placed"


@pytest.mark.parametrize(
    ("currency", "ours", "theirs"),
    [("USD", 1999, 1999), ("JPY", 1999, 1999), ("ISK", 1999, 199900), ("KWD", 1990, 1990)],
)
def test_amounts_are_written_as_stripe_counts_them(answers: Answers, currency: str, ours: int, theirs: int) -> None:
    open_anything(amount_minor=ours, currency=currency)
    paid_intent = intent(amount=theirs, amount_received=theirs, currency=currency.lower(), status="succeeded")
    answers.say(RETRIEVE, (200, paid_intent))

    fetched = get_provider("stripe").fetch("pi_1")

    assert answers.asked[0].data["amount"] == str(theirs)
    assert (fetched.amount_minor, fetched.currency) == (ours, currency)


def test_a_signed_webhook_only_makes_us_fetch(answers: Answers) -> None:
    order, _ = opened()

    assert receive(*signed("payment_intent.succeeded", intent(status="succeeded", amount_received=8600))) == "applied"

    order.refresh_from_db()
    assert order.state == "created"  # for that is what Stripe says when it is asked


@pytest.mark.parametrize(
    "thing",
    [
        intent(),
        {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"},
        stripe_stand_ins.refund("x"),
        {"object": "dispute", "id": "dp_1", "payment_intent": "pi_1"},
    ],
)
def test_a_webhook_about_a_payments_charge_is_about_the_payment(thing: dict[str, Any]) -> None:
    signature, body = signed("some.thing", thing)
    assert get_provider("stripe").parse_event({"Stripe-Signature": signature}, body).ref == "pi_1"


def test_a_webhook_about_something_else_is_stored_and_does_nothing(answers: Answers) -> None:
    signature, body = signed("customer.created", {"object": "customer", "id": "cus_1"})
    assert receive(signature, body) == "unknown payment"
    assert answers.asked == []


def test_while_a_secret_is_changed_either_signature_is_taken() -> None:
    signature, body = signed("payment_intent.succeeded", intent())
    other = "0" * 64
    assert receive(signature.replace(",v1=", f",v1={other},v1="), body) == "unknown payment"


@pytest.mark.parametrize("spoilt", ["", "t=1,v1=abc", "nonsense", "v1=abc", "t=x,v1=abc"])
def test_a_wrong_signature_is_refused(spoilt: str) -> None:
    _, body = signed("payment_intent.succeeded", intent())
    with pytest.raises(BadSignature):
        receive(spoilt, body)
    assert not ProviderEvent.objects.exists()


def test_an_old_signature_is_refused() -> None:
    with pytest.raises(BadSignature, match="tolerance"):
        receive(*signed("payment_intent.succeeded", intent(), at=int(time.time()) - 301))


def test_a_signature_for_another_body_is_refused() -> None:
    signature, body = signed("payment_intent.succeeded", intent())
    with pytest.raises(BadSignature):
        receive(signature, body.replace(b"pi_1", b"pi_2"))


def test_without_a_secret_every_webhook_is_refused(settings: Settings) -> None:
    signature, body = signed("payment_intent.succeeded", intent())
    settings.STRIPE_WEBHOOK_SECRET = ""
    with pytest.raises(BadSignature):
        receive(signature, body)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": "evt_1", "type": "x", "data": []}'])
def test_what_is_signed_but_no_event_is_refused(body: bytes) -> None:
    signature = library.WebhookSignature.generate_signature_header(body.decode(), WEBHOOK_SECRET)
    with pytest.raises(BadSignature, match="not an event"):
        receive(signature, body)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadSignature):
        receive("t=1,v1=abc", b"\xff\xfe")


def test_an_amount_that_stripe_will_not_take_is_said_to_the_buyer(answers: Answers, client: Client) -> None:
    answers.say(CREATE, (400, error("amount_too_small", "At least 50 cents")))
    order = order_by_page(client)

    answer = client.get(f"/orders/{order.id}/pay/")

    assert answer.status_code == 502
    assert "This order can't be paid this way" in text(answer.content.decode())
    assert not Payment.objects.exists()
    # And to the shop, once.
    answers.say(CREATE, (400, error("amount_too_small", "At least 50 cents")))
    assert client.get(f"/orders/{order.id}/pay/").status_code == 502
    hand_on()

    [entry] = AuditEntry.objects.filter(subject=order.holder, action="payment_refused")
    assert (entry.actor, entry.reason) == ("provider:stripe", "At least 50 cents")
    assert [(kind, title) for kind, title, _text in told("seller")] == [
        ("seller.payment_refused", f"Order {order.number} can't be paid")
    ]
    assert told("guest") == []


def test_a_pay_page_whose_word_can_not_be_had_offers_to_try_again(answers: Answers, client: Client) -> None:
    order = order_by_page(client)
    address = client.get(f"/orders/{order.id}/pay/")["Location"]
    answers.say(RETRIEVE, (500, error("api_error", "Broken", "api_error")))

    answer = client.get(address)

    assert answer.status_code == 503
    assert "Try again" in text(answer.content.decode())
