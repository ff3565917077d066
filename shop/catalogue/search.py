"""Finding products: one annotated queryset, and what can be narrowed down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import (
    Case,
    Count,
    DateField,
    Exists,
    F,
    Func,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import MD5, Cast, Coalesce, Concat, LPad

from inventory import delivery
from inventory.models import StockItem
from shop.catalogue import words
from shop.models import Category, Product, Variant, WishlistItem

SORTS: dict[str, tuple[str, ...]] = {
    "wished": ("shelf",),
    "new": ("-created_at", "-pk"),
    "price": ("price_minor", "pk"),
    "-price": ("-price_minor", "-pk"),
    "soonest": ("arriving",),
    "name": ("name", "pk"),
    "match": ("-match", "-pk"),
}
DEFAULT_SORT = "wished"
WISHES_MAX = 999_999_999

# Which of these names and values of attributes any product for sale has.
KNOWN_ATTRIBUTES = """
SELECT DISTINCT attribute.key, attribute.value
FROM shop_product
CROSS JOIN jsonb_each_text(attributes) AS attribute
WHERE is_active AND (attribute.key, attribute.value) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""


@dataclass(frozen=True)
class Filters:
    """What somebody asked the shop for. An unknown category or attribute finds nothing; an unknown sort is none."""

    q: str = ""
    categories: tuple[str, ...] = ()
    min_minor: int | None = None
    max_minor: int | None = None
    in_stock: bool = False
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    postal_code: str = ""
    country: str = settings.DEFAULT_COUNTRY
    sort: str = ""

    @property
    def order(self) -> str:
        """The sort that holds: what was asked for where it makes sense, else the best match or the most wished."""
        sensible = self.sort in SORTS and (self.sort != "match" or self.words)
        if sensible and (self.sort != "soonest" or self.postal_code):
            return self.sort
        return "match" if self.words else DEFAULT_SORT

    @property
    def words(self) -> list[str]:
        return words.split(self.q)


@dataclass(frozen=True)
class Choice:
    """One value that results can be narrowed to, and how many it would leave."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Facets:
    """What results can be narrowed by. `price_minor` is the lowest and highest price among them."""

    total: int
    categories: list[Choice]
    attributes: dict[str, list[Choice]]
    price_minor: tuple[int, int] | None


def search(
    *,
    q: str = "",
    category: str | Iterable[str] = "",
    min_minor: int | None = None,
    max_minor: int | None = None,
    in_stock: bool = False,
    sort: str = "",
    attributes: Mapping[str, Sequence[str]] | None = None,
    postal_code: str = "",
) -> QuerySet[Product]:
    """Find products that are for sale; see `find` for what each carries."""
    categories = (category,) if isinstance(category, str) else tuple(category)
    return find(
        Filters(
            q=q,
            categories=tuple(slug for slug in categories if slug),
            min_minor=min_minor,
            max_minor=max_minor,
            in_stock=in_stock,
            attributes=attributes or {},
            postal_code=postal_code,
            sort=sort,
        )
    )


def find(filters: Filters) -> QuerySet[Product]:
    """Return the products that pass; see `Search.products`."""
    return Search(filters).products()


class Search:
    """One search: its products, and what can be narrowed down. What both need is asked of the database once."""

    def __init__(self, filters: Filters) -> None:
        self.filters = filters

    @cached_property
    def offered(self) -> QuerySet[Product]:
        return offered(self.filters)

    def products(self) -> QuerySet[Product]:
        """Return the products that pass, in order, with pictures, category and variants prefetched.

        Annotated: `price_minor` and `price_most_minor` with their `currency`, `available` (summed over variants and
        warehouses by one subquery), and `delivery_on` (None without a postal code, or when sold out). With a postal
        code, what is in stock but can't be sent there is left out.
        """
        products = narrow(self.offered, self.filters)
        ordering = SORTS[self.filters.order]
        if ordering == SORTS["wished"]:
            products = products.annotate(shelf=_shelf())
        elif ordering == SORTS["soonest"]:
            arrival = Coalesce("delivery_on", date.max)  # what has no day comes last
            products = products.annotate(
                arriving=Concat(Cast(arrival, TextField()), _shelf(), output_field=TextField())
            )
        return with_goods(products.order_by(*ordering))

    def facets(self) -> Facets:
        """Count what each further choice would leave, in one query.

        A value is counted as if it were the only choice of its kind, all other filters in force.
        """
        filters = self.filters
        # price_minor is annotated, which the type of a queryset can't say.
        rows: list[Any] = list(
            self.offered.order_by().values_list(  # type: ignore[misc]
                "category__slug", "category__name", "category__position", "attributes", "price_minor"
            )
        )
        chosen = {name: set(values) for name, values in filters.attributes.items() if values}
        by_category: dict[str, int] = {}
        by_attribute: dict[str, dict[str, int]] = {}
        labels: dict[str, tuple[int, str]] = {}
        total = 0
        prices = []
        for slug, name, position, attributes, price_minor in rows:
            labels[slug] = (position, name)
            misses = [key for key, values in chosen.items() if _as_text(attributes.get(key)) not in values]
            in_category = not filters.categories or slug in filters.categories
            by_category[slug] = by_category.get(slug, 0) + (not misses)
            if in_category and not misses:
                total += 1
                prices.append(price_minor)
            if in_category:
                for key, value in attributes.items():
                    text = _as_text(value)
                    # Counted when nothing but this kind of choice stands against it.
                    if text is not None and not set(misses) - {key}:
                        counts = by_attribute.setdefault(key, {})
                        counts[text] = counts.get(text, 0) + 1
        return Facets(
            total=total,
            categories=[
                Choice(slug, labels[slug][1], count, slug in filters.categories)
                for slug, count in sorted(by_category.items(), key=lambda item: labels[item[0]])
                if count or slug in filters.categories
            ],
            attributes={
                key: [Choice(value, value, count, value in chosen.get(key, ())) for value, count in _by_count(counts)]
                for key, counts in sorted(by_attribute.items(), key=lambda item: (-sum(item[1].values()), item[0]))
            },
            price_minor=(min(prices), max(prices)) if prices else None,
        )


def get_product(slug: str) -> Product:
    """Return one product with the annotations of `find`. Raises Product.DoesNotExist."""
    return with_goods(offered(Filters())).get(slug=slug)


def categories() -> QuerySet[Category]:
    """Return the categories that have something for sale, in the shop's order."""
    return Category.objects.filter(Exists(Product.objects.filter(category=OuterRef("pk"), is_active=True)))


