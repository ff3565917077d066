"""Why an order, or a change of one, is refused. The data says what the answer needs; the views write the words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.reservations import Shortage

if TYPE_CHECKING:
    from orders.models import Order


class OrdersError(Exception):
    """Base of this app's errors."""


class OrderRefused(OrdersError):
    """No order was made and nothing was changed."""


@dataclass
class TooManyOrders(OrderRefused):
    """So many orders in so short a time; trying again helps after `retry_after_s`."""

    retry_after_s: int


@dataclass
class CartChanged(OrderRefused):
    """The cart does not hold these (any more): another order took them, or its owner did."""

    skus: Sequence[str]


class EmptyOrder(OrderRefused):
    """There were no lines."""


@dataclass
class OrderChanged(OrdersError):
    """The order is not any more as the person who decides has seen it. Nothing was done; look again."""

    order: "Order"


@dataclass
class UnknownSku(OrderRefused):
    """These SKUs are not sold (any more)."""

    skus: Sequence[str]


@dataclass
class MixedCurrencies(OrderRefused):
    """One order has one currency."""

    currencies: Sequence[str]


@dataclass
class InsufficientStock(OrderRefused):
    """Not enough of every line; each short line is named."""

    shortages: Sequence[Shortage]


@dataclass
class Undeliverable(OrderRefused):
    """No warehouse sends to this postal code."""

    postal_code: str
    country: str


@dataclass
class OverCap(OrderRefused):
    """One buyer may have at most `cap` units of this product, over all their orders.

    `already` is for the account's own eyes; None for those who can't be known for sure.
    """

    sku: str
    cap: int
    already: int | None


@dataclass
class TooManyUnpaid(OrderRefused):
    """At most so many units of a SKU are held unpaid for one buyer (`is_own`), or for one network."""

    sku: str
    most: int
    is_own: bool


class IdempotencyMismatch(OrderRefused):
    """The key was used for another request."""


class IdempotencyInProgress(OrderRefused):
    """The first request with this key still runs; trying again helps."""


@dataclass
class TransitionRefused(OrdersError):
    """An order in this state can't do that."""

    state: str
    event: str


@dataclass
class TooManyUnits(OrdersError):
    """More units of a line than can still be paid back or returned, or none at all."""

    sku: str
    asked: int
    left: int


class ProviderAway(OrdersError):
    """The payment provider did not answer, or not in its right mind; trying again helps."""


class ProviderSilent(ProviderAway):
    """The payment provider answers nobody just now: asking it about something else is no help either."""


class ProviderRefused(OrdersError):
    """The payment provider will not do that; trying again is no help."""


class BadSignature(OrdersError):
    """A message that claims to be a provider's is not."""


class CursorRefused(OrdersError):
    """A cursor of a list that is not one of ours."""
