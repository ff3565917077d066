"""Headphones, speakers, a turntable, a radio, earbuds, a crate of records, a microphone."""

import math

from config.demo.drawing.canvas import Canvas, number
from config.demo.drawing.cloth import weave
from config.demo.drawing.colour import light, shade
from config.demo.drawing.forms import (
    body,
    grain,
    metal_fill,
    model,
    rod,
    round_fill,
    shadow,
    stroke_gleam,
    turn,
)
from config.demo.drawing.solids import View, box, disc, floor_shadow, footprint

WALNUT = "#7a5238"
STEEL = "#b8b9b6"
CONE = "#26221f"


def headphones(c: Canvas, *, cup: str, leather: str, open_back: bool = False) -> None:
    """Headphones that stand on their pads."""
    for x in (133, 291):
        shadow(c, x, 392, 54, flatness=0.16)
    bow = "M104 300C92 92 308 92 296 300"
    c.path(bow, stroke=shade(cup, 0.4), stroke_width=9)
    wire = c.linear([(0, light(cup, 0.4)), (0.5, light(cup, 0.1)), (1, shade(cup, 0.5))])
    c.path(bow, stroke=wire, stroke_width=6)
    band = "M122 206C142 128 258 128 278 206"
    c.path(band, stroke=shade(leather, 0.5), stroke_width=25, stroke_linecap="round")
    c.path(band, stroke=round_fill(c, leather), stroke_width=22, stroke_linecap="round")
    c.path(
        "M130 192C152 132 240 130 262 172",
        stroke=light(leather, 0.5),
        stroke_width=3,
        opacity=0.6,
        stroke_linecap="round",
    )
    for turned, pad_x, cup_x in (("rotate(7 112 322)", 118, 74), ("rotate(-7 288 322)", 242, 270)):
        with c.group(transform=turned):
            c.rect(pad_x, 252, 40, 138, round_fill(c, leather), rx=20)
            c.rect(cup_x, 258, 56, 126, round_fill(c, cup), rx=27)
            if open_back:
                grill = "".join(f"M{cup_x + 12} {y}h32" for y in range(278, 368, 7))
                c.path(grill, stroke=shade(cup, 0.6), stroke_width=3, stroke_linecap="round")
            c.rect(cup_x + 9, 276, 12, 90, "#fff", rx=6, opacity=0.14)
            c.circle(cup_x + 28, 292 if not open_back else 268, 5, light(cup, 0.5))


def _driver(c: Canvas, x: float, y: float, r: float, *, cone: str = CONE, ring: str = STEEL) -> None:
    """Draw a loudspeaker's cone, face on."""
    c.circle(x, y, r, c.linear([(0, shade(ring, 0.5)), (0.5, ring), (1, light(ring, 0.4))], (0, 0), (1, 1)))
    c.circle(x, y, r * 0.9, shade(cone, 0.5))
    c.circle(
        x,
        y,
        r * 0.82,
        c.radial([(0, shade(cone, 0.6)), (0.34, shade(cone, 0.3)), (1, light(cone, 0.2))], (0.46, 0.46), 0.6),
    )
    c.circle(x, y, r * 0.3, c.radial([(0, light(cone, 0.46)), (0.6, cone), (1, shade(cone, 0.6))], (0.36, 0.3), 0.8))


def shelf_speakers(c: Canvas, *, wood: str = WALNUT) -> None:
    """A pair of two-way speakers in wood."""
    for x, y, scale in ((272, 372, 0.84), (142, 404, 1.0)):
        view = View(x, y, scale, 24, 11)
        floor_shadow(c, view, footprint(-58, -52, 116, 104), blur=9, opacity=0.5)
        box(c, view, (-58, 0, -52), (116, 206, 104), wood, wood="up", edge=5)
        with c.group(transform=view.front(-58, 206, 52.5)):
            c.rect(7, 7, 102, 192, shade(wood, 0.62), rx=4)
            _driver(c, 58, 132, 44)
            _driver(c, 58, 50, 23)
            c.rect(44, 186, 28, 3, light(wood, 0.5), opacity=0.7)
            c.path("M7 7H109L60 199H7Z", "#fff", opacity=0.05)


