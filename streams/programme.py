"""What is on, what comes, and what was on: the reading side of the home page and the list of shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from orders.models import Order, OrderLine
from shop.catalogue import search
from shop.models import Category, Product
from streams import figures, show_items
from streams.models import StreamSession
from streams.show_items import Item

State = StreamSession.State
POPULAR_DAYS = 7


@dataclass(frozen=True, slots=True)
class Row:
    """A show as one line of a list, with what it presents."""

    session: StreamSession
    items: tuple[Item, ...]
    viewers: int = 0

    @property
    def on_table(self) -> Item | None:
        """The item that is pinned now."""
        pinned = self.session.pinned
        return next((item for item in self.items if pinned and item.sku == pinned.sku), None)

    @property
    def in_stock(self) -> int:
        """How many of its items can still be had."""
        return sum(item.available > 0 for item in self.items)

    @property
    def length(self) -> str:
        """How long it ran, as 48:12 or 1:12:05; empty when that isn't known."""
        started_at, ended_at = self.session.started_at, self.session.ended_at
        return clock(ended_at - started_at) if started_at and ended_at else ""


def live() -> QuerySet[StreamSession]:
    """Shows on air, the one that runs longest first; one with an encoder that broke off is still on air."""
    return _shows().filter(state__in=StreamSession.ON_AIR).order_by(F("started_at").asc(nulls_last=True), "created_at")


def upcoming() -> QuerySet[StreamSession]:
    """Planned shows, the next first, also while they are rehearsed. An hour late, they are no longer announced."""
    return (
        _shows()
        .filter(state__in=StreamSession.TO_COME, starts_at__gte=timezone.now() - timedelta(hours=1))
        .order_by("starts_at", "created_at")
    )


def replays() -> QuerySet[StreamSession]:
    """Shows that can be seen again, the newest first."""
    kept = _shows().filter(state=State.ENDED, started_at__isnull=False, is_recorded=True, replay_removed_at=None)
    return kept.order_by("-ended_at", "-created_at")


def rows(*lists: Iterable[StreamSession]) -> list[list[Row]]:
    """Turn lists of shows into rows, reading the goods of all of them together."""
    shows = [list(one) for one in lists]
    items = show_items.of_sessions(session.id for one in shows for session in one)
    watched = figures.viewers(session.slug for one in shows for session in one if session.is_on_air)
    return [
        [Row(session, tuple(items.get(session.id, ())), watched.get(session.slug, 0)) for session in one]
        for one in shows
    ]


def categories() -> QuerySet[Category]:
    return Category.objects.filter(products__is_active=True).distinct().order_by("position", "name")


def favourites(limit: int = 8, *, postal_code: str = "") -> list[Product]:
    """Return products to begin browsing with: what sold best this week, then the newest, taking turns by category."""
    since = timezone.now() - timedelta(days=POPULAR_DAYS)
    sold = (
        OrderLine.objects.filter(order__created_at__gte=since, variant__isnull=False)
        .exclude(order__state=Order.State.CANCELLED)
        .order_by()
        .values_list("variant__product_id", "variant__product__category_id")
        .annotate(units=Sum("quantity"))
        .order_by("-units", "variant__product_id")[: limit * 8]
    )
    newest = (
        Product.objects.filter(is_active=True)
        .order_by("-created_at", "-id")
        .values_list("id", "category_id")[: limit * 16]
    )
    candidates = [(product, category) for product, category, _ in sold]
    candidates += [pair for pair in newest if pair not in candidates]
    offered = search.search(in_stock=True, postal_code=postal_code).filter(pk__in=dict(candidates))
    found = {product.pk: product for product in offered}
    return _taking_turns([(found[pk], category) for pk, category in candidates if pk in found])[:limit]


def clock(length: timedelta) -> str:
    """Return 48:12 or 1:12:05."""
    minutes, seconds = divmod(max(0, int(length.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def minutes_since(moment: datetime | None) -> int:
    return max(0, int((timezone.now() - moment).total_seconds() // 60)) if moment else 0


def _shows() -> QuerySet[StreamSession]:
    return StreamSession.objects.select_related("host", "pinned")


def _taking_turns(products: list[tuple[Product, int]]) -> list[Product]:
    """Order products so that the first of each category come first, then the second of each, and so on."""
    seen: dict[int, int] = {}
    turns = []
    for place, (product, category) in enumerate(products):
        turn = seen[category] = seen.get(category, 0) + 1
        turns.append((turn, place, product))
    return [product for _, _, product in sorted(turns, key=lambda entry: entry[:2])]
