"""Stoneware and porcelain: vases, bowls, mugs, a teapot, plates, a jug, cups, a planter, a bottle."""

from collections.abc import Sequence

from config.demo.drawing.canvas import Canvas, Point, number
from config.demo.drawing.colour import brightness, light, shade
from config.demo.drawing.forms import (
    TILT,
    Turned,
    ball_fill,
    body,
    gleam,
    model,
    mouth,
    rod,
    round_fill,
    shadow,
    speckle,
    stroke_gleam,
    through,
    turn,
)

CLAY = "#e9e2d6"

ROUND: tuple[Point, ...] = ((28, 160), (25, 186), (42, 214), (84, 262), (98, 322), (80, 384), (56, 412))
TALL: tuple[Point, ...] = ((34, 128), (30, 150), (44, 190), (66, 250), (68, 320), (58, 384), (50, 412))
BUD: tuple[Point, ...] = ((19, 226), (16, 246), (27, 266), (60, 312), (66, 352), (52, 394), (38, 411))
MOON: tuple[Point, ...] = ((38, 182), (37, 192), (37, 192), (86, 226), (118, 296), (88, 380), (52, 412))
FLUTED: tuple[Point, ...] = ((52, 152), (44, 180), (50, 236), (74, 310), (74, 360), (60, 398), (52, 412))


def _dip(form: Turned, edge: Sequence[float], top: float) -> tuple[str, str]:
    """Return the glazed part from `top` down to a line of drips, and the line alone."""
    span = max(r for r, _ in form.samples) + 6
    step = 2 * span / (len(edge) - 1)
    points = [(form.cx - span + i * step, y) for i, y in enumerate(edge)]
    drip = through(points)
    wide = f"H{number(form.cx + span)}V{number(top)}H{number(form.cx - span)}Z"
    return drip + wide, drip


def vase(
    c: Canvas,
    *,
    shape: Sequence[Point] = ROUND,
    glaze: str,
    clay: str = CLAY,
    drips: Sequence[float] = (300, 322, 298, 340, 296, 312, 286),
    stems: str = "",
    specks: int = 80,
) -> None:
    """A vase dipped in glaze that ran before it set."""
    form = turn(200, shape)
    foot_y = form.foot[1]
    widest = max(r for r, _ in form.samples)
    shadow(c, 200, foot_y + 4, widest * 0.86)
    if stems:
        _branch(c, 200, form.top[1], stems)
    body(c, form, clay)
    dipped, edge = _dip(form, drips, form.top[1] - 20)
    with c.group(clip_path=c.clip(form.data)):
        c.path(edge, stroke=shade(clay, 0.5), stroke_width=7, opacity=0.25, transform="translate(1 4)")
        c.path(dipped, round_fill(c, glaze, gloss=0.3))
        c.path(edge, stroke=light(glaze, 0.4), stroke_width=2.6, opacity=0.6)
        box = (200 - widest, form.top[1], 200 + widest, foot_y + 10)
        speckle(c, box, specks, opacity=0.42 if brightness(glaze) > 0.25 else 0.3)
    from_y = form.top[1] + (foot_y - form.top[1]) * 0.36
    gleam(c, form, from_y, foot_y - (foot_y - from_y) * 0.42, at=0.68, width=widest * 0.09)
    mouth(c, form, glaze)


def _branch(c: Canvas, x: float, y: float, leaf: str) -> None:
    """Draw a dry twig with a few leaves, standing in an opening at (x, y)."""
    twig = "#5b4634"
    with c.group(transform=f"translate({number(x - 200)} {number(y - 160)})"):
        for data, width in (
            ("M202 162C206 118 196 84 214 34", 3),
            ("M205 112C226 92 238 84 262 76", 2.2),
            ("M203 90C186 74 176 66 160 62", 2),
        ):
            c.path(data, stroke=twig, stroke_width=width, stroke_linecap="round")
        tones = (leaf, light(leaf, 0.2), shade(leaf, 0.2))
        for i, (cx, cy, angle) in enumerate(
            (
                (262, 74, -20),
                (244, 84, -40),
                (232, 86, 20),
                (214, 34, -70),
                (204, 58, -110),
                (214, 62, -30),
                (160, 62, 20),
                (174, 66, 60),
                (186, 70, -10),
                (252, 92, 10),
            )
        ):
            c.ellipse(cx, cy, 8.5, 4.6, tones[i % 3], transform=f"rotate({angle} {cx} {cy})")