def portable_speaker(c: Canvas, *, cloth: str, strap: str = WALNUT) -> None:
    """A small speaker wrapped in cloth, with a leather loop."""
    shadow(c, 206, 412, 104, flatness=0.16)
    rod(c, "M284 176C330 150 346 190 316 222", strap, 13, shine=0.2)
    c.rect(92, 156, 216, 256, shade(cloth, 0.5), rx=54, transform="translate(5 1)")
    shape = (
        "M146 154H254C286 154 306 176 306 208V358C306 392 286 412 254 412H146C114 412 94 392 94 358V208"
        "C94 176 114 154 146 154Z"
    )
    c.path(shape, weave(c, cloth, size=1.3, contrast=0.3))
    c.path(
        shape,
        c.linear(
            [
                (0, "#170f0c", 0.2),
                (0.24, "#ffffff", 0.26),
                (0.46, "#ffffff", 0),
                (0.84, "#170f0c", 0.42),
                (1, "#170f0c", 0.28),
            ]
        ),
    )
    model(c, shape, width=34)
    lid = "M116 180C126 160 140 154 150 154H250C262 154 276 160 284 180C250 170 150 170 116 180Z"
    c.path(lid, c.linear([(0, light(cloth, 0.1)), (0.3, light(cloth, 0.4)), (1, shade(cloth, 0.3))]))
    for x in (168, 200, 232):
        c.ellipse(x, 163, 9, 2.6, shade(cloth, 0.4))
    stroke_gleam(c, "M116 340V226C116 206 122 196 132 188", width=9, opacity=0.3)
    c.rect(176, 366, 48, 15, metal_fill(c, "#b98f4e"), rx=3)
    c.rect(181, 371, 38, 2, "#5a4422", opacity=0.6)


def turntable(c: Canvas, *, wood: str = WALNUT, label: str = "#c9532f") -> None:
    """A belt-driven turntable, a record on it."""
    view = View(196, 316, 1.02, 22, 34)
    floor_shadow(c, view, footprint(-138, -104, 276, 208), blur=14, opacity=0.5)
    for x, z in ((-112, 84), (112, 84)):
        fx, fy = view.at(x, 0, z)
        c.ellipse(fx, fy - 2, 18, 8, "#1d1815")
    box(c, view, (-138, 8, -104), (276, 34, 208), wood, wood="along", edge=5)
    with c.group(transform=view.top(-130, 42.5, -96)):
        c.rect(0, 0, 260, 192, c.linear([(0, light(wood, 0.4)), (1, light(wood, 0.1))], (0, 0), (1, 1)), rx=4)
        with c.group(clip_path=c.clip("M0 0H260V192H0Z")):
            grain(c, (0, 0, 260, 192), wood, lines=18)
    disc(c, view, (-26, 56, 0), 90, 10, STEEL)
    disc(c, view, (-26, 59, 0), 87, 2, "#1c1a1b")
    with c.group(transform=view.top(-26, 59.5, 0)):
        for r in (80, 72, 64, 56, 48, 40):
            c.circle(0, 0, r, "none", stroke="#4a4648", stroke_width=0.9, opacity=0.7)
        c.path("M0 0L-86 -20A88 88 0 0 1 -62 -62ZM0 0L86 20A88 88 0 0 1 62 62Z", "#fff", opacity=0.1)
        c.circle(0, 0, 29, c.linear([(0, light(label, 0.24)), (1, shade(label, 0.16))], (0, 0), (1, 1)))
        c.circle(0, 0, 21, "none", stroke=light(label, 0.6), stroke_width=1, opacity=0.7)
        c.circle(0, 0, 3.4, "#e8e4dc")
    px, py = view.at(96, 62, -66)
    disc(c, view, (96, 56, -66), 24, 12, "#3a3634")
    nx, ny = view.at(20, 66, 44)
    c.path(
        f"M{number(px + 6)} {number(py + 10)}L{number(px + 30)} {number(py + 104)}L{number(nx + 6)} {number(ny + 6)}",
        stroke="#170f0c",
        stroke_width=6,
        opacity=0.3,
        filter=c.blur(3),
        stroke_linejoin="round",
    )
    rod(
        c,
        f"M{number(px - 6)} {number(py - 12)}L{number(px)} {number(py)}"
        f"L{number(px + 22)} {number(py + 92)}L{number(nx)} {number(ny)}",
        STEEL,
        6,
        shine=0.8,
    )
    c.path(
        f"M{number(nx - 9)} {number(ny + 3)}L{number(nx + 9)} {number(ny - 6)}",
        stroke="#1d1815",
        stroke_width=10,
        stroke_linecap="round",
    )
    c.circle(px - 6, py - 14, 9, c.radial([(0, "#ffffff"), (0.5, STEEL), (1, "#55534f")], (0.36, 0.3), 0.8))
    for x in (84, 112):
        disc(c, view, (x, 50, 80), 9, 7, STEEL)


