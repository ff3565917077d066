"""Placing an order, for the page and the API alike: limits, the cart, and what is kept for the next time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from orders import access, checkout, idempotency, placers, rate_limits
from orders.checkout import OrderRequest, ShippingAddress
from orders.exceptions import CartChanged, EmptyOrder, TooManyOrders
from orders.models import Order
from shop import cart
from shop.models import User
from shop.people import addresses, postal_code


@dataclass(frozen=True)
class Intent:
    """What somebody has asked for. `lines` are (SKU, units); with `is_cart` they are taken out of the cart, and none
    means all that is in it.

    `key` and `body` tell a repeated request from another one (`orders.idempotency`).
    """

    lines: Sequence[tuple[str, int]]
    email: str
    address: ShippingAddress
    key: str
    body: Any
    session: str = ""
    is_cart: bool = False


def place_order(request: HttpRequest, intent: Intent) -> Order:
    """Make the order of whoever asks, and remember where to, for the next time. The same request again is safe.

    Raises a subclass of OrderRefused, or StockBusy (try again).
    """
    key = idempotency.compute(request.user, key=intent.key, body=intent.body)
    if (retry_after_s := rate_limits.spend(request, email=intent.email)) and not idempotency.is_known(key):
        raise TooManyOrders(retry_after_s)
    user = request.user if isinstance(request.user, User) else None
    if user is None and is_browser(request) and not request.session.session_key:
        request.session.create()
    basket = cart.find(request) if intent.is_cart else None
    if intent.is_cart and basket is None and not idempotency.is_known(key):
        raise CartChanged([sku for sku, _ in intent.lines]) if intent.lines else EmptyOrder
    order = checkout.place_order(
        OrderRequest(
            lines=intent.lines,
            email=intent.email,
            address=intent.address,
            buyer_id=user.pk if user else None,
            session=intent.session,
            cart=basket.key if basket else None,
            placed_by=placers.of_browser(request),
            placed_from=placers.of_network(request),
        ),
        key=key,
    )
    _remember(request, user, order, intent.address)
    return order


def is_browser(request: HttpRequest) -> bool:
    """Whether a page of ours asks, so that a guest finds the order on the pages; others spare us a session."""
    return "Sec-Fetch-Site" in request.headers or bool(request.session.session_key) or not _is_call(request)


def _remember(request: HttpRequest, user: User | None, order: Order, address: ShippingAddress) -> None:
    if user:
        addresses.remember(user, **vars(address))
    if not is_browser(request):
        return
    if user is None:
        access.remember(request.session, order)
    postal_code.remember(request, address.postal_code)


def _is_call(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
