"""What the admin shows of an order, archived or not, and who its buyer is to be erased by."""

import uuid

from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from orders import reading
from orders.models import Order, OrderFacts
from shop.models import User
from shop.money import format_minor
from shop.people.erasure_admin import ErasesPerson

STATE_COLOURS = {
    Order.State.CREATED.label: "warning",
    Order.State.PLACED.label: "success",
    Order.State.IN_TRANSIT.label: "info",
    Order.State.DELIVERED.label: "success",
    Order.State.CANCELLED.label: "danger",
}


class OrderColumns:
    """Its state, total and number, in words."""

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, order: OrderFacts) -> str:
        return str(Order.State(order.state).label)

    @display(description=_("total"), ordering="total_minor")
    def total(self, order: OrderFacts) -> str:
        return format_minor(order.total_minor, order.currency)

    @display(description=_("number"), ordering="number_seq")
    def number(self, order: OrderFacts) -> str:
        return order.number


class ErasesBuyer(ErasesPerson):
    """Erases whoever bought: the account, or a guest's address."""

    def email_of(self, object_id: str) -> str:
        try:
            order = reading.get_order(uuid.UUID(object_id))
        except (ValueError, Order.DoesNotExist):
            return ""
        buyer = User.objects.filter(pk=order.buyer_id).first() if order.buyer_id else None
        return buyer.email if buyer else order.email
