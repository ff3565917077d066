"""Lamps, a lantern and candles. What is lit, lights the wall behind it."""

from config.demo.drawing.canvas import Canvas, number
from config.demo.drawing.colour import light, shade
from config.demo.drawing.forms import (
    ball_fill,
    body,
    gleam,
    grain,
    metal_fill,
    model,
    rod,
    round_fill,
    shadow,
    stroke_gleam,
    turn,
)

BRASS = "#b98f4e"
ASH = "#c79a68"
GLOW = "#ffdc96"


def _glow(c: Canvas, cx: float, cy: float, rx: float, ry: float, *, strength: float = 1) -> None:
    """Let a lamp light what is behind it."""
    warm = [(0, "#fff3d0", 0.95 * strength), (0.4, GLOW, 0.45 * strength), (1, "#ffcf80", 0.0)]
    c.ellipse(cx, cy, rx, ry, c.radial(warm))


def _cord(c: Canvas, data: str, colour: str = "#3a322c") -> None:
    c.path(data, stroke=shade(colour, 0.4), stroke_width=3.4, stroke_linecap="round")
    c.path(data, stroke=light(colour, 0.2), stroke_width=1.2, stroke_linecap="round", transform="translate(-.6 0)")


def dome_lamp(c: Canvas, *, colour: str, base: str = "") -> None:
    """A table lamp under a dome."""
    foot = base or colour
    shadow(c, 202, 414, 78)
    _glow(c, 200, 290, 190, 150)
    stem = turn(200, ((17, 230), (16, 388)))
    c.path(stem.data, round_fill(c, shade(foot, 0.08)))
    plate = turn(200, ((20, 385), (46, 388), (66, 396), (68, 404), (64, 410)))
    body(c, plate, foot, gloss=0.28)
    c.ellipse(200, 389, 36, 4, light(foot, 0.4), opacity=0.4)
    c.ellipse(200, 234, 112, 19, "#fff1cf")
    c.ellipse(200, 236, 84, 12, "#fffaf0")
    dome = "M86 234C84 150 136 104 200 104C264 104 316 150 314 234C300 246 256 222 200 222C144 222 100 246 86 234Z"
    c.path(dome, round_fill(c, colour, gloss=0.26))
    model(c, dome, width=32)
    c.path(
        "M86 234C100 246 144 222 200 222C256 222 300 246 314 234",
        stroke=light(colour, 0.4),
        stroke_width=2,
        opacity=0.7,
    )
    stroke_gleam(c, "M112 202C118 164 142 138 172 128", width=9, opacity=0.5)


def globe_lamp(c: Canvas, *, metal: str = BRASS) -> None:
    """A ball of opal glass on a metal stand."""
    shadow(c, 202, 414, 70)
    _glow(c, 200, 222, 196, 190)
    plate = turn(200, ((62, 398), (62, 398), (62, 406)))
    c.path("M194 318h12v80h-12Z", metal_fill(c, metal))
    body(c, plate, metal, metal=True, depth=0.2)
    c.ellipse(200, 398, 62, 8, light(metal, 0.26))
    body(c, turn(200, ((30, 304), (36, 318), (14, 330), (9, 336))), metal, metal=True, depth=0.2)
    glass = c.radial([(0, "#ffffff"), (0.5, "#fff4dc"), (0.84, "#f6dcae"), (1, "#dcb986")], (0.46, 0.44), 0.58)
    c.circle(200, 214, 98, glass)
    stroke_gleam(c, "M130 196C136 160 158 138 188 130", width=8, opacity=0.8)


def desk_lamp(c: Canvas, *, colour: str, metal: str = "#b9b4ab") -> None:
    """A jointed work lamp, its head bent over the desk."""
    shadow(c, 238, 414, 66)
    cone = c.linear([(0, "#fff3d0", 0.75), (0.55, GLOW, 0.3), (1, GLOW, 0)], (0.4, 0), (0.5, 1))
    c.path("M74 196L192 236L216 414C150 426 60 424 22 408Z", cone)
    c.ellipse(118, 412, 104, 13, c.radial([(0, "#fff6dc", 0.75), (1, GLOW, 0)]))
    base = turn(240, ((58, 402), (58, 402), (60, 410)))
    rod(c, "M240 402L276 276", metal, 8)
    rod(c, "M250 402L286 276", metal, 5)
    rod(c, "M280 276L158 152", metal, 8)
    rod(c, "M288 266L168 146", metal, 5)
    body(c, base, colour)
    c.ellipse(240, 402, 58, 7.6, light(colour, 0.22))
    for x, y, r in ((280, 274, 13), (244, 396, 10)):
        c.circle(x, y, r, ball_fill(c, colour))
        c.circle(x, y, r * 0.34, light(metal, 0.4))
    with c.group(transform="rotate(20 150 170)"):
        c.ellipse(148, 214, 66, 13, "#fff3d4")
        head = (
            "M124 124C124 116 172 116 172 124C176 152 206 176 214 212C204 224 176 206 148 206"
            "C120 206 92 224 82 212C90 176 120 152 124 124Z"
        )
        c.path(head, round_fill(c, colour, gloss=0.3))
        model(c, head, width=26)
        c.path(
            "M82 212C92 224 120 206 148 206C176 206 204 224 214 212",
            stroke=light(colour, 0.4),
            stroke_width=2,
            opacity=0.7,
        )
        stroke_gleam(c, "M104 196C110 172 124 160 132 142", width=7)
        c.path(turn(148, ((16, 106), (20, 122))).data, round_fill(c, shade(colour, 0.1)))


