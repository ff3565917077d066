"""When a SKU can be with a shopper, and from which warehouse."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from inventory import folding, postal, statements
from inventory.models import StockItem, Zone

FRIDAY = 4

# The zones whose prefix is the start of a postal code, the longest first: a look into an index for each prefix.
_ZONES = """
    SELECT warehouse.id, warehouse.code, zone.postal_prefix, courier.cutoff_hour, zone.transit_days
    FROM inventory_zone AS zone
    JOIN inventory_warehouse AS warehouse ON warehouse.id = zone.warehouse_id AND warehouse.is_active
    JOIN inventory_courier AS courier ON courier.id = zone.courier_id
    WHERE zone.country = %s AND zone.postal_prefix = ANY(%s)
    ORDER BY length(zone.postal_prefix) DESC, zone.transit_days, zone.id
"""


@dataclass(frozen=True)
class Route:
    """The best way from one warehouse to a postal code."""

    warehouse_id: int
    warehouse: str
    delivery_on: date


@dataclass(frozen=True)
class Estimate:
    """The day a SKU arrives, and the code of the warehouse it comes from."""

    delivery_on: date
    warehouse: str


def routes(*, postal_code: str, country: str = settings.DEFAULT_COUNTRY, now: datetime | None = None) -> list[Route]:
    """Return one route for each warehouse that serves a postal code, the earliest first.

    A warehouse's longest matching prefix decides; of several couriers, the quicker. Empty: nothing can be delivered.
    """
    now = now or timezone.now()
    code = normalise(postal_code)
    zones = statements.run(_ZONES, [folding.country(country), [code[:length] for length in range(len(code) + 1)]])
    best: dict[int, Route] = {}
    longest: dict[int, int] = {}
    for warehouse_id, warehouse, prefix, cutoff_hour, transit_days in zones:
        if len(prefix) < longest.setdefault(warehouse_id, len(prefix)):
            continue
        arrives = _arrival(now, cutoff_hour, transit_days)
        known = best.get(warehouse_id)
        if known is None or arrives < known.delivery_on:
            best[warehouse_id] = Route(warehouse_id, warehouse, arrives)
    return sorted(best.values(), key=lambda route: (route.delivery_on, route.warehouse_id))


def estimate(skus: Iterable[str], *, postal_code: str, country: str = settings.DEFAULT_COUNTRY) -> dict[str, Estimate]:
    """Return the earliest delivery of each SKU; one that can't be delivered, or is out of stock, is absent."""
    ways = routes(postal_code=postal_code, country=country)
    if not ways:
        return {}
    stocked = set(
        StockItem.objects.filter(sku__in=set(skus), available__gt=0).order_by().values_list("sku", "warehouse_id")
    )
    return {
        sku: Estimate(way.delivery_on, way.warehouse)
        for sku in {sku for sku, _ in stocked}
        for way in [next((way for way in ways if (sku, way.warehouse_id) in stocked), None)]
        if way
    }


def countries() -> list[str]:
    """Return the countries that some warehouse sends to."""
    return list(
        Zone.objects.filter(warehouse__is_active=True).order_by("country").values_list("country", flat=True).distinct()
    )


def is_known(postal_code: str, country: str = settings.DEFAULT_COUNTRY) -> bool:
    """Whether a postal code, however it was typed, has the form of its country's."""
    return postal.write_code(postal_code, folding.country(country)) is not None


def normalise(postal_code: str) -> str:
    """Return a postal code as zones compare it: upper case, plain digits, without spaces and dashes."""
    return folding.code(postal_code)


def _arrival(now: datetime, cutoff_hour: int, transit_days: int) -> date:
    """Count working days from the first day a parcel leaves: today before the courier's cutoff, else the next."""
    day = now.date()
    if now.hour >= cutoff_hour:
        day += timedelta(days=1)
    day = _working_day(day)
    for _ in range(transit_days):
        day = _working_day(day + timedelta(days=1))
    return day


def _working_day(day: date) -> date:
    """Return the day itself, or the Monday after a weekend."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() > FRIDAY else day
