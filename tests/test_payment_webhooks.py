"""The provider's webhooks over HTTP: signed, doubled, forged, and when it can't be asked."""

from typing import Any

import orjson
import pytest
from django.test import Client

from orders import checkout, payments
from orders.exceptions import ProviderAway
from orders.models import Order, Payment, ProviderEvent
from orders.providers import sandbox
from tests.support import invariants
from tests.support.factories import make_product, make_request
from tests.support.order_requests import JSON, assert_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment() -> Payment:
    make_product(skus=("VASE",), stock=5)
    return payments.open_payment(checkout.place_order(make_request(("VASE", 2))))


def tell(payment: Payment, *, signature: str | None = None, provider: str = "sandbox", event: str = "evt_1") -> Any:
    event_body = orjson.dumps({"id": event, "type": "payment.succeeded", "payment": payment.ref})
    headers = {sandbox.SIGNATURE_HEADER: sandbox.sign(event_body) if signature is None else signature}
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/api/v1/webhooks/payments/{provider}", event_body, content_type=JSON, headers=headers)


def test_a_signed_webhook_pays_the_order_and_its_double_changes_nothing(payment: Payment) -> None:
    sandbox.answer(payment.ref, approve=True)

    answers = [tell(payment) for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert Order.objects.get().state == "placed"
    assert ProviderEvent.objects.count() == 1
    invariants.check()


def test_a_forged_webhook_is_refused(payment: Payment) -> None:
    sandbox.answer(payment.ref, approve=True)

    assert_problem(tell(payment, signature="t=1,v1=abc"), 403, "bad_signature")

    assert Order.objects.get().state == "created"
    assert not ProviderEvent.objects.exists()


def test_a_provider_that_we_do_not_have_is_404(payment: Payment) -> None:
    assert_problem(tell(payment, provider="piggybank"), 404, "not_found")


def test_a_webhook_that_could_not_be_checked_is_asked_for_again(
    payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.answer(payment.ref, approve=True)

    def away(*args: object, **kwargs: object) -> None:
        raise ProviderAway("timed out")

    monkeypatch.setattr(sandbox.Sandbox, "fetch", away)
    answer = tell(payment)

    assert_problem(answer, 503, "provider_away")
    assert int(answer["Retry-After"]) > 0
    assert not ProviderEvent.objects.exists()
    monkeypatch.undo()
    assert tell(payment).status_code == 204
    assert Order.objects.get().state == "placed"


def test_a_wrong_credential_does_not_keep_a_webhook_out(payment: Payment) -> None:
    sandbox.answer(payment.ref, approve=True)
    event_body = orjson.dumps({"id": "evt_1", "type": "payment.succeeded", "payment": payment.ref})
    headers = {sandbox.SIGNATURE_HEADER: sandbox.sign(event_body), "Authorization": "Token nobody"}

    answer = Client().post("/api/v1/webhooks/payments/sandbox", event_body, content_type=JSON, headers=headers)

    assert answer.status_code == 204