def floor_lamp(c: Canvas, *, shade_colour: str, wood: str = ASH) -> None:
    """A drum shade on three wooden legs."""
    for x, y in ((126, 424), (282, 424), (206, 404)):
        shadow(c, x, y, 17, depth=0.8)
    _glow(c, 200, 150, 200, 176)
    rod(c, "M204 214L206 402", shade(wood, 0.3), 8)
    rod(c, "M192 212L126 422", wood, 9.5)
    rod(c, "M210 212L282 422", shade(wood, 0.12), 9.5)
    c.path("M156 330L250 330", stroke=shade(wood, 0.3), stroke_width=4)
    body(c, turn(200, ((18, 200), (18, 200), (17, 220))), BRASS, metal=True)
    drum = turn(200, ((80, 84), (80, 84), (98, 200)), tilt=0.1)
    lit = c.linear(
        [
            (0, shade(shade_colour, 0.14)),
            (0.3, light(shade_colour, 0.46)),
            (0.55, light(shade_colour, 0.3)),
            (1, shade(shade_colour, 0.26)),
        ]
    )
    c.path(drum.data, lit)
    with c.group(clip_path=c.clip(drum.data)):
        c.ellipse(198, 168, 76, 62, c.radial([(0, "#fff8e2", 0.85), (1, "#ffe9b8", 0)]))
        c.path("M102 196C150 212 250 212 298 196", stroke=shade(shade_colour, 0.2), stroke_width=3, opacity=0.5)
    c.ellipse(200, 84, 80, 8, c.linear([(0, "#fff6dc"), (1, "#e9cf98")]))
    c.ellipse(200, 84, 80, 8, "none", stroke=shade(shade_colour, 0.16), stroke_width=1.6)


def reading_lamp(c: Canvas, *, colour: str) -> None:
    """A slim floor lamp whose arm reaches over a chair."""
    shadow(c, 266, 424, 62)
    _glow(c, 138, 196, 130, 140, strength=0.8)
    rod(c, "M268 414V120C268 66 172 60 150 108", colour, 8)
    base = turn(268, ((56, 412), (56, 412), (57, 421)))
    body(c, base, colour)
    c.ellipse(268, 412, 56, 7.3, light(colour, 0.2))
    c.ellipse(140, 186, 56, 11, "#fff3d4")
    c.ellipse(140, 187, 40, 7, "#fffaf0")
    head = turn(140, ((16, 104), (22, 112), (44, 144), (57, 186)), tilt=0)
    bell = head.data
    c.path(bell, round_fill(c, colour, gloss=0.3))
    model(c, bell, width=20)
    c.ellipse(140, 186, 57, 12, c.radial([(0, "#fffaf0"), (0.7, "#fff1cf"), (1, "#f3d79c")]))
    c.ellipse(140, 186, 57, 12, "none", stroke=light(colour, 0.24), stroke_width=2)
    gleam(c, head, 126, 164, at=0.66, width=6)


def pendant(c: Canvas, *, colour: str, inside: str = "#fff1cf") -> None:
    """A bell that hangs over a table."""
    _glow(c, 200, 350, 196, 150, strength=0.9)
    _cord(c, "M200 0V118")
    body(c, turn(200, ((8, 108), (15, 116), (17, 142))), BRASS, metal=True)
    bell = turn(200, ((18, 140), (30, 146), (52, 186), (72, 236), (128, 292)), tilt=0.12)
    c.path(bell.data, round_fill(c, colour, gloss=0.3))
    model(c, bell.data, width=30)
    c.ellipse(200, 292, 128, 15.4, c.linear([(0, shade(inside, 0.14)), (0.4, inside), (1, shade(inside, 0.22))]))
    c.ellipse(200, 294, 50, 8, "#fffdf6")
    c.ellipse(200, 292, 128, 15.4, "none", stroke=light(colour, 0.3), stroke_width=2.4)
    gleam(c, bell, 170, 266, at=0.62, width=9, opacity=0.46)


