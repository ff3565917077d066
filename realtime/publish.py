"""How news gets out. Redis away loses it, logged; live shows heal within seconds (seeding.heal_live_shows)."""

import logging
from collections.abc import Iterable, Sequence

import redis
from django.utils import timezone

from inventory import availability as stock
from realtime import topic_log, wire
from realtime.wire import Event
from shop.models import Variant

logger = logging.getLogger(__name__)


def to_show(slug: str, *events: Event) -> None:
    """Tell every viewer of a show. Doesn't raise."""
    try:
        topic_log.publish(topic_log.session_topic(slug), events)
    except redis.RedisError as error:
        logger.warning("news of show %s lost, Redis is away: %s", slug, error)


def to_everyone(event: Event) -> None:
    """Tell every open page, whatever it shows. Doesn't raise."""
    try:
        topic_log.announce(event)
    except redis.RedisError as error:
        logger.warning("announcement lost, Redis is away: %s", error)


def availability(news: Iterable[Event]) -> None:
    """Tell everybody who looks at these SKUs, if it is newer than what they see. Doesn't raise."""
    try:
        topic_log.set_availability(news)
    except redis.RedisError as error:
        logger.warning("news of stock lost, Redis is away: %s", error)


def run_list_events(skus: Sequence[str]) -> list[Event]:
    """Return the events of a run list: the list itself, then price and availability of each SKU on it."""
    return [wire.run_list(skus), *item_events(skus), *stock_events(skus)]


def item_events(skus: Sequence[str]) -> list[Event]:
    prices = Variant.objects.filter(sku__in=skus).order_by().values("sku", "price_minor", "currency")
    return [wire.item(**price) for price in prices]


def stock_events(skus: Sequence[str]) -> list[Event]:
    """Read availability from the database; a SKU that was never in stock has none, in version 0."""
    now = timezone.now()
    known = stock.read(skus)
    return [
        wire.availability(sku=sku, available=one.available, version=one.version, as_of=one.as_of)
        if (one := known.get(sku))
        else wire.availability(sku=sku, available=0, version=0, as_of=now)
        for sku in skus
    ]
