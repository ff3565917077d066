"""The shop's address bar: filters out of it, and links that change it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import QueryDict

from shop import currencies, money
from shop.catalogue import search
from shop.catalogue.search import SORTS, Filters
from shop.text import is_text

ATTRIBUTE = "a."
PAGES_MAX = 40
# The attributes that are offered as filters, and how many values of each.
FACETS_MAX = 4
VALUES_MAX = 6
# How many categories and values of attributes one search may choose, and how long each may be.
CHOSEN_MAX = 40
CHOSEN_LENGTH_MAX = 100


@dataclass(frozen=True)
class Asked:
    """What an address asks for. `refused` are the parameters that make no sense, to be told to the reader.

    `repeated` are the filters that links go on with: only those whose categories and attributes the shop has.
    """

    filters: Filters
    repeated: Filters = field(default_factory=Filters)
    page: int = 1
    refused: tuple[str, ...] = ()

    def link(self, **changes: object) -> str:
        """Return the query of this search with some filters changed."""
        return query_of(replace(self.repeated, **changes))  # type: ignore[arg-type]


def read(query: QueryDict, *, postal_code: str) -> Asked:
    """Read an address such as ?q=&category=&min=&max=&in_stock=&sort=&page=&a.Material=Stoneware.

    What is sold out stays away unless in_stock says 0. Prices are typed in the shop's currency: 12.50. Raises
    BadRequest for more choices than anybody makes.
    """
    refused = []
    prices: dict[str, int | None] = {}
    for name in ("min", "max"):
        typed = query.get(name, "").strip()
        prices[name] = money.parse_major(typed, settings.DEFAULT_CURRENCY) if typed else None
        if typed and prices[name] is None:
            refused.append(name)
    page = query.get("page", "1")
    asked = Filters(
        q=query.get("q", "").replace("\x00", "")[:100].strip(),
        categories=categories(query),
        min_minor=prices["min"],
        max_minor=prices["max"],
        in_stock=query.get("in_stock", "") not in {"0", "false", "no"},
        attributes=attributes(query),
        postal_code=postal_code,
        sort=query.get("sort", "") if query.get("sort", "") in SORTS else "",
    )
    return Asked(
        asked,
        repeated=search.recognised(asked),
        page=min(max(int(page), 1), PAGES_MAX) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
        refused=tuple(refused),
    )


def categories(query: QueryDict) -> tuple[str, ...]:
    """Read the chosen categories. Raises BadRequest for too many, or too long ones."""
    return _bounded(slug for slug in query.getlist("category") if is_text(slug))


def attributes(query: QueryDict) -> dict[str, tuple[str, ...]]:
    """Read the filters by attribute, `a.Material=Stoneware`. Raises BadRequest for too many, or too long ones."""
    pairs = [
        (name.removeprefix(ATTRIBUTE), value)
        for name in query
        if name.startswith(ATTRIBUTE) and is_text(name)
        for value in query.getlist(name)
        if is_text(value)
    ]
    _bounded(name for name, _value in pairs)
    _bounded(value for _name, value in pairs)
    chosen: dict[str, tuple[str, ...]] = {}
    for name, value in dict.fromkeys(pairs):
        chosen[name] = (*chosen.get(name, ()), value)
    return chosen


def _bounded(values: Iterable[str]) -> tuple[str, ...]:
    """Return what was chosen, each once. Raises BadRequest."""
    given = list(values)
    if len(given) > CHOSEN_MAX or any(len(value) > CHOSEN_LENGTH_MAX for value in given):
        raise BadRequest(f"a search chooses at most {CHOSEN_MAX} values of at most {CHOSEN_LENGTH_MAX} characters")
    return tuple(dict.fromkeys(given))


def query_of(filters: Filters, **more: object) -> str:
    """Return the query that asks for these filters; the postal code is remembered, so it is left out."""
    pairs: list[tuple[str, str]] = [("q", filters.q)] if filters.q else []
    pairs += [("category", slug) for slug in filters.categories]
    for name, amount in (("min", filters.min_minor), ("max", filters.max_minor)):
        if amount is not None:
            pairs.append((name, f"{currencies.to_major(amount, settings.DEFAULT_CURRENCY):f}"))
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
