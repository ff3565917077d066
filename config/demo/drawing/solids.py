"""Things with corners, drawn from measures in a room: x to the right, y up, z towards us, parallel projection."""

import math
from dataclasses import dataclass

from config.demo.drawing.canvas import Canvas, Point, line, number
from config.demo.drawing.colour import INK, light, shade
from config.demo.drawing.forms import grain, model

Place = tuple[float, float, float]


@dataclass(frozen=True)
class View:
    """Where the room's origin lies on the sheet, and how it is turned (degrees) and tipped towards us."""

    x: float = 200
    y: float = 400
    scale: float = 1
    yaw: float = 28
    pitch: float = 13

    def at(self, x: float, y: float, z: float) -> Point:
        """Project a place in the room to the sheet."""
        yaw, pitch = math.radians(self.yaw), math.radians(self.pitch)
        across = x * math.cos(yaw) - z * math.sin(yaw)
        near = x * math.sin(yaw) + z * math.cos(yaw)
        return (
            self.x + self.scale * across,
            self.y - self.scale * (y * math.cos(pitch) - near * math.sin(pitch)),
        )

    def face(self, origin: Place, right: Place, down: Place) -> str:
        """Return the transform that lets one draw flat on a face: one unit right, one unit down from its corner."""
        ox, oy = self.at(*origin)
        rx, ry = self.at(*_plus(origin, right))
        dx, dy = self.at(*_plus(origin, down))
        return "matrix(" + " ".join(f"{v:.3f}" for v in (rx - ox, ry - oy, dx - ox, dy - oy, ox, oy)) + ")"

    def front(self, x: float, y: float, z: float) -> str:
        """Return the transform of an upright face towards us, from its upper left corner."""
        return self.face((x, y, z), (1, 0, 0), (0, -1, 0))

    def side(self, x: float, y: float, z: float) -> str:
        """Return the transform of the face to the right, from its upper near corner."""
        return self.face((x, y, z), (0, 0, -1), (0, -1, 0))

    def top(self, x: float, y: float, z: float) -> str:
        """Return the transform of a level face, from its far left corner."""
        return self.face((x, y, z), (1, 0, 0), (0, 0, 1))


def box(
    c: Canvas,
    view: View,
    corner: Place,
    size: Place,
    colour: str,
    *,
    wood: str = "",
    edge: float = 2,
    depth: float = 0.36,
) -> None:
    """Draw a block from its lower far left corner; `wood` is `along` or `up` for the way its grain runs."""
    (x, y, z), (w, h, d) = corner, size
    faces: tuple[tuple[Place, Place, Place, float, float, str, str], ...] = (
        ((x + w, y + h, z + d), (0, 0, -d), (0, -h, 0), d, h, shade(colour, depth), shade(colour, depth + 0.12)),
        ((x, y + h, z + d), (w, 0, 0), (0, -h, 0), w, h, light(colour, 0.1), shade(colour, 0.12)),
        ((x, y + h, z), (w, 0, 0), (0, 0, d), w, d, light(colour, 0.36), light(colour, 0.14)),
    )
    for i, (origin, right, down, wide, tall, near, far) in enumerate(faces):
        fill = c.linear([(0, near), (1, far)], (0, 0), (1, 0.7))
        across, below = _plus(origin, right), _plus(origin, down)
        corners = [view.at(*place) for place in (origin, across, _plus(across, down), below)]
        c.path(line(corners, closed=True), fill, stroke=fill, stroke_width=edge * view.scale, stroke_linejoin="round")
        if wood and min(wide, tall) > 11:
            upright = wood == "up" and i != 2
            many = max(3, min(16, round((wide if upright else tall) / 5)))
            unit_right, unit_down = _unit(right), _unit(down)
            with (
                c.group(transform=view.face(origin, unit_right, unit_down)),
                c.group(clip_path=c.clip(f"M0 0H{number(wide)}V{number(tall)}H0Z")),
            ):
                grain(
                    c,
                    (0, 0, wide, tall),
                    near if i == 0 else colour,
                    lines=many,
                    upright=upright,
                    seed=i + round(w + h),
                )
    edges = [view.at(x, y + h, z + d), view.at(x + w, y + h, z + d), view.at(x + w, y + h, z)]
    c.path(line(edges), stroke=light(colour, 0.6), stroke_width=1.2, opacity=0.5, stroke_linejoin="round")


def _plus(place: Place, step: Place) -> Place:
    return (place[0] + step[0], place[1] + step[1], place[2] + step[2])


