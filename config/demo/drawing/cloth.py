"""Knitted and woven stuff: patterns to fill with, seams, folds and fringes."""

from random import Random

from config.demo.drawing.canvas import Canvas, Point, number
from config.demo.drawing.colour import INK, light, shade


def knit(c: Canvas, colour: str, *, size: float = 1) -> str:
    """Define stocking stitch: columns of small Vs."""
    tile = Canvas(9, 8)
    tile.rect(0, 0, 9, 8, colour)
    tile.path("M.4 .5L4.5 5L8.6 .5", stroke=light(colour, 0.14), stroke_width=2.6, stroke_linecap="round")
    tile.path("M.4 4.6L4.5 9L8.6 4.6", stroke=shade(colour, 0.24), stroke_width=1.1, opacity=0.8)
    return c.pattern(tile, transform=f"scale({number(size)})")


def rib(c: Canvas, colour: str, *, size: float = 1, angle: float = 0) -> str:
    """Define ribbing: upright ridges, or turned by an angle."""
    tile = Canvas(6, 10)
    tile.rect(0, 0, 6, 10, colour)
    tile.rect(0, 0, 2.6, 10, shade(colour, 0.24), opacity=0.75)
    tile.rect(3.4, 0, 1.6, 10, light(colour, 0.14))
    return c.pattern(tile, transform=f"rotate({number(angle)}) scale({number(size)})")


def weave(c: Canvas, colour: str, *, size: float = 1, contrast: float = 0.16) -> str:
    """Define a plain weave of linen or wool."""
    tile = Canvas(4, 4)
    tile.rect(0, 0, 4, 4, colour)
    tile.path("M0 0h2v2h-2ZM2 2h2v2h-2Z", shade(colour, contrast), opacity=0.7)
    tile.path("M2 .4h2M0 2.4h2", stroke=light(colour, contrast), stroke_width=0.7)
    return c.pattern(tile, transform=f"scale({number(size)})")


def terry(c: Canvas, colour: str) -> str:
    """Define the loops of towelling."""
    tile = Canvas(5, 5)
    tile.rect(0, 0, 5, 5, colour)
    tile.circle(1.4, 1.4, 1.2, light(colour, 0.24))
    tile.circle(3.9, 3.8, 1.1, shade(colour, 0.14))
    return c.pattern(tile, transform="rotate(14)")


def across(c: Canvas, *, depth: float = 0.34) -> str:
    """Define the fall of light over flat cloth: a little from the upper left, shade to the lower right."""
    return c.linear([(0, "#ffffff", 0.18), (0.45, "#ffffff", 0), (1, INK, depth)], (0, 0), (1, 0.5))


def crease(c: Canvas, data: str, *, width: float = 8, opacity: float = 0.3) -> None:
    """Draw a soft fold along a path; clip it to the cloth outside."""
    c.path(data, stroke=INK, stroke_width=width, opacity=opacity, filter=c.blur(width * 0.45))
    c.path(
        data,
        stroke="#fff",
        stroke_width=width * 0.6,
        opacity=opacity * 0.5,
        filter=c.blur(width * 0.4),
        transform=f"translate({number(-width * 0.8)} {number(-width * 0.3)})",
    )


def stitches(c: Canvas, data: str, colour: str, *, opacity: float = 0.8) -> None:
    """Draw a sewn seam."""
    c.path(data, stroke=colour, stroke_width=1.6, stroke_dasharray="5 3.4", stroke_linecap="round", opacity=opacity)


def fringe(c: Canvas, x0: float, x1: float, y: float, colour: str, *, length: float = 24, seed: int = 5) -> None:
    """Draw knotted threads hanging from an edge."""
    rng = Random(seed)  # noqa: S311 (a texture, the same every time)
    threads: list[str] = []
    knots: list[Point] = []
    x = x0 + 3
    while x < x1 - 2:
        for spread in (-2.2, 0, 2.2):
            end = x + spread + rng.uniform(-1.4, 1.4)
            threads.append(f"M{number(x)} {number(y)}L{number(end)} {number(y + length * rng.uniform(0.86, 1.08))}")
        knots.append((x, y + 3))
        x += 8
    data = "".join(threads)
    c.path(data, stroke=shade(colour, 0.4), stroke_width=2.2, stroke_linecap="round", transform="translate(1.4 1)")
    c.path(data, stroke=colour, stroke_width=1.8, stroke_linecap="round")
    dots = "".join(f"M{number(kx)} {number(ky)}h0" for kx, ky in knots)
    c.path(dots, stroke=light(colour, 0.2), stroke_width=4.6, stroke_linecap="round")


def cable(c: Canvas, colour: str, *, x: float, y: float, width: float = 22, step: float = 30) -> str:
    """Define a cable of two strands crossing, as a stripe `width` wide centred on x and starting at y."""
    tile = Canvas(width, 2 * step)
    tile.rect(0, 0, width, 2 * step, shade(colour, 0.22))
    near, far = width * 0.26, width * 0.74
    for over in (0, 1):
        for i in (-1, 0, 1, 2):
            start, end = (near, far) if (i + over) % 2 else (far, near)
            top, foot = i * step - step * 0.1, (i + 1) * step + step * 0.1
            data = (
                f"M{number(start)} {number(top)}C{number(start)} {number(top + step * 0.5)} "
                f"{number(end)} {number(foot - step * 0.5)} {number(end)} {number(foot)}"
            )
            tile.path(data, stroke=shade(colour, 0.46), stroke_width=width * 0.42, stroke_linecap="round")
            tile.path(data, stroke=light(colour, 0.1), stroke_width=width * 0.31, stroke_linecap="round")
            tile.path(data, stroke=shade(colour, 0.24), stroke_width=width * 0.26, stroke_dasharray="1 4", opacity=0.6)
    return c.pattern(tile, x=x - width / 2, y=y)