def radio(c: Canvas, *, colour: str, wood: str = WALNUT) -> None:
    """A table radio with one big dial."""
    view = View(190, 396, 1, 20, 11)
    floor_shadow(c, view, footprint(-126, -48, 252, 96), blur=10, opacity=0.5)
    rod(c, "M258 190L312 66", STEEL, 4, shine=0.8)
    c.circle(312, 66, 4, light(STEEL, 0.5))
    box(c, view, (-130, 8, -48), (260, 164, 96), wood, wood="along", edge=9)
    with c.group(transform=view.front(-130, 172, 48.5)):
        c.rect(9, 9, 242, 146, c.linear([(0, light(colour, 0.16)), (1, shade(colour, 0.1))], (0, 0), (1, 1)), rx=8)
        holes = "".join(
            f"M{x + (4 if (y // 8) % 2 else 0)} {y}h0" for y in range(28, 142, 8) for x in range(26, 134, 8)
        )
        c.path(holes, stroke=shade(colour, 0.66), stroke_width=4, stroke_linecap="round")
        c.circle(194, 66, 43, shade(colour, 0.3))
        c.circle(193, 64, 41, c.radial([(0, "#fffaf0"), (1, "#e2d5b8")], (0.4, 0.36), 0.8))
        for i in range(19):
            angle = math.radians(-135 + i * 15)
            inner = 29 if i % 3 == 0 else 32
            c.path(
                f"M{number(193 + inner * math.sin(angle))} {number(64 - inner * math.cos(angle))}"
                f"L{number(193 + 36 * math.sin(angle))} {number(64 - 36 * math.cos(angle))}",
                stroke="#5a4a3a",
                stroke_width=1.6,
            )
        c.path("M193 64L214 40", stroke="#c9281e", stroke_width=2.4)
        c.circle(193, 64, 15, c.radial([(0, light(STEEL, 0.7)), (1, shade(STEEL, 0.4))], (0.36, 0.3), 0.8))
        for x in (164, 193, 222):
            c.circle(x, 131, 9, c.radial([(0, light(STEEL, 0.7)), (1, shade(STEEL, 0.4))], (0.36, 0.3), 0.8))
        c.rect(3, 3, 254, 158, "none", stroke="#fff", stroke_width=1, opacity=0.16, rx=8)


def earbuds(c: Canvas, *, colour: str) -> None:
    """Two earbuds before their open case."""
    shadow(c, 204, 352, 104, flatness=0.2)
    lid = "M104 236C104 176 150 158 200 158C250 158 296 176 296 236V262H104Z"
    c.path(lid, round_fill(c, shade(colour, 0.12)))
    c.path("M118 250C118 194 156 176 200 176C244 176 282 194 282 250V264H118Z", shade(colour, 0.6))
    model(c, lid, width=20)
    tray = "M104 262H296V300C296 340 262 354 200 354C138 354 104 340 104 300Z"
    c.ellipse(200, 262, 96, 17, shade(colour, 0.5))
    for x in (166, 234):
        c.ellipse(x, 263, 21, 8, shade(colour, 0.75))
    front = "M104 262C118 284 282 284 296 262V300C296 340 262 354 200 354C138 354 104 340 104 300Z"
    c.path(front, round_fill(c, colour, gloss=0.3))
    model(c, tray, width=26)
    c.path("M104 262C118 284 282 284 296 262", stroke=light(colour, 0.5), stroke_width=2.4)
    c.circle(200, 318, 4, "#8fe0a8")
    stroke_gleam(c, "M120 290C122 312 132 326 148 334", width=7, opacity=0.34)
    for x, y, turned in ((110, 404, -24), (286, 410, 28)):
        shadow(c, x + 6, y + 14, 34, flatness=0.3)
        with c.group(transform=f"rotate({turned} {x} {y})"):
            c.path(f"M{x - 2} {y - 6}l10 52", stroke=shade(colour, 0.35), stroke_width=15, stroke_linecap="round")
            c.path(f"M{x - 3} {y - 6}l10 51", stroke=colour, stroke_width=11, stroke_linecap="round")
            c.ellipse(x - 20, y - 6, 13, 17, c.radial([(0, "#5a5654"), (1, "#1f1c1b")], (0.36, 0.3), 0.8))
            c.ellipse(
                x,
                y - 6,
                24,
                23,
                c.radial([(0, light(colour, 0.5)), (0.5, colour), (1, shade(colour, 0.5))], (0.36, 0.28), 0.8),
            )
            c.ellipse(x - 5, y - 13, 6, 5, "#fff", opacity=0.5)


