"""What a person would like to have one day."""

from collections.abc import Iterable
from dataclasses import dataclass

from inventory import availability
from shop.cart import get_variant, picture_of
from shop.models import ProductPicture, User, WishlistItem


@dataclass(frozen=True)
class Wish:
    """A wished variant with what may be sold of it now."""

    item: WishlistItem
    available: int

    @property
    def is_for_sale(self) -> bool:
        return self.item.variant.is_active and self.item.variant.product.is_active

    @property
    def picture(self) -> ProductPicture | None:
        return picture_of(self.item.variant)


def add(user: User, *, sku: str) -> WishlistItem:
    """Wish for a SKU. Calling twice is safe. Raises UnknownSku."""
    return WishlistItem.objects.get_or_create(user=user, variant=get_variant(sku))[0]


def remove(user: User, *, sku: str) -> bool:
    """Stop wishing for a SKU, and say whether it was wished for. Calling twice is safe."""
    if "\x00" in sku:  # PostgreSQL takes no such text
        return False
    return bool(WishlistItem.objects.filter(user=user, variant__sku=sku).delete()[0])


def wishes(user: User) -> list[Wish]:
    """Return a person's wishes, newest first, with availability: three queries, however many."""
    items = list(
        WishlistItem.objects.filter(user=user)
        .select_related("variant__product__category", "variant__picture")
        .prefetch_related("variant__product__pictures")
    )
    if not items:
        return []
    units = availability.read(item.variant.sku for item in items)
    return [Wish(item, units[item.variant.sku].available if item.variant.sku in units else 0) for item in items]


def wished_skus(user: object, skus: Iterable[str]) -> set[str]:
    """Return which of these SKUs a person wishes for; none for a guest."""
    wanted = set(skus)
    if not isinstance(user, User) or not wanted:
        return set()
    found = WishlistItem.objects.filter(user=user, variant__sku__in=wanted).order_by()
    return set(found.values_list("variant__sku", flat=True))