def glazed_vase(c: Canvas, *, shape: Sequence[Point], glaze: str, flutes: int = 0, specks: int = 60) -> None:
    """A vase under one glaze, plain or fluted."""
    form = turn(200, shape)
    widest = max(r for r, _ in form.samples)
    shadow(c, 200, form.foot[1] + 4, widest * 0.86)
    body(c, form, glaze, gloss=0.34, fill=ball_fill(c, glaze) if shape is MOON else "")
    with c.group(clip_path=c.clip(form.data)):
        for i in range(flutes):
            part = (i + 0.5) / flutes * 2 - 1
            groove = [(200 + part * r, y) for r, y in form.samples[::6]]
            c.path(through(groove), stroke=shade(glaze, 0.5), stroke_width=3.4 * (1.1 - part * part), opacity=0.5)
            c.path(
                through(groove),
                stroke=light(glaze, 0.5),
                stroke_width=2.2 * (1.1 - part * part),
                opacity=0.4,
                transform="translate(3 0)",
            )
        if specks:
            speckle(c, (200 - widest, form.top[1], 200 + widest, form.foot[1]), specks, opacity=0.35, seed=11)
    top, foot = form.top[1], form.foot[1]
    gleam(c, form, top + (foot - top) * 0.3, top + (foot - top) * 0.62, width=widest * 0.09, opacity=0.42)
    mouth(c, form, glaze)


def nest(c: Canvas, *, colours: Sequence[str]) -> None:
    """Three bowls that stand in each other, the smallest on top; colours from the outermost inwards."""
    shadow(c, 200, 412, 84)
    bowls = []
    for y, r, height, colour in ((306, 134, 106, colours[0]), (262, 114, 94, colours[1]), (214, 95, 82, colours[2])):
        profile = ((r, y), (r * 0.97, y + height * 0.3), (r * 0.74, y + height * 0.76), (r * 0.46, y + height * 0.95))
        bowls.append((turn(200, (*profile, (r * 0.44, y + height))), colour))
    for form, colour in bowls:
        mouth(c, form, colour, lip=4)
    for form, colour in reversed(bowls):
        rim, top = form.top
        if form is bowls[2][0]:
            mouth(c, form, colour, lip=4)
        c.path(form.front, round_fill(c, colour, gloss=0.3))
        model(c, form.front, width=28)
        with c.group(clip_path=c.clip(form.front)):
            speckle(c, (200 - rim, top, 200 + rim, form.foot[1]), 40, opacity=0.34, seed=int(rim))
            lip = (
                f"M{number(200 - rim)} {number(top)}"
                f"A{number(rim)} {number(rim * TILT)} 0 0 0 {number(200 + rim)} {number(top)}"
            )
            c.path(lip, stroke=light(colour, 0.3), stroke_width=5)
        gleam(c, form, top + 34, top + 66, at=0.82, width=6)


def serving_bowl(c: Canvas, *, outside: str, inside: str) -> None:
    """A wide bowl seen a little from above, glazed in another colour inside."""
    shadow(c, 200, 410, 84)
    form = turn(200, ((148, 292), (146, 318), (112, 372), (60, 392), (56, 396), (58, 412)), tilt=0.24)
    body(c, form, outside, gloss=0.3)
    with c.group(clip_path=c.clip(form.data)):
        speckle(c, (52, 292, 348, 412), 60, opacity=0.4)
    gleam(c, form, 330, 372, at=0.8, width=7)
    deep = c.radial(
        [(0, shade(inside, 0.34)), (0.5, shade(inside, 0.14)), (1, light(inside, 0.18))], (0.42, 0.86), 0.75
    )
    mouth(c, form, outside, lip=5, fill=deep)
    c.path(
        "M222 322C262 320 300 312 324 298",
        stroke="#fff",
        stroke_width=5,
        stroke_linecap="round",
        opacity=0.34,
        filter=c.blur(2),
    )


