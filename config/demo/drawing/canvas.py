"""A sheet of SVG that one draws on, back to front."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from string import ascii_letters

Attribute = str | float | None
Stop = tuple[float, str] | tuple[float, str, float]
Point = tuple[float, float]


def number(value: float) -> str:
    """Write a coordinate with one decimal at most."""
    return (
        f"{value:.1f}".removesuffix(".0").replace("-0.", "-.")
        if abs(value) >= 1
        else f"{value:.2f}".rstrip("0").rstrip(".") or "0"
    )


def line(points: Sequence[Point], *, closed: bool = False) -> str:
    """Return path data of straight lines through the points."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + ("Z" if closed else "")


class Canvas:
    """Collects definitions (each once) and marks, and writes them as one SVG document.

    Everything is drawn in units of 400 by 500 for products and 1600 by 900 for shows.
    """

    def __init__(self, width: float = 400, height: float = 500) -> None:
        self.width = width
        self.height = height
        self._definitions: dict[str, str] = {}
        self._marks: list[str] = []

    def define(self, markup: str) -> str:
        """Define a gradient, clip, filter or pattern once (`ID` stands for its name); return its reference."""
        if markup not in self._definitions:
            high, low = divmod(len(self._definitions), len(ascii_letters))
            self._definitions[markup] = ascii_letters[low] + (str(high) if high else "")
        return f"url(#{self._definitions[markup]})"

    def linear(
        self, stops: Sequence[Stop], start: Point = (0, 0), end: Point = (1, 0), *, on_sheet: bool = False
    ) -> str:
        """Define a linear gradient, in fractions of the shape or, `on_sheet`, in the sheet's own units."""
        units = ' gradientUnits="userSpaceOnUse"' if on_sheet else ""
        ends = "".join(f' {k}="{number(v)}"' for k, v in zip(("x1", "y1", "x2", "y2"), (*start, *end), strict=True))
        return self.define(f'<linearGradient id="ID"{ends}{units}>{_stops(stops)}</linearGradient>')

    def radial(self, stops: Sequence[Stop], centre: Point = (0.5, 0.5), radius: float = 0.5) -> str:
        """Define a radial gradient in fractions of the shape."""
        x, y = centre
        place = f'cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"'
        return self.define(f'<radialGradient id="ID" {place}>{_stops(stops)}</radialGradient>')

    def blur(self, deviation: float) -> str:
        """Define a blur. Its room is the sheet and a little more: that of a thin line would be no room at all."""
        room = f'x="-40" y="-40" width="{number(self.width + 80)}" height="{number(self.height + 80)}"'
        spread = f'<feGaussianBlur stdDeviation="{number(deviation)}"/>'
        return self.define(f'<filter id="ID" filterUnits="userSpaceOnUse" {room}>{spread}</filter>')

    def clip(self, data: str) -> str:
        """Define a clip in the form of path data."""
        return self.define(f'<clipPath id="ID"><path d="{data}"/></clipPath>')

    def pattern(self, tile: "Canvas", *, transform: str = "", x: float = 0, y: float = 0) -> str:
        """Define a pattern that repeats what was drawn on `tile`, a canvas of the tile's size."""
        turned = f' patternTransform="{transform}"' if transform else ""
        place = _attributes(x=x or None, y=y or None, width=tile.width, height=tile.height)
        return self.define(
            f'<pattern id="ID"{place} patternUnits="userSpaceOnUse"{turned}>{"".join(tile._marks)}</pattern>'
        )

    def add(self, markup: str) -> None:
        self._marks.append(markup)

    def path(self, data: str, fill: str = "none", **attributes: Attribute) -> None:
        self.add(f'<path d="{data}"{_attributes(fill=fill, **attributes)}/>')

    def ellipse(self, cx: float, cy: float, rx: float, ry: float, fill: str = "none", **attributes: Attribute) -> None:
        self.add(f"<ellipse{_attributes(cx=cx, cy=cy, rx=rx, ry=ry, fill=fill, **attributes)}/>")

    def circle(self, cx: float, cy: float, r: float, fill: str = "none", **attributes: Attribute) -> None:
        self.add(f"<circle{_attributes(cx=cx, cy=cy, r=r, fill=fill, **attributes)}/>")

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str = "none", **attributes: Attribute
    ) -> None:
        self.add(f"<rect{_attributes(x=x, y=y, width=width, height=height, fill=fill, **attributes)}/>")

    @contextmanager
    def group(self, **attributes: Attribute) -> Iterator[None]:
        """Put what is drawn inside into one group (`clip_path`, `transform`, `opacity`, …)."""
        self.add(f"<g{_attributes(**attributes)}>")
        yield
        self.add("</g>")

    def markup(self, *, scale: float = 2) -> str:
        """Return the document; its own size is the sheet's times `scale`."""
        definitions = "".join(m.replace('id="ID"', f'id="{name}"', 1) for m, name in self._definitions.items())
        size = f'width="{number(self.width * scale)}" height="{number(self.height * scale)}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {number(self.width)} {number(self.height)}">'
            f"<defs>{definitions}</defs>{''.join(self._marks)}</svg>\n"
        )


def _stops(stops: Sequence[Stop]) -> str:
    return "".join(
        f'<stop offset="{number(stop[0])}" stop-color="{stop[1]}"'
        + (f' stop-opacity="{number(stop[2])}"' if len(stop) == 3 else "")
        + "/>"
        for stop in stops
    )


def _attributes(**attributes: Attribute) -> str:
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{value if isinstance(value, str) else number(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
