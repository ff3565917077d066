"""What the demo's catalogue is written in: items, their colours and sizes, and how each is pictured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.text import slugify

from config.demo.drawing.canvas import Canvas
from config.demo.drawing.forms import backdrop

FLOOR = 360

SAND = "#d7b79b"
LAGOON = "#22393e"
TERRACOTTA = "#b9674a"
SAGE = "#b8bfa6"
OLIVE = "#97a08a"
HONEY = "#c8a24a"
MIST = "#7d97a3"
PLUM = "#74505c"
OAT = "#e0d8cb"
FOG = "#c9cfc9"
TAUPE = "#c3b7aa"
ROSE = "#bf8f86"
DUSK = "#3c4a5c"
FOREST = "#4c5a52"
UMBER = "#7a6a58"


@dataclass(frozen=True)
class Art:
    """One picture: what draws the thing, on which wall, and where the floor begins (None: laid flat or hung)."""

    draw: Callable[[Canvas], None]
    wall: str
    floor_y: float | None = FLOOR

    def markup(self) -> str:
        """Return the picture as an SVG document of 800 by 1000."""
        canvas = Canvas()
        backdrop(canvas, self.wall, self.floor_y)
        self.draw(canvas)
        return canvas.markup()


@dataclass(frozen=True)
class Choice:
    """One variant: the end of its SKU, its options, its price, and its colour ("" for a sole one)."""

    code: str
    options: Mapping[str, str]
    price_minor: int
    colour: str

    @property
    def label(self) -> str:
        return ", ".join(self.options.values())


@dataclass(frozen=True)
class Item:
    """A product: words, facts, price, and a picture for each colour it comes in.

    `colours` maps a colour's name to its picture; an item of one look has the single key "".
    `sizes` maps a size to what it costs more, in minor units.
    """

    name: str
    sku: str
    price_minor: int
    text: str
    facts: Mapping[str, str]
    colours: Mapping[str, Art]
    sizes: Mapping[str, int] = field(default_factory=dict)
    size_word: str = "Size"
    sold_out: Sequence[str] = ()
    scarce: Mapping[str, int] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return slugify(self.name)

    def choices(self) -> list[Choice]:
        """Return the variants: every colour in every size."""
        return [
            Choice(
                code="-".join(part for part in (self.sku, slugify(colour).upper(), _size_code(size)) if part),
                options={k: v for k, v in (("Colour", colour), (self.size_word, size)) if v},
                price_minor=self.price_minor + extra,
                colour=colour,
            )
            for colour in self.colours
            for size, extra in (self.sizes or {"": 0}).items()
        ]


@dataclass(frozen=True)
class Shelf:
    """A category and its items."""

    name: str
    items: Sequence[Item]

    @property
    def slug(self) -> str:
        return slugify(self.name)


def one(draw: Callable[[Canvas], None], wall: str, floor_y: float | None = FLOOR) -> dict[str, Art]:
    """Return the picture of an item that comes in one look."""
    return {"": Art(draw, wall, floor_y)}


def _size_code(size: str) -> str:
    return slugify(size).upper().replace("-", "")
