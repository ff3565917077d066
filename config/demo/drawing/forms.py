"""The studio, and the forms that things are made of: turned, bent, sprinkled, stroked by light from the upper left."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from config.demo.drawing.canvas import Canvas, Point, Stop, number
from config.demo.drawing.colour import INK, brightness, light, mix, shade

TILT = 0.13  # how far circles that lie flat open towards us


def backdrop(c: Canvas, wall: str, floor_y: float | None = 360) -> None:
    """Draw the wall, lit from the upper left, and the soft bend where it becomes the floor (none: a flat lay)."""
    fill = c.radial([(0, light(wall, 0.24)), (0.55, wall), (1, shade(wall, 0.24))], (0.28, 0.18), 0.95)
    c.rect(0, 0, c.width, c.height, fill)
    if floor_y is None:
        return
    lit = light(wall, 0.16)
    floor = c.linear([(0, lit, 0), (0.35, lit), (1, light(wall, 0.06))], (0, 0), (0, 1))
    c.rect(0, floor_y, c.width, c.height - floor_y, floor)


def shadow(c: Canvas, cx: float, y: float, rx: float, *, flatness: float = 0.2, depth: float = 1) -> None:
    """Draw the shadow of something that stands on the floor: wide and soft, and close and dark."""
    soft = c.radial([(0, INK, 0.4 * depth), (0.5, INK, 0.2 * depth), (1, INK, 0)])
    close = c.radial([(0, INK, 0.85 * depth), (0.6, INK, 0.5 * depth), (1, INK, 0)])
    c.ellipse(cx + rx * 0.3, y + 3, rx * 1.5, max(rx * flatness * 1.5, 12), soft)
    c.ellipse(cx + rx * 0.05, y, rx * 1.06, max(rx * flatness * 0.62, 6), close)


def cast(c: Canvas, data: str, *, dx: float = 9, dy: float = 13, blur: float = 8, opacity: float = 0.4) -> None:
    """Draw the shadow of something that lies on the sheet."""
    c.path(data, INK, opacity=opacity, filter=c.blur(blur), transform=f"translate({number(dx)} {number(dy)})")


def curve(points: Sequence[Point]) -> str:
    """Return cubic path data (without its first M) through the points; a point given twice is a corner."""
    return "".join(
        f"C{number(a[0])} {number(a[1])} {number(b[0])} {number(b[1])} {number(p[0])} {number(p[1])}"
        for _, a, b, p in _cubics(points)
    )


def through(points: Sequence[Point], *, closed: bool = False) -> str:
    """Return path data of a smooth curve through the points."""
    if closed:
        lead = [points[-2], points[-1], *points, points[0], points[1]]
        cubics = _cubics(lead)[2:-1]
        start = cubics[0][0]
        body = "".join(
            f"C{number(a[0])} {number(a[1])} {number(b[0])} {number(b[1])} {number(p[0])} {number(p[1])}"
            for _, a, b, p in cubics
        )
        return f"M{number(start[0])} {number(start[1])}{body}Z"
    return f"M{number(points[0][0])} {number(points[0][1])}{curve(points)}"


def _cubics(points: Sequence[Point]) -> list[tuple[Point, Point, Point, Point]]:
    """Turn points into cubic pieces (Catmull-Rom, by chord length, so that it never overshoots much)."""
    pieces = []
    last = len(points) - 1
    for i in range(last):
        p, q = points[i], points[i + 1]
        if p == q:
            continue
        span = math.dist(p, q)
        out = _tangent(points[i - 1] if i else p, p, q)
        into = _tangent(p, q, points[i + 2] if i + 2 <= last else q)
        a = (p[0] + out[0] * span / 3, p[1] + out[1] * span / 3)
        b = (q[0] - into[0] * span / 3, q[1] - into[1] * span / 3)
        pieces.append((p, a, b, q))
    return pieces


def _tangent(before: Point, at: Point, after: Point) -> Point:
    left, right = math.dist(before, at), math.dist(at, after)
    if not left or not right:
        there, here = (after, at) if right else (at, before)
        span = right or left or 1
        return ((there[0] - here[0]) / span, (there[1] - here[1]) / span)
    weight = left + right
    return (
        ((at[0] - before[0]) / left * right + (after[0] - at[0]) / right * left) / weight,
        ((at[1] - before[1]) / left * right + (after[1] - at[1]) / right * left) / weight,
    )


def round_stops(colour: str, *, gloss: float = 0.24) -> list[Stop]:
    """Return the tones across something round, lit from the left, with light thrown back at its right edge."""
    deep = 0.46 if brightness(colour) > 0.35 else 0.36
    return [
        (0, shade(colour, 0.2)),
        (0.24, light(colour, gloss)),
        (0.46, colour),
        (0.84, shade(colour, deep)),
        (1, shade(colour, deep * 0.64)),
    ]


def round_fill(c: Canvas, colour: str, *, gloss: float = 0.24) -> str:
    return c.linear(round_stops(colour, gloss=gloss), (0, 0), (1, 0.1))


def ball_fill(c: Canvas, colour: str, *, gloss: float = 0.3) -> str:
    """Define the tones of a ball."""
    deep = 0.44 if brightness(colour) > 0.35 else 0.34
    return c.radial(
        [(0, light(colour, gloss)), (0.4, colour), (0.86, shade(colour, deep)), (1, shade(colour, deep * 0.76))],
        (0.36, 0.32),
        0.72,
    )


def metal_fill(c: Canvas, colour: str) -> str:
    """Define the hard bands of polished metal."""
    return c.linear(
        [
            (0, shade(colour, 0.4)),
            (0.14, colour),
            (0.26, light(colour, 0.7)),
            (0.38, colour),
            (0.62, shade(colour, 0.42)),
            (0.8, shade(colour, 0.16)),
            (0.9, light(colour, 0.3)),
            (1, shade(colour, 0.4)),
        ]
    )


@dataclass(frozen=True)
class Turned:
    """Something turned on a wheel or a lathe: its outline, the part below its near lip, its half-profile."""

    cx: float
    data: str
    front: str
    samples: tuple[Point, ...]
    tilt: float

    @property
    def top(self) -> Point:
        return self.samples[0]

    @property
    def foot(self) -> Point:
        return self.samples[-1]

    def radius(self, y: float) -> float:
        """Return the radius at a height (of the first crossing from above)."""
        for (r0, y0), (r1, y1) in zip(self.samples, self.samples[1:], strict=False):
            if min(y0, y1) <= y <= max(y0, y1):
                return r0 + (r1 - r0) * ((y - y0) / (y1 - y0) if y1 != y0 else 0)
        return self.foot[0]


def turn(cx: float, profile: Sequence[Point], *, tilt: float = TILT) -> Turned:
    """Turn a half-profile, (radius, y) from top to foot, about the upright axis at `cx`."""
    (top_r, top_y), (foot_r, foot_y) = profile[0], profile[-1]
    right = [(cx + r, y) for r, y in profile]
    left = [(cx - r, y) for r, y in reversed(profile)]
    foot = (
        f"A{number(max(foot_r, 0.1))} {number(max(foot_r * tilt, 0.1))} 0 0 1 {number(cx - foot_r)} {number(foot_y)}"
    )
    top = f"A{number(max(top_r, 0.1))} {number(max(top_r * tilt, 0.1))} 0 0 1 {number(cx + top_r)} {number(top_y)}"
    near = top.replace(" 0 0 1 ", " 0 0 0 ")
    rest = f"{curve(right)}{foot}{curve(left)}Z"
    start = f"M{number(cx - top_r)} {number(top_y)}"
    samples = [profile[0]]
    for p, a, b, q in _cubics(profile):
        for step in range(1, 11):
            t = step / 10
            u = 1 - t
            samples.append(
                (
                    u**3 * p[0] + 3 * u * u * t * a[0] + 3 * u * t * t * b[0] + t**3 * q[0],
                    u**3 * p[1] + 3 * u * u * t * a[1] + 3 * u * t * t * b[1] + t**3 * q[1],
                )
            )
    return Turned(cx, start + top + rest, start + near + rest, tuple(samples), tilt)


def model(c: Canvas, data: str, *, depth: float = 0.34, width: float = 30) -> None:
    """Let an outline fall into shade along its right and lower edge, following its form."""
    with c.group(clip_path=c.clip(data)):
        c.path(
            data,
            stroke=INK,
            stroke_width=width,
            opacity=depth,
            filter=c.blur(width * 0.36),
            transform=f"translate({number(width * 0.22)} {number(width * 0.16)})",
        )


def body(
    c: Canvas,
    form: Turned,
    colour: str,
    *,
    gloss: float = 0.24,
    depth: float = 0.3,
    metal: bool = False,
    fill: str = "",
) -> None:
    """Fill a turned form with a material (or a fill of one's own) and model it."""
    c.path(form.data, fill or (metal_fill(c, colour) if metal else round_fill(c, colour, gloss=gloss)))
    model(c, form.data, depth=depth, width=max(16, min(34, form.radius((form.top[1] + form.foot[1]) / 2) * 0.36)))


def mouth(c: Canvas, form: Turned, colour: str, *, inside: str = "", lip: float = 2.2, fill: str = "") -> None:
    """Draw the open top of a turned form: its inside, and the light on its lip."""
    r, y = form.top
    ry = max(r * form.tilt, 1.5)
    within = inside or colour
    deep = c.linear([(0, shade(within, 0.66)), (0.6, shade(within, 0.42)), (1, shade(within, 0.2))], (0, 0), (1, 0.3))
    edge = c.linear([(0, light(colour, 0.34)), (0.6, light(colour, 0.16)), (1, shade(colour, 0.2))])
    c.ellipse(form.cx, y, r, ry, edge)
    c.ellipse(form.cx, y + lip * 0.35, max(r - lip, 0.5), max(ry - lip * 0.62, 0.5), fill or deep)


def gleam(
    c: Canvas, form: Turned, top: float, foot: float, *, at: float = 0.66, width: float = 8, opacity: float = 0.4
) -> None:
    """Draw the window's light down the left of a turned form, from one height to another."""
    points = []
    for step in range(5):
        y = top + (foot - top) * step / 4
        points.append((form.cx - form.radius(y) * at, y))
    c.path(
        through(points),
        stroke="#fff",
        stroke_width=width,
        stroke_linecap="round",
        opacity=opacity,
        filter=c.blur(max(1.6, width * 0.32)),
    )


def stroke_gleam(c: Canvas, data: str, *, width: float = 6, opacity: float = 0.45) -> None:
    """Draw a soft streak of light along a path."""
    c.path(
        data,
        stroke="#fff",
        stroke_width=width,
        stroke_linecap="round",
        opacity=opacity,
        filter=c.blur(max(1.2, width * 0.34)),
    )


def rod(c: Canvas, data: str, colour: str, width: float, *, cap: str = "round", shine: float = 0.3) -> None:
    """Draw a round rod or wire along a path: its dark edge, its colour, its light."""
    join = {"stroke_linecap": cap, "stroke_linejoin": "round"}
    c.path(data, stroke=shade(colour, 0.5), stroke_width=width, **join)
    c.path(data, stroke=colour, stroke_width=width * 0.76, transform=f"translate({number(-width * 0.07)} 0)", **join)
    c.path(
        data,
        stroke=light(colour, shine),
        stroke_width=width * 0.24,
        transform=f"translate({number(-width * 0.2)} {number(-width * 0.06)})",
        **join,
    )


def speckle(
    c: Canvas,
    box: tuple[float, float, float, float],
    count: int,
    *,
    colour: str = "#2b211b",
    opacity: float = 0.5,
    seed: int = 7,
) -> None:
    """Sprinkle iron specks over a box (x0, y0, x1, y1); clip it to the form outside."""
    rng = Random(seed)  # noqa: S311 (a texture, the same every time)
    x0, y0, x1, y1 = box
    for size, share in ((1.2, 0.5), (1.9, 0.35), (2.7, 0.15)):
        dots = "".join(
            f"M{number(rng.uniform(x0, x1))} {number(rng.uniform(y0, y1))}h0" for _ in range(round(count * share))
        )
        c.path(dots, stroke=colour, stroke_width=size, stroke_linecap="round", opacity=opacity)


def grain(
    c: Canvas,
    box: tuple[float, float, float, float],
    colour: str,
    *,
    lines: int = 12,
    upright: bool = False,
    seed: int = 3,
) -> None:
    """Draw the grain of wood over a box (x0, y0, x1, y1); clip it to the form outside."""
    rng = Random(seed)  # noqa: S311
    x0, y0, x1, y1 = box
    along, across = ((y0, y1), (x0, x1)) if upright else ((x0, x1), (y0, y1))
    for dark, share in ((True, 0.6), (False, 0.4)):
        strokes = []
        for _ in range(max(1, round(lines * share))):
            at = rng.uniform(*across)
            sway = (across[1] - across[0]) * 0.035
            stations = [along[0] + (along[1] - along[0]) * i / 2 for i in range(3)]
            wave = [(s, at + rng.uniform(-sway, sway)) for s in stations]
            strokes.append(through([(b, a) for a, b in wave] if upright else wave))
        tone = shade(colour, 0.4) if dark else light(colour, 0.3)
        c.path("".join(strokes), stroke=tone, stroke_width=1.3 if dark else 1, opacity=0.42)


def tint(colour: str, other: str) -> str:
    """Return a colour that has caught a little of its neighbour."""
    return mix(colour, other, 0.14)