def paper_lantern(c: Canvas, *, paper: str = "#f3e7cf") -> None:
    """A round shade of paper over thin wire."""
    _glow(c, 200, 252, 200, 210, strength=0.9)
    _cord(c, "M200 0V112")
    ball = c.radial(
        [(0, "#fffdf4"), (0.46, "#fff0cd"), (0.84, shade(paper, 0.08)), (1, shade(paper, 0.26))], (0.46, 0.52), 0.56
    )
    c.ellipse(200, 250, 138, 134, ball)
    with c.group(clip_path=c.clip("M62 250a138 134 0 1 0 276 0a138 134 0 1 0 -276 0Z")):
        for i in range(-8, 9):
            half = 138 * (1 - (i / 9) ** 2) ** 0.5
            y = 250 + i * 14.8
            c.path(
                f"M{number(200 - half)} {number(y)}"
                f"A{number(half)} {number(half * 0.1)} 0 0 0 {number(200 + half)} {number(y)}",
                stroke="#a8875a",
                stroke_width=1.3,
                opacity=0.5,
            )
    c.path(turn(200, ((30, 118), (32, 124))).data, metal_fill(c, "#4a4038"))
    c.ellipse(200, 381, 34, 5, "#4a4038", opacity=0.8)
    stroke_gleam(c, "M100 214C108 178 130 152 156 140", width=10, opacity=0.6)


def candles(c: Canvas, *, wax: str, holder: str = BRASS) -> None:
    """Two dipped candles in low holders."""
    for cx, top, foot in ((150, 148, 408), (256, 196, 400)):
        shadow(c, cx, foot + 3, 52)
        _glow(c, cx, top - 34, 66, 72, strength=0.6)
        dish = turn(cx, ((48, foot - 16), (46, foot - 10), (34, foot)))
        body(c, dish, holder, metal=True, depth=0.2)
        c.ellipse(
            cx,
            foot - 16,
            48,
            6.4,
            c.linear([(0, shade(holder, 0.3)), (0.5, light(holder, 0.3)), (1, shade(holder, 0.2))]),
        )
        stick = turn(cx, ((10, top), (12, top + 14), (14, foot - 40)))
        body(c, stick, wax, gloss=0.34, depth=0.2)
        body(c, turn(cx, ((19, foot - 44), (17, foot - 30), (18, foot - 18))), holder, metal=True, depth=0.2)
        gleam(c, stick, top + 30, top + 110, at=0.5, width=4)
        c.path(f"M{cx} {top}v-10", stroke="#2b211b", stroke_width=2.4)
        flame = (
            f"M{cx} {top - 6}C{cx - 11} {top - 18} {cx - 5} {top - 36} {cx + 1} {top - 50}"
            f"C{cx + 7} {top - 34} {cx + 11} {top - 18} {cx} {top - 6}Z"
        )
        c.path(flame, c.linear([(0, "#ffb347"), (0.5, "#ffe08a"), (1, "#fff8e0")], (0, 0), (0, 1)))


def wall_lamp(c: Canvas, *, colour: str, wood: str = ASH) -> None:
    """A half-dome on a wooden rail, fixed to the wall."""
    with c.group(opacity=0.5):
        c.rect(186, 96, 42, 240, shade(wood, 0.8), rx=10, filter=c.blur(8))
    _glow(c, 200, 190, 190, 178)
    c.rect(178, 84, 44, 244, c.linear([(0, shade(wood, 0.14)), (0.3, light(wood, 0.2)), (1, shade(wood, 0.26))]), rx=9)
    with c.group(clip_path=c.clip("M178 84h44v244h-44Z")):
        grain(c, (178, 84, 222, 328), wood, lines=9, upright=True)
    dome = turn(200, ((10, 156), (60, 174), (98, 218), (108, 258)), tilt=0.14)
    c.ellipse(200, 262, 106, 20, "#fff1cf")
    c.path(dome.data, round_fill(c, colour, gloss=0.28))
    model(c, dome.data, width=28)
    c.ellipse(200, 258, 108, 15, c.linear([(0, "#f3d79c"), (0.4, "#fff8e6"), (1, "#e9c98a")]))
    c.ellipse(200, 258, 108, 15, "none", stroke=light(colour, 0.24), stroke_width=2)
    gleam(c, dome, 186, 240, at=0.66, width=8)
