"""Orders that something happens to, as notices and webhooks hear of it: through the table and the outbox."""

import uuid

from django.db import transaction

from orders.checkout import place_order
from orders.lifecycle import Event, advance
from orders.locks import lock_order
from orders.models import Order, Payment
from shop import outbox
from shop.models import Notice, User, Variant
from tests.support.factories import make_product, make_request


def an_order(*, buyer: User | None = None, quantity: int = 1) -> Order:
    """Place an order of a vase at $86.00, and have what it says of itself handed on."""
    if not Variant.objects.filter(sku="VASE").exists():
        make_product("Rust vase", skus=("VASE",), price_minor=8600, stock=50)
    order = place_order(make_request(("VASE", quantity), buyer=buyer))
    hand_on()
    return order


def a_payment(order: Order, *, state: str = Payment.State.SUCCEEDED) -> Payment:
    """Write down a payment of the whole order, as a provider's word has it."""
    return Payment.objects.create(
        order=order,
        provider="sandbox",
        ref=uuid.uuid4().hex,
        url="https://provider.example/pay",
        state=state,
        amount_minor=order.total_minor,
        currency=order.currency,
        paid_minor=order.total_minor,
        paid_currency=order.currency,
    )


def happens(order: Order, event: Event, *, payment: Payment | None = None) -> None:
    """Apply an event of the table to an order, and hand the news on."""
    with transaction.atomic():
        advance([lock_order(order.pk)], event, actor="provider:sandbox", payment=payment)
    hand_on()


def is_paid(order: Order) -> Payment:
    payment = a_payment(order)
    happens(order, Event.PAID, payment=payment)
    return payment


def hand_on() -> None:
    while outbox.drain():
        pass


def told(recipient: str) -> list[tuple[str, str, str]]:
    """Return (kind, title, text) of what a recipient was told, the oldest first."""
    found = Notice.objects.filter(recipient=recipient).order_by("created_at", "occasion")
    return list(found.values_list("kind", "title", "text"))
