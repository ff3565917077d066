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
class Missing:
    """What is not sold (any more); `name` as the shopper saw it, or empty."""

    sku: str
    name: str


@dataclass(frozen=True)
class OrderPreview:
    """`missing` are those that are not sold (any more)."""

    lines: Sequence[Line] = ()
    missing: Sequence[Missing] = ()

    @property
    def pairs(self) -> list[tuple[str, int]]:
        return [(line.variant.sku, line.quantity) for line in self.lines]

    @property
    def as_json(self) -> str:
        """What a form carries, so that what was seen is what is ordered."""
        return orjson.dumps(dict(self.pairs)).decode()

    @property
    def names_as_json(self) -> str:
        return orjson.dumps({line.variant.sku: str(line.variant) for line in self.lines}).decode()

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
    def totals(self) -> dict[str, int]:
        """The sum of each currency: they can't be added up."""
        sums: dict[str, int] = {}
        for line in self.lines:
            sums[line.variant.currency] = sums.get(line.variant.currency, 0) + line.amount_minor
        return sums

    @property
    def is_mixed(self) -> bool:
        return len(self.totals) > 1

    @property
    def shortages(self) -> list[Line]:
        return [line for line in self.lines if line.is_short]

    @property
    def left(self) -> "OrderPreview":
        """The same, with no more of each than there is."""
        kept = (replace(line, quantity=min(line.quantity, line.available)) for line in self.lines)
        return OrderPreview([line for line in kept if line.quantity > 0])

    def with_shortages(self, shortages: Iterable[Shortage]) -> "OrderPreview":
        """Correct what is available by what an order was refused for."""
        known = {shortage.sku: shortage.available for shortage in shortages}
        return replace(
            self, lines=[replace(line, available=known.get(line.variant.sku, line.available)) for line in self.lines]
        )


def read(units: Mapping[str, int], *, names: Mapping[str, str] | None = None) -> OrderPreview:
    """Look up SKUs and how many units of each are wanted; three queries, however many.

    `names` are those that whoever asks has seen already: a SKU that is not sold is called by them alone, for what it
    is called inside the shop may not be public yet.
    """
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
    return OrderPreview(lines, [Missing(sku, (names or {}).get(sku, "")) for sku in units if sku not in variants])


def read_cart(request: HttpRequest, *, currency: str = "") -> OrderPreview:
    """Look up what is in the cart of whoever asks, the first put in first; of one currency, if it is said."""
    basket = cart.find(request)
    lines = [line for line in cart.lines(basket) if currency in ("", line.variant.currency)] if basket else []
    names = {line.variant.sku: str(line.variant) for line in lines}
    return read({line.variant.sku: line.quantity for line in lines}, names=names)


def of_order(order: Order) -> dict[str, int]:
    """Return what was ordered before, to order it again."""
    return {line.sku: line.quantity for line in order.lines.all()}