def mug(c: Canvas, *, dip: str, clay: str = CLAY, drink: str = "#3a2419") -> None:
    """A straight mug with its foot dipped in glaze, full."""
    shadow(c, 206, 412, 94)
    handle = "M282 232C340 222 350 262 342 300C334 338 312 354 278 350"
    rod(c, handle, shade(clay, 0.12), 26, shine=0.5)
    form = turn(200, ((88, 198), (88, 198), (86, 300), (83, 376), (76, 402), (60, 410)))
    body(c, form, clay, gloss=0.34)
    with c.group(clip_path=c.clip(form.data)):
        c.path("M100 330C150 342 250 342 300 328V430H100Z", round_fill(c, dip, gloss=0.3))
        c.path("M100 330C150 342 250 342 300 328", stroke=light(dip, 0.4), stroke_width=2, opacity=0.6)
        speckle(c, (112, 200, 288, 412), 84)
    gleam(c, form, 224, 372, at=0.72, width=9, opacity=0.42)
    tea = c.linear([(0, shade(drink, 0.3)), (0.5, drink), (1, light(drink, 0.2))], (0, 0), (1, 0.4))
    mouth(c, form, clay, lip=6)
    c.ellipse(200, 202, 79, 8, tea)
    c.path("M140 203C152 207 172 209 190 209", stroke=light(drink, 0.5), stroke_width=2, opacity=0.5)


def teapot(c: Canvas, *, glaze: str, cane: str = "#8c6440") -> None:
    """A round pot with a bent cane handle."""
    shadow(c, 204, 408, 90)
    rod(c, "M130 228C120 120 280 120 270 228", cane, 13, shine=0.34)
    for t in range(9):
        x = 146 + t * 13.6
        y = 172 - (1 - ((t - 4) / 4.6) ** 2) * 24
        c.path(f"M{number(x - 4)} {number(y - 5)}l7 12", stroke=shade(cane, 0.45), stroke_width=1.6, opacity=0.6)
    c.path("M126 226h10M264 226h10", stroke=shade(glaze, 0.4), stroke_width=15, stroke_linecap="round")
    spout = "M268 336C318 330 322 262 350 236L370 244C352 282 348 368 266 382Z"
    c.path(spout, round_fill(c, glaze))
    c.ellipse(360, 240, 11, 4.6, shade(glaze, 0.6), transform="rotate(22 360 240)")
    form = turn(200, ((30, 208), (60, 216), (86, 250), (92, 312), (76, 376), (52, 404)))
    body(c, form, glaze, gloss=0.26)
    with c.group(clip_path=c.clip(form.data)):
        speckle(c, (108, 210, 292, 408), 70, colour=light(glaze, 0.7), opacity=0.4)
    lid = turn(200, ((10, 186), (34, 190), (52, 206), (54, 214)))
    c.path(lid.data, round_fill(c, light(glaze, 0.04)))
    c.ellipse(200, 214, 54, 7, "none", stroke=shade(glaze, 0.6), stroke_width=2, opacity=0.6)
    c.circle(200, 180, 12, c.radial([(0, light(glaze, 0.4)), (0.5, glaze), (1, shade(glaze, 0.5))], (0.36, 0.3), 0.8))
    gleam(c, form, 250, 330, at=0.7, width=9, opacity=0.34)


