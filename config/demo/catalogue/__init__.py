"""What the demo's shop sells, in the order of its shelves."""

from config.demo.catalogue import ceramics, furniture, kitchen, knitwear, light, sound, stationery, textiles, travel
from config.demo.catalogue.goods import Item, Shelf

SHELVES: tuple[Shelf, ...] = (
    ceramics.SHELF,
    light.SHELF,
    knitwear.SHELF,
    sound.SHELF,
    furniture.SHELF,
    kitchen.SHELF,
    textiles.SHELF,
    stationery.SHELF,
    travel.SHELF,
)


def items() -> list[Item]:
    """Return every item of every shelf."""
    return [item for shelf in SHELVES for item in shelf.items]
