"""The shop's address bar: filters out of it, and links that change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict

from shop import money
from shop.catalogue import SORTS, Filters
from shop.text import is_text

ATTRIBUTE = "a."
PAGES_MOST = 40
# The attributes that are offered as filters, and how many values of each.
FACETS_MOST = 4
VALUES_MOST = 6


@dataclass(frozen=True)
class Asked:
    """What an address asks for. `refused` are the parameters that make no sense, to be told to the reader."""

    filters: Filters
    page: int = 1
    refused: tuple[str, ...] = ()

    def link(self, **changes: object) -> str:
        """Return the query of this search with some filters changed."""
        return query_of(replace(self.filters, **changes))  # type: ignore[arg-type]


def read(query: QueryDict, *, postal_code: str) -> Asked:
    """Read an address such as ?q=&category=&min=&max=&in_stock=&sort=&page=&a.Material=Stoneware.

    What is sold out stays away unless in_stock says 0. Prices are typed in the shop's currency: 12.50.
    """
    refused = []
    prices: dict[str, int | None] = {}
    for name in ("min", "max"):
        typed = query.get(name, "").strip()
        prices[name] = money.parse_major(typed, settings.DEFAULT_CURRENCY) if typed else None
        if typed and prices[name] is None:
            refused.append(name)
    page = query.get("page", "1")
    return Asked(
        Filters(
            q=query.get("q", "").replace("\x00", "")[:100].strip(),
            categories=tuple(dict.fromkeys(slug for slug in query.getlist("category") if is_text(slug))),
            min_minor=prices["min"],
            max_minor=prices["max"],
            in_stock=query.get("in_stock", "") not in {"0", "false", "no"},
            attributes=attributes(query),
            postal_code=postal_code,
            sort=query.get("sort", "") if query.get("sort", "") in SORTS else "",
        ),
        page=min(max(int(page), 1), PAGES_MOST) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
        refused=tuple(refused),
    )


def attributes(query: QueryDict) -> dict[str, tuple[str, ...]]:
    """Read the filters by attribute, `a.Material=Stoneware`."""
    return {
        name.removeprefix(ATTRIBUTE): tuple(dict.fromkeys(value for value in query.getlist(name) if is_text(value)))
        for name in query
        if name.startswith(ATTRIBUTE) and is_text(name)
    }


def query_of(filters: Filters, **more: object) -> str:
    """Return the query that asks for these filters; the postal code is remembered, so it is left out."""
    pairs: list[tuple[str, str]] = [("q", filters.q)] if filters.q else []
    pairs += [("category", slug) for slug in filters.categories]
    for name, amount in (("min", filters.min_minor), ("max", filters.max_minor)):
        if amount is not None:
            pairs.append((name, f"{money.to_major(amount, settings.DEFAULT_CURRENCY):f}"))
    pairs += [(ATTRIBUTE + name, value) for name, values in filters.attributes.items() for value in values]
    if not filters.in_stock:
        pairs.append(("in_stock", "0"))
    if filters.sort:
        pairs.append(("sort", filters.sort))
    pairs += [(name, str(value)) for name, value in more.items()]
    return "?" + urlencode(pairs)


def without(values: Mapping[str, Sequence[str]], name: str, value: str) -> dict[str, tuple[str, ...]]:
    """Return the attribute filters without one value."""
    kept = {key: tuple(v for v in chosen if (key, v) != (name, value)) for key, chosen in values.items()}
    return {key: chosen for key, chosen in kept.items() if chosen}
