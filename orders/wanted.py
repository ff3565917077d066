"""What somebody is about to order, with the prices and numbers of this moment. Nothing is held by looking at it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
from django.http import HttpRequest

from inventory import availability
from inventory.reservations import Shortage
from orders.models import Order
from shop import cart
from shop.models import ProductPicture, Variant
from shop.text import is_text


@dataclass(frozen=True)
class Line:
    """Units of one variant. `available` is what may be sold of it, as far as is known."""

    variant: Variant
    quantity: int
    available: int

    @property
    def is_short(self) -> bool:
        return self.available < self.quantity

    @property
    def amount_minor(self) -> int:
        return self.quantity * self.variant.price_minor

    @property
    def picture(self) -> ProductPicture | None:
        return cart.picture_of(self.variant)


@dataclass(frozen=True)
class Wanted:
    """`missing` are SKUs that are not sold (any more)."""

    lines: Sequence[Line] = ()
    missing: Sequence[str] = ()

    @property
    def pairs(self) -> list[tuple[str, int]]:
        return [(line.variant.sku, line.quantity) for line in self.lines]

    @property
    def as_json(self) -> str:
        """What a form carries, so that what was seen is what is ordered."""
        return orjson.dumps(dict(self.pairs)).decode()

    @property
    def skus(self) -> list[str]:
        return [line.variant.sku for line in self.lines]

    @property
    def total_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    @property
    def currency(self) -> str:
        return self.lines[0].variant.currency if self.lines else ""

    @property
    def shortages(self) -> list[Line]:
        return [line for line in self.lines if line.is_short]

    @property
    def left(self) -> "Wanted":
        """The same, with no more of each than there is."""
        kept = (replace(line, quantity=min(line.quantity, line.available)) for line in self.lines)
        return Wanted([line for line in kept if line.quantity > 0])

    def with_shortages(self, shortages: Iterable[Shortage]) -> "Wanted":
        """Correct what is available by what an order was refused for."""
        known = {shortage.sku: shortage.available for shortage in shortages}
        return replace(
            self, lines=[replace(line, available=known.get(line.variant.sku, line.available)) for line in self.lines]
        )


def read(units: Mapping[str, int]) -> Wanted:
    """Look up SKUs and how many units of each are wanted; three queries, however many."""
    found = (
        Variant.objects.filter(sku__in=filter(is_text, units), is_active=True, product__is_active=True)
        .select_related("product", "picture")
        .prefetch_related("product__pictures")
    )
    variants = {variant.sku: variant for variant in found}
    known = availability.read(variants)
    lines = [
        Line(variants[sku], quantity, known[sku].available if sku in known else 0)
        for sku, quantity in units.items()
        if sku in variants
    ]
    return Wanted(lines, [sku for sku in units if sku not in variants])


def of_cart(request: HttpRequest) -> dict[str, int]:
    """Return the SKUs and units in the cart of whoever asks, the first put in first."""
    basket = cart.find(request)
    return {line.variant.sku: line.quantity for line in cart.lines(basket)} if basket else {}


def of_order(order: Order) -> dict[str, int]:
    """Return what was ordered before, to order it again."""
    return {line.sku: line.quantity for line in order.lines.all()}


def empty_cart(request: HttpRequest, order: Order) -> None:
    """Take what was ordered out of the cart of whoever asks; what changed there since stays. Twice is safe."""
    basket = cart.find(request)
    if basket is None:
        return
    ordered = of_order(order)
    taken = [line.variant.sku for line in cart.lines(basket) if ordered.get(line.variant.sku, 0) == line.quantity]
    cart.remove(basket, taken)