def recognised(filters: Filters) -> Filters:
    """Return the filters without the categories and the attributes that nothing for sale has."""
    chosen = [(name, value) for name, values in filters.attributes.items() for value in values]
    attributes: dict[str, tuple[str, ...]] = {}
    if chosen:
        with connection.cursor() as cursor:
            cursor.execute(KNOWN_ATTRIBUTES, [[name for name, _ in chosen], [value for _, value in chosen]])
            known = set(cursor.fetchall())
        for name, value in chosen:
            if (name, value) in known:
                attributes[name] = (*attributes.get(name, ()), value)
    slugs: set[str] = set()
    if filters.categories:
        slugs.update(Category.objects.filter(slug__in=filters.categories).order_by().values_list("slug", flat=True))
    categories = tuple(slug for slug in filters.categories if slug in slugs)
    return replace(filters, categories=categories, attributes=attributes)


def offered(filters: Filters) -> QuerySet[Product]:
    """Return what is for sale, annotated and filtered by everything but category and attributes."""
    active = Variant.objects.filter(product=OuterRef("pk"), is_active=True)
    cheapest = active.order_by("price_minor", "pk")
    dearest = active.order_by("-price_minor", "pk")
    products: QuerySet[Product] = Product.objects.filter(is_active=True).annotate(
        price_minor=Subquery(cheapest.values("price_minor")[:1]),
        price_most_minor=Subquery(dearest.values("price_minor")[:1]),
        currency=Subquery(cheapest.values("currency")[:1]),
        available=Coalesce(_units(), 0),
    )
    passes = Q(price_minor__isnull=False)
    if filters.min_minor is not None:
        passes &= Q(price_most_minor__gte=filters.min_minor)
    if filters.max_minor is not None:
        passes &= Q(price_minor__lte=filters.max_minor)
    if filters.in_stock:
        passes &= Q(available__gt=0)
    products = _reaching(products.filter(passes), filters)
    return words.matching(products, filters.q) if filters.q.strip() else products


def narrow(products: QuerySet[Product], filters: Filters) -> QuerySet[Product]:
    """Keep the chosen categories, and for each chosen attribute its chosen values."""
    if filters.categories:
        products = products.filter(category__slug__in=filters.categories)
    for name, values in filters.attributes.items():
        if values:
            # Not `->>`, for which a name of digits is a place in a list.
            wanted = Func(F("attributes"), Value(name), function="jsonb_extract_path_text", output_field=TextField())
            products = products.alias(wanted=wanted).filter(wanted__in=list(values))
    return products


def with_goods(products: QuerySet[Product]) -> QuerySet[Product]:
    """Prefetch what a card or a page shows of each product."""
    variants = Variant.objects.filter(is_active=True).select_related("picture")
    return products.select_related("category").prefetch_related("pictures", Prefetch("variants", queryset=variants))


def _reaching(products: QuerySet[Product], filters: Filters) -> QuerySet[Product]:
    """Annotate the day of delivery, and leave out what has units, but none that could be sent there."""
    if not filters.postal_code:
        return products.annotate(delivery_on=Value(None, output_field=DateField()))
    warehouses: dict[date, list[int]] = {}
    for route in delivery.routes(postal_code=filters.postal_code, country=filters.country):
        warehouses.setdefault(route.delivery_on, []).append(route.warehouse_id)
    days = [
        When(Exists(_stock().filter(warehouse_id__in=ids, available__gt=0)), then=Value(day))
        for day, ids in warehouses.items()
    ]
    day = Case(*days, default=Value(None), output_field=DateField())
    return products.annotate(delivery_on=day).filter(Q(delivery_on__isnull=False) | Q(available__lte=0))


def _stock() -> QuerySet[StockItem]:
    """Return the stock items of the outer product's variants."""
    skus = Variant.objects.filter(product=OuterRef(OuterRef("pk")), is_active=True).order_by().values("sku")
    return StockItem.objects.filter(sku__in=skus).order_by()


def _units() -> Subquery:
    return Subquery(_stock().annotate(one=Value(1)).values("one").annotate(units=Sum("available")).values("units"))


def _shelf() -> Concat:
    """Return where a product stands: the most wished for first; between equals a lot, the same at each draw.

    One text that no two products share, so that a cursor of pages can point between any of them.
    """
    wishes = Coalesce(_counted(WishlistItem.objects.filter(variant__product=OuterRef("pk")).order_by()), 0)
    rank = LPad(Cast(Value(WISHES_MAX) - wishes, TextField()), len(str(WISHES_MAX)), Value("0"))
    return Concat(rank, MD5("slug"), output_field=TextField())


def _counted(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.annotate(one=Value(1)).values("one").annotate(units=Count("pk")).values("units"))


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _as_text(value: object) -> str | None:
    """Return an attribute's value as PostgreSQL's ->> does, or None for one that can't be chosen (a list, say)."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None
