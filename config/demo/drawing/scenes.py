"""Rooms of 1600 by 900 with things on a table, for the posters of shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.demo.drawing.canvas import Canvas, number
from config.demo.drawing.colour import light, shade
from config.demo.drawing.forms import backdrop, grain

FOOT_Y = 410  # where things stand on a product's sheet, and their middle
MIDDLE_X = 200


@dataclass(frozen=True)
class Placed:
    """A thing as a product's picture draws it, and where its foot stands in the room."""

    draw: Callable[[Canvas], None]
    x: float
    foot_y: float
    scale: float = 1


def by_the_window(things: Sequence[Placed], *, wall: str, table: str, table_y: float = 660) -> str:
    """Return the document of a room with the morning coming in from the left."""
    c = Canvas(1600, 900)
    c.rect(0, 0, 1600, 900, c.linear([(0, light(wall, 0.2)), (0.4, wall), (1, shade(wall, 0.55))], (0, 0), (1, 0.5)))
    _window_light(c)
    _table(c, table, table_y)
    for thing in things:
        x, y = thing.x - MIDDLE_X * thing.scale, thing.foot_y - FOOT_Y * thing.scale
        with c.group(transform=f"translate({number(x)} {number(y)}) scale({number(thing.scale)})"):
            thing.draw(c)
    c.rect(
        0, 0, 1600, 900, c.radial([(0, "#170f0c", 0), (0.6, "#170f0c", 0), (1, "#170f0c", 0.5)], (0.42, 0.46), 0.75)
    )
    return c.markup(scale=1)


def _window_light(c: Canvas) -> None:
    """Draw the panes that the sun throws on the wall."""
    with c.group(opacity=0.5, filter=c.blur(7), transform="skewY(9)"):
        for column in range(3):
            for row in range(3):
                pane = c.linear([(0, "#fff3d6", 0.85), (1, "#ffe2ae", 0.4)], (0, 0), (1, 1))
                c.rect(470 + column * 190 + row * 22, -60 + row * 178, 172, 160, pane)
    beam = c.linear([(0, "#fff3d6", 0.34), (1, "#fff3d6", 0)], (0, 0), (0.8, 0.9))
    c.path("M-90 -90L400 -90L1240 990H-90Z", beam, filter=c.blur(46))


def _table(c: Canvas, wood: str, y: float) -> None:
    """Draw the table's top from its far edge at y, down to the sheet's foot."""
    c.rect(0, y - 14, 1600, 14, "#170f0c", opacity=0.3, filter=c.blur(9))
    c.rect(0, y, 1600, 900 - y, c.linear([(0, light(wood, 0.2)), (0.12, wood), (1, shade(wood, 0.5))], (0, 0), (0, 1)))
    with c.group(opacity=0.7):
        grain(c, (0, y + 14, 1600, 900), wood, lines=16, seed=21)
    c.rect(0, y, 1600, 4, light(wood, 0.6), opacity=0.7)
    c.ellipse(620, y + 90, 620, 90, c.radial([(0, "#fff3d6", 0.4), (1, "#fff3d6", 0)]))


def close_up(thing: Callable[[Canvas], None], *, wall: str, floor_y: float | None, scale: float = 1.7) -> str:
    """Return the document of one thing filling the picture, as a second camera sees it."""
    c = Canvas(1600, 900)
    backdrop(c, wall, floor_y and 900 - (500 - floor_y) * scale)
    x, y = 800 - MIDDLE_X * scale, 900 - 470 * scale if floor_y else 450 - 250 * scale
    with c.group(transform=f"translate({number(x)} {number(y)}) scale({number(scale)})"):
        thing(c)
    return c.markup(scale=1)