def _unit(step: Place) -> Place:
    length = math.hypot(*step)
    return (step[0] / length, step[1] / length, step[2] / length)


def disc(
    c: Canvas, view: View, centre: Place, radius: float, thickness: float, colour: str, *, wood: bool = False
) -> None:
    """Draw a level round slab; its centre is that of its top."""
    cx, cy = view.at(*centre)
    rx = radius * view.scale
    ry = rx * math.sin(math.radians(view.pitch))
    low = thickness * view.scale * math.cos(math.radians(view.pitch))
    band = (
        f"M{number(cx - rx)} {number(cy)}v{number(low)}a{number(rx)} {number(ry)} 0 0 0 {number(2 * rx)} "
        f"0v{number(-low)}Z"
    )
    c.path(
        band, c.linear([(0, shade(colour, 0.1)), (0.25, light(colour, 0.16)), (0.5, colour), (1, shade(colour, 0.45))])
    )
    top = (
        f"M{number(cx - rx)} {number(cy)}a{number(rx)} {number(ry)} 0 1 0 {number(2 * rx)} 0a{number(rx)} "
        f"{number(ry)} 0 1 0 {number(-2 * rx)} 0Z"
    )
    c.path(
        top,
        c.linear([(0, light(colour, 0.42)), (0.6, light(colour, 0.14)), (1, shade(colour, 0.06))], (0, 0), (1, 0.6)),
    )
    if wood:
        with c.group(clip_path=c.clip(top)):
            grain(c, (cx - rx, cy - ry, cx + rx, cy + ry), colour, lines=9, seed=round(radius))
    c.path(
        band.split("v")[0] + f"a{number(rx)} {number(ry)} 0 0 0 {number(2 * rx)} 0",
        stroke=light(colour, 0.6),
        stroke_width=1.3,
        opacity=0.6,
    )


def leg(c: Canvas, view: View, foot: Place, top: Place, colour: str, *, thick: float = 7, taper: float = 0.62) -> None:
    """Draw a round leg or spindle from its foot to its top; `thick` is its width at the top."""
    (fx, fy), (tx, ty) = view.at(*foot), view.at(*top)
    length = math.hypot(tx - fx, ty - fy) or 1
    nx, ny = -(ty - fy) / length, (tx - fx) / length
    if nx > 0:
        nx, ny = -nx, -ny
    wide, narrow = thick * view.scale / 2, thick * view.scale * taper / 2
    corners = [
        (tx + nx * wide, ty + ny * wide),
        (tx - nx * wide, ty - ny * wide),
        (fx - nx * narrow, fy - ny * narrow),
        (fx + nx * narrow, fy + ny * narrow),
    ]
    middle = ((tx + fx) / 2, (ty + fy) / 2)
    fill = c.linear(
        [(0, shade(colour, 0.12)), (0.3, light(colour, 0.3)), (0.55, colour), (1, shade(colour, 0.45))],
        (middle[0] + nx * wide, middle[1] + ny * wide),
        (middle[0] - nx * wide, middle[1] - ny * wide),
        on_sheet=True,
    )
    c.path(line(corners, closed=True), fill, stroke=fill, stroke_width=1, stroke_linejoin="round")


def floor_shadow(c: Canvas, view: View, corners: tuple[Place, ...], *, blur: float = 8, opacity: float = 0.42) -> None:
    """Draw the soft shadow of a footprint (places on the floor), drawn out to the right."""
    points = [view.at(*place) for place in corners]
    data = line(points, closed=True)
    c.path(data, INK, opacity=opacity * 0.7, filter=c.blur(blur * 1.8), transform="translate(22 4)")
    c.path(data, INK, opacity=opacity, filter=c.blur(blur * 0.5), transform="translate(3 1)")


def footprint(x: float, z: float, w: float, d: float) -> tuple[Place, ...]:
    """Return the floor corners of a block."""
    return ((x, 0, z), (x + w, 0, z), (x + w, 0, z + d), (x, 0, z + d))


def pad(c: Canvas, data: str, colour: str, fill: str = "", *, width: float = 24) -> None:
    """Draw an upholstered shape: filled, puffed out, its seam lit."""
    c.path(data, fill or colour)
    puff = c.radial([(0, "#ffffff", 0.3), (0.5, "#ffffff", 0), (1, shade(colour, 0.85), 0.5)], (0.36, 0.28), 0.85)
    c.path(data, puff)
    model(c, data, width=width)
    c.path(data, stroke=light(colour, 0.3), stroke_width=1.4, opacity=0.5)
