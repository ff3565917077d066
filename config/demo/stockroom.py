"""Where the demo's goods lie, who carries them how far, and how many there are at the start."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from config.demo.catalogue.goods import Item
from inventory import stock
from inventory.models import Courier, Warehouse, Zone

ACTOR = "system:seed_demo"
NORTH = "north"
SOUTH = "south"
LIVE_UNITS = 64  # of each thing in the live show, at the least


@dataclass(frozen=True)
class Place:
    """A warehouse, its courier, and the working days to postal codes by country and prefix."""

    code: str
    name: str
    postal_code: str
    courier: str
    cutoff_hour: int
    days: Mapping[tuple[str, str], int]


PLACES = (
    Place(
        NORTH,
        "North warehouse, Delhi",
        "110020",
        "Northline",
        12,
        {
            ("IN", "11"): 1,
            ("IN", "1"): 2,
            ("IN", "2"): 2,
            ("IN", "3"): 3,
            ("IN", "7"): 4,
            ("IN", "8"): 3,
            ("IN", ""): 4,
            ("GB", ""): 7,
            ("DE", ""): 7,
            ("US", ""): 8,
        },
    ),
    Place(
        SOUTH,
        "South warehouse, Bengaluru",
        "560100",
        "Southline",
        11,
        {
            ("IN", "56"): 1,
            ("IN", "5"): 2,
            ("IN", "6"): 2,
            ("IN", "4"): 3,
            ("IN", "11"): 3,
            ("IN", ""): 4,
            ("AE", ""): 5,
            ("SG", ""): 5,
        },
    ),
)


def seed_places() -> None:
    """Make the warehouses, their couriers and zones. Both deliver all over India."""
    for place in PLACES:
        warehouse = Warehouse.objects.create(
            code=place.code, name=place.name, country="IN", postal_code=place.postal_code
        )
        courier = Courier.objects.create(name=place.courier, cutoff_hour=place.cutoff_hour)
        Zone.objects.bulk_create(
            [
                Zone(warehouse=warehouse, courier=courier, country=country, postal_prefix=prefix, transit_days=days)
                for (country, prefix), days in place.days.items()
            ]
        )


def seed_stock(items: Iterable[Item], *, live: Iterable[str]) -> int:
    """Receive the goods through the ledger; return how many units. Needs an open transaction and the places.

    `live` names the SKUs of the live show: there are plenty of them. What is sold out was counted: none left.
    """
    on_show = set(live)
    units = 0
    for item in items:
        for choice in item.choices():
            sku = choice.code
            if sku in item.sold_out:
                _receive(sku, NORTH, 2)
                stock.count(sku=sku, warehouse=NORTH, counted=0, actor=ACTOR, note="Sold in the room")
                continue
            wanted = _opening_units(item, sku, is_live=sku in on_show)
            south = wanted * 2 // 5
            _receive(sku, NORTH, wanted - south)
            if south:
                _receive(sku, SOUTH, south)
            units += wanted
    return units


def _opening_units(item: Item, sku: str, *, is_live: bool) -> int:
    """Return a number that is the same every time: few where the item says so, plenty in the live show."""
    spread = zlib.crc32(sku.encode())
    if is_live:
        return LIVE_UNITS + spread % 33
    return item.scarce.get(sku) or 8 + spread % 35


def _receive(sku: str, warehouse: str, quantity: int) -> None:
    stock.receive(sku=sku, warehouse=warehouse, quantity=quantity, actor=ACTOR, note="Opening stock")
