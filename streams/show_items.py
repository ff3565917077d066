"""What a show presents, as a page shows it: names, pictures, prices, and the stock of this moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils import timezone

from inventory import availability, delivery
from inventory.models import StockItem
from shop.catalogue.offers import LOW_STOCK
from shop.models import Product, Variant
from shop.money import format_minor
from shop.pictures import NARROW
from streams.models import RunListItem


@dataclass(frozen=True, slots=True)
class Item:
    """A SKU on a page of a show. `of` is what stands in the warehouses, promised units included."""

    variant_id: int
    sku: str
    name: str
    label: str
    url: str
    price_minor: int
    currency: str
    picture: str
    alt: str
    available: int
    version: int
    as_of: datetime
    of: int = 0
    delivery_on: date | None = None
    choices: tuple[str, ...] = ()  # SKUs of the same product, this one among them

    @property
    def title(self) -> str:
        return f"{self.name}, {self.label}" if self.label else self.name

    @property
    def is_low(self) -> bool:
        return 0 < self.available <= LOW_STOCK

    @property
    def percent(self) -> int:
        """How much of `of` is left, for the bar."""
        return min(100, round(100 * self.available / self.of)) if self.of > 0 and self.available > 0 else 0


def of_sessions(session_ids: Iterable[UUID]) -> dict[UUID, list[Item]]:
    """Read the run lists of these shows, in order: three queries, however many shows and items there are."""
    entries = list(_entries(session_ids))
    stock = availability.read(entry.variant.sku for entry in entries)
    found: dict[UUID, list[Item]] = {}
    for entry in entries:
        found.setdefault(entry.session_id, []).append(_item(entry.variant, stock))
    return found


def run_list_ids(session_id: UUID) -> list[int]:
    """Return the variants on a show's run list, in its order."""
    return list(RunListItem.objects.filter(session_id=session_id).values_list("variant_id", flat=True))


def of_show(variant_ids: Iterable[int], *, postal_code: str) -> dict[str, Item]:
    """Read these variants and, behind them, the other variants of their products, by SKU.

    The queries are as many for one as for a hundred.
    """
    wanted = list(variant_ids)
    listed = (
        Variant.objects.filter(pk__in=wanted)
        .select_related("product", "picture")
        .prefetch_related("product__pictures", "product__variants__picture")
    )
    by_id = {variant.pk: variant for variant in listed}
    variants = {by_id[pk].sku: by_id[pk] for pk in wanted if pk in by_id}
    for owner in list(variants.values()):
        for sibling in owner.product.variants.all():
            if sibling.is_active and sibling.sku not in variants:
                sibling.product = owner.product
                variants[sibling.sku] = sibling
    stock = availability.read(variants)
    shelves = dict(
        StockItem.objects.filter(sku__in=variants).order_by().values_list("sku").annotate(units=Sum("on_hand"))
    )
    days = delivery.estimate(variants, postal_code=postal_code)
    return {
        sku: _item(
            variant,
            stock,
            of=shelves.get(sku, 0),
            delivery_on=days[sku].delivery_on if sku in days else None,
            choices=tuple(one.sku for one in variant.product.variants.all() if one.is_active),
        )
        for sku, variant in variants.items()
    }


def as_json(item: Item) -> dict[str, object]:
    """Describe an item to the page's scripts."""
    return {
        "sku": item.sku,
        "name": item.name,
        "label": item.label,
        "title": item.title,
        "url": item.url,
        "price_minor": item.price_minor,
        "currency": item.currency,
        "price": format_minor(item.price_minor, item.currency),
        "picture": item.picture,
        "alt": item.alt,
        "available": item.available,
        "version": item.version,
        "of": item.of,
        "delivery_on": item.delivery_on.isoformat() if item.delivery_on else None,
        "choices": item.choices,
    }


def _entries(session_ids: Iterable[UUID]) -> QuerySet[RunListItem]:
    return (
        RunListItem.objects.filter(session_id__in=list(session_ids))
        .select_related("variant__product", "variant__picture")
        .prefetch_related("variant__product__pictures")
        .order_by("session_id", "position", "id")
    )


def _item(
    variant: Variant,
    stock: dict[str, availability.Availability],
    *,
    of: int = 0,
    delivery_on: date | None = None,
    choices: tuple[str, ...] = (),
) -> Item:
    product: Product = variant.product
    picture = variant.picture or next(iter(product.pictures.all()), None)
    news = stock.get(variant.sku)
    return Item(
        variant_id=variant.pk,
        sku=variant.sku,
        name=product.name,
        label=variant.label,
        url=product.get_absolute_url(),
        price_minor=variant.price_minor,
        currency=variant.currency,
        picture=picture.image.at(NARROW) if picture else "",
        alt=picture.alt if picture else "",
        available=news.available if news else 0,
        version=news.version if news else 0,
        as_of=news.as_of if news else timezone.now(),
        of=of,
        delivery_on=delivery_on,
        choices=choices,
    )