def plates(c: Canvas, *, glaze: str, rim: str) -> None:
    """One plate stands so that its face is seen; three more lie stacked before it."""
    shadow(c, 206, 410, 128, flatness=0.15)
    shadow(c, 214, 382, 96, depth=0.6)
    face = c.radial([(0, light(glaze, 0.16)), (0.7, glaze), (1, shade(glaze, 0.2))], (0.38, 0.3), 0.8)
    c.circle(203, 263, 123, shade(glaze, 0.55))
    c.circle(200, 260, 122, face)
    c.circle(200, 260, 119, "none", stroke=rim, stroke_width=6)
    c.circle(
        200,
        260,
        82,
        c.radial([(0, light(glaze, 0.2)), (0.8, light(glaze, 0.04)), (1, shade(glaze, 0.12))], (0.6, 0.66), 0.7),
    )
    c.circle(201, 261, 82, "none", stroke=shade(glaze, 0.4), stroke_width=1.6, opacity=0.5)
    disc = "M78 260a122 122 0 1 0 244 0a122 122 0 1 0 -244 0Z"
    with c.group(clip_path=c.clip(disc)):
        speckle(c, (80, 140, 320, 380), 90, opacity=0.4)
    stroke_gleam(c, "M112 226C122 188 150 164 182 156", width=8)
    for i in range(3):
        y = 392 - i * 13
        lip = turn(200, ((126, y), (122, y + 5), (82, y + 16), (78, y + 18)), tilt=0.1)
        body(c, lip, glaze, depth=0.22)
        c.ellipse(200, y, 126, 12.6, rim)
        c.ellipse(200, y + 0.6, 122, 11.4, c.linear([(0, light(glaze, 0.3)), (0.6, glaze), (1, shade(glaze, 0.24))]))
    c.ellipse(200, 367, 84, 7.4, c.linear([(0, shade(glaze, 0.26)), (1, light(glaze, 0.1))]))


def jug(c: Canvas, *, glaze: str, clay: str = CLAY) -> None:
    """A water jug with a pulled handle and a pinched lip."""
    shadow(c, 204, 412, 82)
    rod(c, "M262 190C336 176 344 268 272 316", shade(glaze, 0.06), 21, shine=0.4)
    form = turn(200, ((58, 150), (56, 168), (52, 196), (66, 250), (88, 316), (84, 372), (66, 406), (60, 410)))
    body(c, form, clay, gloss=0.3)
    dipped, edge = _dip(form, (352, 346, 352, 358, 350, 344, 350), 100)
    lip = "M143 172C136 160 126 152 112 143C124 138 146 142 160 148L170 168Z"
    c.path(lip, round_fill(c, glaze, gloss=0.3))
    with c.group(clip_path=c.clip(form.data)):
        c.path(dipped, round_fill(c, glaze, gloss=0.32))
        c.path(edge, stroke=light(glaze, 0.4), stroke_width=2, opacity=0.6)
        speckle(c, (110, 150, 290, 412), 70, opacity=0.4)
    gleam(c, form, 236, 344, at=0.7, width=9)
    mouth(c, form, glaze, lip=4)
    c.path("M112 143C126 139 142 143 160 148L150 153C138 150 126 147 112 143Z", shade(glaze, 0.36))
    c.path("M112 143C126 138 144 142 160 146", stroke=light(glaze, 0.36), stroke_width=2.4, stroke_linecap="round")


def cups(c: Canvas, *, first: str, second: str, clay: str = CLAY) -> None:
    """Two small cups without handles, one before the other."""
    for cx, y, scale, glaze in ((258, 236, 0.94, second), (150, 254, 1.0, first)):
        foot = y + 150 * scale
        shadow(c, cx, foot + 2, 66 * scale)
        form = turn(
            cx,
            (
                (72 * scale, y),
                (71 * scale, y + 40),
                (62 * scale, y + 110 * scale),
                (46 * scale, foot - 6),
                (42 * scale, foot),
            ),
        )
        body(c, form, clay, gloss=0.3)
        dipped, edge = _dip(form, [y + d * scale for d in (84, 92, 84, 98, 88, 80, 90)], y - 20)
        with c.group(clip_path=c.clip(form.data)):
            c.path(dipped, round_fill(c, glaze, gloss=0.32))
            c.path(edge, stroke=light(glaze, 0.4), stroke_width=2, opacity=0.6)
            speckle(c, (cx - 72, y, cx + 72, foot), 44, opacity=0.42, seed=int(cx))
        gleam(c, form, y + 24, y + 96 * scale, at=0.74, width=7)
        mouth(c, form, glaze, lip=3.6)


