"""Who may see an order: its buyer, and whoever holds the word that was given to the guest."""

import hmac
import uuid

from django.utils.crypto import salted_hmac

from orders import reading
from orders.models import Order
from shop.models import User


def token(order: Order) -> str:
    """Return the word that opens a guest's order (the API's `access`)."""
    return salted_hmac("orders.access", str(order.id), algorithm="sha256").hexdigest()


def find_order(order_id: uuid.UUID, *, user: User | None = None, access: str = "", is_known: bool = False) -> Order:
    """Return an order, archived or not, to those who may see it; `is_known`: it was made in the browser that asks.

    Raises Order.DoesNotExist for anybody else, and for one whose buyer was erased, as if there were none.
    """
    order = reading.get_order(order_id)
    is_buyer = user is not None and order.buyer_id == user.pk
    has_word = hmac.compare_digest(access.encode(), token(order).encode())
    if order.is_erased or not (is_buyer or has_word or is_known):
        raise Order.DoesNotExist
    return order
