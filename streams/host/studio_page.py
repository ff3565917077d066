"""Everything that the studio of one show says."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from inventory import availability
from inventory.models import StockItem
from shop.catalogue import search
from shop.models import Variant
from shop.pictures import NARROW
from streams import broadcasts, figures, health, metrics, playback, show_items
from streams.figures import LiveFigures
from streams.health import Health
from streams.metrics import Watching
from streams.models import Pin, StreamSession
from streams.programme import clock
from streams.show_items import Item
from streams.shows import GRACE
from streams.store import tokens

State = StreamSession.State

FOUND_MAX = 30
REPLAY_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the run list. `was_shown`: it was on the table before."""

    item: Item
    sold: int
    held: int
    was_shown: bool
    is_pinned: bool
    is_next: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """`preview_url` is what the host sees: what viewers see, or what only the host may see before going live.

    `refused_codec` is what the last encoder sent, if it was sent away for that.
    """

    session: StreamSession
    entries: list[Entry]
    pinned_since: datetime | None
    pinned_of: int
    figures: LiveFigures
    health: Health | None
    refused_codec: str
    preview_url: str
    watching: Watching

    def as_json(self) -> dict[str, object]:
        """Describe the studio to its scripts."""
        return {
            "slug": self.session.slug,
            "state": self.session.state,
            "now": timezone.now(),
            "me": {"name": self.session.host.public_name, "role": "host"},
        }

    @property
    def pinned(self) -> Entry | None:
        return next((entry for entry in self.entries if entry.is_pinned), None)

    @property
    def next(self) -> Entry | None:
        """What to present after this."""
        return next((entry for entry in self.entries if entry.is_next), None)

    @property
    def shown(self) -> int:
        """How many products were on the table, the present one among them."""
        return sum(entry.was_shown or entry.is_pinned for entry in self.entries)

    @property
    def pinned_percent(self) -> int:
        """How much of the pinned product's units is left, for its bar."""
        entry = self.pinned
        left = max(0, entry.item.available) if entry else 0
        return min(100, round(100 * left / self.pinned_of)) if self.pinned_of > 0 else 0

    @property
    def has_picture(self) -> bool:
        """Whether an encoder's picture has arrived: the show runs, or waits for Go live."""
        return self.session.state in {State.REHEARSAL, State.LIVE, State.INTERRUPTED}

    @property
    def on_air_for(self) -> str:
        """How long it has been on air, or was, as 42:18; empty before that."""
        begin, end = self.session.started_at, self.session.ended_at or timezone.now()
        return clock(end - begin) if begin else ""

    @property
    def ends_by_itself_at(self) -> datetime | None:
        """When a show whose encoder is lost ends, unless it comes back."""
        return self.session.interrupted_at + GRACE if self.session.interrupted_at else None

    @property
    def awaits_replay(self) -> bool:
        """Whether the replay of a show that ended just now is still being written; later there is none to come."""
        ended_at = self.session.ended_at
        may_come = self.session.is_recorded and not self.preview_url
        return may_come and ended_at is not None and timezone.now() - ended_at < REPLAY_WITHIN

    @property
    def units_held(self) -> int:
        return sum(self.figures.held.values())

    @property
    def sellers(self) -> list[Entry]:
        """What sold in this show, the best first."""
        return sorted((entry for entry in self.entries if entry.sold), key=lambda entry: -entry.sold)


@dataclass(frozen=True, slots=True)
class Found:
    """A variant that the search for the run list found."""

    variant: Variant
    picture: str
    available: int
    is_listed: bool


def read(session: StreamSession) -> Desk:
    """Read a studio; the queries are as many for one product or line as for a hundred."""
    items = show_items.of_sessions([session.pk]).get(session.pk, [])
    read_now = figures.of_show(session)
    pins = list(Pin.objects.filter(session=session))
    pinned_id = session.pinned_id if session.state != State.ENDED else None
    shown = {pin.variant_id for pin in pins}
    following = _following(items, pinned_id, shown) if session.state != State.ENDED else None
    entries = [
        Entry(
            item=item,
            sold=read_now.sold.get(item.sku, 0),
            held=read_now.held.get(item.sku, 0),
            was_shown=item.variant_id in shown and item.variant_id != pinned_id,
            is_pinned=item.variant_id == pinned_id,
            is_next=item is following,
        )
        for item in items
    ]
    return Desk(
        session=session,
        entries=entries,
        pinned_since=next((pin.from_at for pin in pins if pin.until_at is None), None),
        pinned_of=_on_hand(session) if pinned_id else 0,
        figures=read_now,
        health=health.read(session.pk) if session.state in {State.REHEARSAL, State.LIVE} else None,
        refused_codec=broadcasts.refused_codec(session.pk) if session.state != State.ENDED else "",
        preview_url=preview_url(session),
        watching=metrics.read(session.pk),
    )


def preview_url(session: StreamSession) -> str:
    """Return what the host sees: what viewers see, or before Go live what only the host may see; or ""."""
    url = playback.preview_url(session) or playback.playlist_url(session)
    return tokens.address(url, session, lease=tokens.HOST)


def find_products(session: StreamSession, words: str) -> list[Found]:
    """Search the shop for what could be presented: variants of the best matches, listed ones marked."""
    found = list(search.search(q=words, sort="" if words else "name")[:FOUND_MAX])
    listed = set(session.run_list.values_list("variant_id", flat=True))
    variants = [variant for product in found for variant in product.variants.all() if variant.is_active][:FOUND_MAX]
    stock = availability.read(variant.sku for variant in variants)
    pictures = {product.pk: next(iter(product.pictures.all()), None) for product in found}
    result = []
    for variant in variants:
        picture = variant.picture or pictures.get(variant.product_id)
        news = stock.get(variant.sku)
        address = picture.image.at(NARROW) if picture else ""
        result.append(Found(variant, address, news.available if news else 0, variant.pk in listed))
    return result


def _following(items: list[Item], pinned_id: int | None, shown: set[int]) -> Item | None:
    """Return what comes after the pinned product and was not shown yet; else the first that was not."""
    position = next((index for index, item in enumerate(items) if item.variant_id == pinned_id), -1)
    ahead = [*items[position + 1 :], *items[: max(0, position)]]
    return next((item for item in ahead if item.variant_id not in shown and item.variant_id != pinned_id), None)


def _on_hand(session: StreamSession) -> int:
    """Return the units of the pinned product in all warehouses, promised ones included."""
    sku = session.pinned.sku if session.pinned else ""
    return StockItem.objects.filter(sku=sku).aggregate(units=Sum("on_hand"))["units"] or 0