def planter(c: Canvas, *, pot: str, leaf: str = "#5f7d57") -> None:
    """A pot on a saucer with a rubber plant in it."""
    shadow(c, 204, 412, 96)
    leaves = (
        (200, 300, -4, 1.15),
        (196, 296, -42, 1.0),
        (204, 296, 38, 1.04),
        (190, 300, -78, 0.84),
        (210, 300, 74, 0.86),
        (198, 296, -20, 1.2),
        (203, 296, 17, 0.96),
    )
    for i, (x, y, angle, size) in enumerate(leaves):
        tone = shade(leaf, 0.26) if i in (0, 3, 4) else leaf
        fill = c.linear([(0, light(tone, 0.2)), (0.49, tone), (0.51, shade(tone, 0.24)), (1, shade(tone, 0.08))])
        with c.group(transform=f"translate({x} {y}) rotate({angle}) scale({number(size)})"):
            c.path("M0 0C-6 -40 -2 -60 0 -72", stroke=shade(leaf, 0.4), stroke_width=4)
            c.path("M0 -56C-40 -84 -36 -150 0 -190C36 -150 40 -84 0 -56Z", fill)
            c.path("M0 -58V-182", stroke=light(leaf, 0.3), stroke_width=1.6, opacity=0.7)
    form = turn(200, ((86, 294), (84, 300), (76, 350), (66, 394), (62, 398)))
    dish = turn(200, ((92, 394), (88, 402), (74, 410)))
    body(c, dish, shade(pot, 0.06))
    c.ellipse(200, 394, 92, 11, shade(pot, 0.4))
    body(c, form, pot, gloss=0.2)
    with c.group(clip_path=c.clip(form.data)):
        c.path("M100 318C150 328 250 328 300 318", stroke=shade(pot, 0.4), stroke_width=2, opacity=0.5)
        speckle(c, (110, 300, 290, 400), 40, opacity=0.26)
    gleam(c, form, 322, 372, at=0.74, width=8, opacity=0.3)
    c.path("M114 294A86 11.2 0 0 0 286 294A86 6 0 0 1 114 294Z", light(pot, 0.24))


def bottle(c: Canvas, *, glaze: str, clay: str = CLAY) -> None:
    """An oil bottle with a cork and a thin spout."""
    shadow(c, 202, 412, 66)
    form = turn(200, ((15, 178), (14, 214), (14, 214), (24, 244), (62, 276), (70, 320), (68, 384), (58, 410)))
    cork = turn(200, ((12, 152), (13, 180)))
    rod(c, "M200 152C200 126 210 116 232 108", "#c9c4bb", 7, shine=0.7)
    body(c, cork, "#b98d5e", depth=0.2)
    body(c, form, clay, gloss=0.32)
    dipped, edge = _dip(form, (356, 348, 362, 352, 344, 356, 350), 150)
    with c.group(clip_path=c.clip(form.data)):
        c.path(dipped, round_fill(c, glaze, gloss=0.32))
        c.path(edge, stroke=light(glaze, 0.4), stroke_width=2, opacity=0.6)
        speckle(c, (130, 180, 270, 412), 60, opacity=0.4)
    gleam(c, form, 276, 372, at=0.7, width=8)
    mouth(c, form, glaze, lip=2)
    body(c, turn(200, ((12, 168), (12, 178))), "#b98d5e", depth=0.1)
