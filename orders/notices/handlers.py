"""From the outbox to the people and systems that want to know; in the drain's transaction, and sending nothing."""

import uuid
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import prefetch_related_objects

from orders import reading
from orders.archive import thawing
from orders.models import Order
from orders.notices import texts
from orders.notices.texts import Told
from shop import outbox
from shop.models import OutboxEvent
from shop.notifications import notices
from shop.webhooks import deliveries

FOR_STAFF = {"payment.denied", "payment.refused"}
FOR_SYSTEMS_ALONE = {"order.created", "order.returned", "refund.sent"}
"""A rush writes thousands of these, which say nothing to people."""


@outbox.handles(*deliveries.TOPICS, *FOR_STAFF)
def spread(event: OutboxEvent) -> None:
    """Write the notices and deliveries of one event; a buyer who was erased since is told nothing."""
    endpoints = list(deliveries.list_endpoints(event.topic)) if event.topic in deliveries.TOPICS else []
    if event.topic in FOR_SYSTEMS_ALONE and not endpoints:
        return
    thawing.keep_erasures_away()
    try:
        order = reading.get_order(uuid.UUID(event.subject.partition(":")[2]))
    except Order.DoesNotExist:
        return
    prefetch_related_objects([order], "lines", "buyer")
    told = Told(event, order)
    occasion = f"outbox:{event.pk}"
    if not order.is_erased and (news := texts.for_buyer(told)):
        notices.tell(occasion, news, user=order.buyer, email=order.email, is_typed=_is_typed(order))
    if news := texts.for_seller(told):
        notices.tell_seller(occasion, news)
    if endpoints:
        deliveries.queue(endpoints, occasion, event.topic, at=event.created_at, data=facts(told))


def _is_typed(order: Order) -> bool:
    """Whether nothing but somebody's word says that the address is theirs: no money came, and it was not confirmed."""
    if order.placed_at is not None:
        return False
    confirmed = EmailAddress.objects.filter(user=order.buyer_id, email__iexact=order.email, verified=True)
    return not (order.buyer_id and confirmed.exists())


def facts(told: Told) -> dict[str, Any]:
    """Return what other systems are told of an order: ids and figures, nothing about a person."""
    order = told.order
    topic, _, state = told.event.topic.partition(".")
    data = {
        "id": str(order.pk),
        "number": order.number,
        # What the event made of it; the order may have moved on since.
        "state": state if topic == "order" and state in Order.State.values else str(order.state),
        "cancel_reason": told["cancel_reason"] or "",
        "total_minor": order.total_minor,
        "currency": order.currency,
        "session": order.session,
        "lines": [
            {"sku": line.sku, "quantity": line.quantity, "unit_price_minor": line.unit_price_minor}
            for line in order.lines.all()
        ],
    }
    if refund_minor := told["refund_minor"] or told["amount_minor"]:
        data["refund_minor"] = refund_minor
        data["refund_currency"] = told.refund_currency
    if units := told["lines"]:
        data["units"] = units
    return data
