"""The sandbox provider's webhooks: signed, doubled, forged, late."""

import time

import orjson
import pytest

from orders import payments
from orders.checkout import place_order
from orders.exceptions import BadSignature
from orders.models import Order, Payment, ProviderEvent
from orders.providers import get_provider, sandbox
from orders.providers.sandbox import SIGNATURE_HEADER, sign
from tests.support import invariants
from tests.support.factories import make_product, make_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment() -> Payment:
    make_product(skus=("VASE",), stock=5)
    return payments.open_payment(place_order(make_request(("VASE", 2))))


def webhook(ref: str, event_id: str = "evt_1") -> bytes:
    return orjson.dumps({"id": event_id, "type": "payment.succeeded", "payment": ref})


def send(body: bytes, signature: str | None = None) -> str:
    return payments.receive("sandbox", {SIGNATURE_HEADER: sign(body) if signature is None else signature}, body)


def test_a_webhook_twice_has_one_effect(payment: Payment) -> None:
    sandbox.answer(payment.ref, approve=True)

    assert send(webhook(payment.ref)) == "applied"
    assert send(webhook(payment.ref)) == "duplicate"
    assert send(webhook(payment.ref, "evt_2")) == "applied"

    assert Order.objects.get().state == "placed"
    assert ProviderEvent.objects.count() == 2
    invariants.check()


def test_what_a_webhook_says_is_not_believed_but_fetched(payment: Payment) -> None:
    assert send(webhook(payment.ref)) == "applied"

    assert Order.objects.get().state == "created"


@pytest.mark.parametrize("signature", ["", "nonsense", "t=1,v1=abc", "t=x,v1=", "v1=ä"])
def test_a_forged_webhook_is_refused_and_leaves_no_trace(payment: Payment, signature: str) -> None:
    sandbox.answer(payment.ref, approve=True)

    with pytest.raises(BadSignature):
        send(webhook(payment.ref), signature)

    assert not ProviderEvent.objects.exists()
    assert Order.objects.get().state == "created"


def test_an_old_signature_is_refused(payment: Payment) -> None:
    body = webhook(payment.ref)
    with pytest.raises(BadSignature, match="too old"):
        send(body, sign(body, at=int(time.time()) - 600))


def test_a_signed_webhook_that_is_no_event_is_refused() -> None:
    for body in (b"", b"{}", b"[1]", b"\xff"):
        with pytest.raises(BadSignature):
            send(body)


def test_a_webhook_for_an_unknown_payment_is_stored() -> None:
    assert send(webhook("sbx_none")) == "unknown payment"
    assert ProviderEvent.objects.get().outcome == "unknown payment"


def test_a_payment_is_answered_once(payment: Payment) -> None:
    assert sandbox.answer(payment.ref, approve=False).state == "failed"
    assert sandbox.answer(payment.ref, approve=True).state == "failed"


def test_an_unknown_provider_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        get_provider("none")