def record_crate(c: Canvas, *, wood: str = "#cda272") -> None:
    """A crate of records, one pulled up."""
    view = View(188, 408, 1.02, 26, 18)
    floor_shadow(c, view, footprint(-92, -76, 184, 152), blur=11, opacity=0.46)
    box(c, view, (-92, 0, -76), (8, 120, 152), shade(wood, 0.1), edge=1)
    box(c, view, (-92, 0, -76), (184, 120, 8), shade(wood, 0.2), wood="along", edge=1)
    covers = (
        "#2f4454",
        "#b8492b",
        "#e2d8c4",
        "#6f8f83",
        "#d0a03a",
        "#74505c",
        "#3a3634",
        "#c3b7aa",
        "#4f7f86",
        "#b9674a",
        "#e6dccb",
    )
    for i, colour in enumerate(covers):
        z = -58 + i * 11
        rise = 66 if i == 6 else (i * 7) % 11
        box(c, view, (-78, 14, z), (156, 136 + rise, 4), colour, edge=0.6)
        if i in (6, 10):
            with c.group(transform=view.front(-78, 150 + rise, z + 4.3)):
                art = "#d8c9a8" if i == 6 else "#b8492b"
                c.circle(78, 62, 44, art)
                c.path("M78 18A44 44 0 0 1 78 106Z", shade(art, 0.3))
                c.rect(14, 116, 70, 5, art)
    box(c, view, (84, 0, -76), (8, 120, 152), wood, edge=1)
    box(c, view, (-92, 0, 68), (184, 50, 8), wood, wood="along", edge=1)
    box(c, view, (-92, 66, 68), (184, 50, 8), wood, wood="along", edge=1)
    with c.group(transform=view.front(-92, 116, 76.5)):
        c.rect(64, 12, 56, 15, shade(wood, 0.75), rx=7.5)
        for x in (9, 175):
            c.path(
                f"M{x} 10h0M{x} 40h0M{x} 76h0M{x} 106h0",
                stroke=shade(wood, 0.6),
                stroke_width=4,
                stroke_linecap="round",
            )


def microphone(c: Canvas, *, colour: str, metal: str = STEEL) -> None:
    """A table microphone on a round foot."""
    shadow(c, 202, 412, 66)
    foot = turn(200, ((16, 384), (60, 392), (64, 402), (62, 410)))
    rod(c, "M200 390V318", metal, 10, shine=0.7)
    body(c, foot, colour, gloss=0.3)
    rod(c, "M126 236C126 344 274 344 274 236", metal, 9, shine=0.7)
    capsule = turn(200, ((50, 226), (50, 226), (50, 288), (46, 302), (20, 310)))
    head = "M150 226C150 130 168 104 200 104C232 104 250 130 250 226Z"
    c.path(head, metal_fill(c, metal))
    net = Canvas(6, 6)
    net.path("M0 0H6M0 0V6", stroke="#2a2725", stroke_width=2.4)
    mesh = c.pattern(net, transform="rotate(45)")
    c.path(head, mesh)
    model(c, head, width=26)
    c.path("M200 104V226", stroke=shade(metal, 0.1), stroke_width=7)
    body(c, capsule, colour, gloss=0.34)
    body(c, turn(200, ((53, 218), (53, 218), (53, 230))), metal, metal=True, depth=0.2)
    stroke_gleam(c, "M166 206C166 156 176 132 188 122", width=7, opacity=0.5)
    for x in (126, 274):
        c.circle(x, 236, 11, c.radial([(0, light(colour, 0.4)), (1, shade(colour, 0.4))], (0.36, 0.3), 0.8))
    c.circle(200, 262, 5, "#8fe0a8")
