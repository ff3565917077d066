"""Delivery dates: the nearest warehouse that serves a postal code, working days, couriers' hours."""

from datetime import UTC, date, datetime

import pytest

from inventory import delivery
from inventory.models import Courier, StockItem, Warehouse, Zone
from tests.support.factories import make_stock

pytestmark = pytest.mark.django_db

WEDNESDAY_MORNING = datetime(2026, 11, 18, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def warehouses() -> None:
    """Delhi serves 11 in one day and India in four; Bengaluru serves 56 in one day and India in three."""
    courier = Courier.objects.create(name="Road", cutoff_hour=12)
    for code, prefix, days in (("delhi", "11", 4), ("bengaluru", "56", 3)):
        warehouse = Warehouse.objects.create(code=code, name=code.title(), country="IN", postal_code=prefix + "0001")
        Zone.objects.create(warehouse=warehouse, courier=courier, country="IN", postal_prefix=prefix, transit_days=1)
        Zone.objects.create(warehouse=warehouse, courier=courier, country="IN", transit_days=days)


def ways(postal_code: str, now: datetime = WEDNESDAY_MORNING, country: str = "IN") -> list[tuple[str, date]]:
    found = delivery.routes(postal_code=postal_code, country=country, now=now)
    return [(route.warehouse, route.delivery_on) for route in found]


def test_the_longest_prefix_of_each_warehouse_decides_and_the_nearest_comes_first() -> None:
    assert ways("110001") == [("delhi", date(2026, 11, 19)), ("bengaluru", date(2026, 11, 23))]
    assert ways("560001") == [("bengaluru", date(2026, 11, 19)), ("delhi", date(2026, 11, 24))]


def test_after_the_couriers_hour_a_parcel_leaves_tomorrow() -> None:
    assert ways("110001", datetime(2026, 11, 18, 12, tzinfo=UTC))[0] == ("delhi", date(2026, 11, 20))


def test_nothing_leaves_or_arrives_at_a_weekend() -> None:
    friday, saturday = datetime(2026, 11, 20, 9, tzinfo=UTC), datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert ways("110001", friday)[0] == ("delhi", date(2026, 11, 23))
    assert ways("110001", saturday)[0] == ("delhi", date(2026, 11, 24))


def test_the_quicker_of_two_couriers_is_taken() -> None:
    air = Courier.objects.create(name="Air", cutoff_hour=18)
    Zone.objects.create(warehouse=Warehouse.objects.get(code="bengaluru"), courier=air, country="IN", transit_days=2)
    assert ("bengaluru", date(2026, 11, 20)) in ways("110001")


def test_another_country_or_a_closed_warehouse_is_not_served() -> None:
    assert ways("10115", country="DE") == []
    Warehouse.objects.update(is_active=False)
    assert ways("110001") == []


def test_a_sku_comes_from_the_nearest_warehouse_that_has_it() -> None:
    for sku, code, quantity in (
        ("MUG", "delhi", 0),
        ("MUG", "bengaluru", 3),
        ("BOWL", "delhi", 1),
        ("NONE", "delhi", 0),
    ):
        make_stock(sku, quantity, warehouse=code)

    found = delivery.estimate(["MUG", "BOWL", "NONE"], postal_code="110001")

    assert {sku: estimate.warehouse for sku, estimate in found.items()} == {"MUG": "bengaluru", "BOWL": "delhi"}
    assert StockItem.objects.count() == 4


@pytest.mark.parametrize(
    ("code", "country", "is_known"),
    [
        ("110001", "IN", True),
        ("110 001", "IN", True),
        ("11000", "IN", False),
        ("010001", "IN", False),
        ("abcdef", "IN", False),
        ("10115", "DE", True),
        ("", "DE", False),
        ("١١٠٠٠١", "IN", True),
    ],
)
def test_a_postal_code_has_the_form_of_its_country(code: str, country: str, is_known: bool) -> None:
    assert delivery.is_known(code, country) is is_known
