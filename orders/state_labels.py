"""What the states of an order are called, and what they mean for the buyer's things."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from orders.models import Order

State = Order.State
Reason = Order.CancelReason


@dataclass(frozen=True)
class Words:
    """A short name, its tone (a badge's), a heading, and a sentence about the things."""

    name: str | Promise
    tone: str
    heading: str | Promise
    things: str | Promise


STATES: dict[str, Words] = {
    State.CREATED: Words(
        gettext_lazy("Awaiting payment"),
        "held",
        gettext_lazy("Held for you"),
        gettext_lazy("Nobody else can buy them."),
    ),
    State.PLACED: Words(
        gettext_lazy("Paid"),
        "won",
        gettext_lazy("Thank you, it is yours"),
        gettext_lazy("The payment went through, and we are packing your things."),
    ),
    State.IN_TRANSIT: Words(
        gettext_lazy("On its way"), "won", gettext_lazy("On its way"), gettext_lazy("The parcel has left us.")
    ),
    State.DELIVERED: Words(
        gettext_lazy("Delivered"), "line", gettext_lazy("Delivered"), gettext_lazy("The parcel has arrived.")
    ),
}

CANCELLED: dict[str, Words] = {
    Reason.EXPIRED: Words(
        gettext_lazy("Not paid in time"),
        "line",
        gettext_lazy("The time ran out"),
        gettext_lazy("The things went back to the shelf."),
    ),
    Reason.PAYMENT_FAILED: Words(
        gettext_lazy("Payment declined"),
        "line",
        gettext_lazy("The payment was declined"),
        gettext_lazy("The things went back to the shelf."),
    ),
    Reason.BY_BUYER: Words(
        gettext_lazy("Cancelled"),
        "line",
        gettext_lazy("You cancelled this order"),
        gettext_lazy("The things went back to the shelf."),
    ),
    Reason.BY_STAFF: Words(
        gettext_lazy("Cancelled by the shop"),
        "line",
        gettext_lazy("The shop cancelled this order"),
        gettext_lazy("It could not be sent."),
    ),
}


def of(order: Order) -> Words:
    if order.state == State.CANCELLED:
        return CANCELLED[order.cancel_reason]
    return STATES[order.state]
