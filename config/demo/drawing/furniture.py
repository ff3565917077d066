"""Stools, chairs, tables, shelves, a mirror and a peg rail, joined from wood."""

from config.demo.drawing.canvas import Canvas, number
from config.demo.drawing.cloth import weave
from config.demo.drawing.colour import light, shade
from config.demo.drawing.forms import body as turned_body
from config.demo.drawing.forms import cast, grain, metal_fill, shadow, stroke_gleam, turn
from config.demo.drawing.solids import View, box, disc, floor_shadow, footprint, leg, pad

ASH = "#cda272"
OAK = "#b98a58"
WALNUT = "#7a5238"


def stool(c: Canvas, *, wood: str = ASH, seat: str = "") -> None:
    """A round stool on three legs."""
    view = View(200, 402, 1, 18, 14)
    c.ellipse(216, 404, 116, 22, c.radial([(0, "#170f0c", 0.42), (1, "#170f0c", 0)]))
    feet = ((0, -62), (-66, 36), (66, 36))
    for i, (x, z) in enumerate(feet):
        tone = shade(wood, 0.24) if i == 0 else wood
        fx, fy = view.at(x, 0, z)
        shadow(c, fx, fy, 13, depth=0.8)
        leg(c, view, (x, 0, z), (x * 0.5, 208, z * 0.5), tone, thick=15, taper=0.66)
    leg(c, view, (-58, 66, 24), (4, 66, -52), shade(wood, 0.16), thick=7, taper=1)
    leg(c, view, (-57, 84, 31), (57, 84, 31), wood, thick=7, taper=1)
    disc(c, view, (0, 222, 0), 92, 18, seat or wood, wood=not seat)
    cx, cy = view.at(0, 222, 0)
    c.ellipse(cx, cy + 1, 62, 12, c.radial([(0, shade(seat or wood, 0.2), 0.5), (1, shade(seat or wood, 0.2), 0)]))


def chair(c: Canvas, *, wood: str = ASH, seat: str = "") -> None:
    """A spindle-back chair."""
    view = View(196, 420, 1.02, 27, 12)
    floor_shadow(c, view, footprint(-66, -62, 132, 128), blur=12, opacity=0.34)
    back_y = 306
    for x in (-56, 56):
        leg(c, view, (x * 1.1, 0, -62), (x, 150, -50), shade(wood, 0.2), thick=12)
        leg(c, view, (x, 150, -50), (x * 1.06, back_y, -72), shade(wood, 0.08), thick=10, taper=1.1)
    for x in (-36, -18, 0, 18, 36):
        leg(c, view, (x, 152, -50), (x * 1.1, back_y - 8, -72), shade(wood, 0.06), thick=5, taper=1)
    rail = [
        view.at(x, back_y + y, -72 - bow)
        for x, y, bow in ((-74, 6, 0), (-36, 12, 8), (0, 14, 10), (36, 12, 8), (74, 6, 0))
    ]
    curve = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in rail)
    for tone, width, dx in ((shade(wood, 0.46), 21, 1), (wood, 18, 0), (light(wood, 0.4), 4, 0)):
        lift = -5 if width == 4 else 0
        c.path(
            curve,
            stroke=tone,
            stroke_width=width,
            stroke_linecap="round",
            stroke_linejoin="round",
            transform=f"translate({dx} {lift})",
        )
    leg(c, view, (-60, 62, -60), (-60, 62, 56), shade(wood, 0.1), thick=6, taper=1)
    leg(c, view, (60, 62, -60), (60, 62, 56), shade(wood, 0.3), thick=6, taper=1)
    for x in (-62, 62):
        leg(c, view, (x, 0, 62), (x * 0.9, 146, 52), wood, thick=14)
    leg(c, view, (-60, 84, 57), (60, 84, 57), wood, thick=6, taper=1)
    box(c, view, (-72, 144, -64), (144, 14, 130), seat or wood, wood="" if seat else "along", edge=7)
    with c.group(transform=view.top(-72, 158, -64)):
        c.ellipse(72, 68, 54, 46, c.radial([(0, shade(seat or wood, 0.3), 0.45), (1, shade(seat or wood, 0.3), 0)]))


def side_table(c: Canvas, *, wood: str = WALNUT) -> None:
    """A small round table, a book and a cup on it."""
    view = View(200, 410, 1, 16, 14)
    c.ellipse(216, 412, 128, 24, c.radial([(0, "#170f0c", 0.42), (1, "#170f0c", 0)]))
    for x, z, tone in ((44, -60, 0.3), (-68, -26, 0.16), (70, 26, 0.12), (-36, 62, 0)):
        fx, fy = view.at(x, 0, z)
        shadow(c, fx, fy, 12, depth=0.8)
        leg(c, view, (x, 0, z), (x * 0.86, 182, z * 0.86), shade(wood, tone), thick=13, taper=0.6)
    disc(c, view, (0, 84, 0), 74, 9, shade(wood, 0.08), wood=True)
    disc(c, view, (0, 196, 0), 122, 14, wood, wood=True)
    box(c, view, (-64, 196, -34), (84, 13, 58), "#b8492b", edge=1)
    box(c, view, (-58, 209, -30), (74, 10, 50), "#e2d8c4", edge=1)
    cup = turn(262, ((22, 176), (22, 178), (19, 202), (15, 208)))
    c.ellipse(270, 209, 30, 5, "#170f0c", opacity=0.34, filter=c.blur(3))
    turned_body(c, cup, "#4f7f86", gloss=0.34)
    c.ellipse(262, 176, 22, 4.4, "#33221a", stroke=light("#4f7f86", 0.4), stroke_width=1.6)


def bench(c: Canvas, *, wood: str = OAK) -> None:
    """A long bench with splayed legs and a woollen runner."""
    view = View(204, 392, 1, 24, 13)
    floor_shadow(c, view, footprint(-130, -36, 260, 74), blur=12, opacity=0.4)
    for x in (-112, 112):
        leg(c, view, (x * 1.08, 0, -36), (x, 104, -24), shade(wood, 0.28), thick=14)
    leg(c, view, (-112, 46, 0), (112, 46, 0), shade(wood, 0.2), thick=8, taper=1)
    for x in (-112, 112):
        leg(c, view, (x * 1.08, 0, 38), (x, 104, 26), wood, thick=15)
    box(c, view, (-150, 104, -42), (300, 17, 86), wood, wood="along", edge=4)
    wool = "#d9ccb4"
    with c.group(transform=view.top(-20, 122, -42)):
        c.rect(0, -1, 96, 88, weave(c, wool, size=1.6))
        c.path("M14 0V88M22 0V88M78 0V88", stroke="#b8623f", stroke_width=4)
    with c.group(transform=view.front(-20, 122, 45)):
        c.path("M0 0H96V44C70 47 30 47 0 44Z", weave(c, shade(wool, 0.12), size=1.6))
        c.path("M14 0V45M22 0V46M78 0V46", stroke=shade("#b8623f", 0.14), stroke_width=4)
        c.path("".join(f"M{x} 44v13" for x in range(2, 96, 5)), stroke=shade(wool, 0.14), stroke_width=2)


def bookshelf(c: Canvas, *, wood: str = OAK) -> None:
    """A standing shelf of four boards, lived in."""
    view = View(194, 428, 0.92, 24, 10)
    floor_shadow(c, view, footprint(-88, -36, 176, 74), blur=11, opacity=0.4)
    width, deep, tall = 176, 72, 372
    for x in (-88, 80):
        box(c, view, (x, 0, -36), (8, tall, 8), shade(wood, 0.2), wood="up", edge=1)
    stands = (
        (32, ()),
        (
            138,
            (("#b8492b", 16, 62), ("#2f4454", 12, 70), ("#e2d8c4", 20, 58), ("#6f8f83", 14, 66), ("#d0a03a", 10, 56)),
        ),
        (244, (("#4a4038", 60, 16), ("#e2d8c4", 52, 14))),
        (350, ()),
    )
    for y, books in stands:
        box(c, view, (-88, y, -36), (width, 9, deep), wood, wood="along", edge=1)
        x = -70
        if len(books) == 5:
            for colour, wide, high in books:
                box(c, view, (x, y + 9, -20), (wide, high, 44), colour, edge=1)
                x += wide + 1
        else:
            for level, (colour, wide, high) in enumerate(books):
                box(c, view, (2 + level * 3, y + 9 + level * 16, -18), (wide, high, 42), colour, edge=1)
    for x in (-88, 80):
        box(c, view, (x, 0, 28), (8, tall, 8), wood, wood="up", edge=1)
    for cx, base, profile, colour in (
        (250, 384, ((13, 336), (11, 344), (26, 362), (24, 380), (17, 388)), "#4f7f86"),
        (150, 186, ((24, 148), (22, 164), (12, 178), (12, 182)), "#e6dfd2"),
        (152, 86, ((9, 42), (8, 52), (22, 66), (20, 82), (14, 90)), "#b8492b"),
    ):
        form = turn(cx, profile)
        c.ellipse(cx + 5, base + 3, 24, 4, "#170f0c", opacity=0.34, filter=c.blur(3))
        turned_body(c, form, colour, gloss=0.34)
        rim, top = form.top
        c.ellipse(cx, top, rim, rim * 0.14, shade(colour, 0.5), stroke=light(colour, 0.3), stroke_width=1)


def wall_shelf(c: Canvas, *, wood: str = OAK, metal: str = "#2c2926") -> None:
    """A board on two brackets with a bowl, a small vase and two books."""
    view = View(196, 302, 1, 22, 14)
    cast(c, "M70 320L330 338L330 366L70 346Z", dx=12, dy=20, blur=11, opacity=0.4)
    for x in (-92, 92):
        with c.group(transform=view.side(x, 0, 34)):
            c.path("M0 0H68V62Z", "none", stroke=metal, stroke_width=6, stroke_linejoin="round")
    box(c, view, (-140, 0, -36), (280, 15, 74), wood, wood="along", edge=3)
    box(c, view, (34, 15, -20), (14, 84, 46), "#b8492b", edge=1)
    box(c, view, (50, 15, -20), (20, 72, 46), "#e2d8c4", edge=1)
    box(c, view, (72, 15, -20), (12, 78, 46), "#2f4454", edge=1)
    for cx, foot, profile, colour in (
        (104, 272, ((40, 236), (38, 250), (20, 268), (18, 272)), "#4f7f86"),
        (178, 290, ((10, 206), (9, 218), (30, 248), (28, 272), (20, 288)), "#d0a03a"),
    ):
        c.ellipse(cx + 6, foot, 32, 5, "#170f0c", opacity=0.4, filter=c.blur(3))
        form = turn(cx, profile, tilt=0.2)
        turned_body(c, form, colour, gloss=0.34)
        r, y = form.top
        c.ellipse(cx, y, r, r * 0.2, shade(colour, 0.5), stroke=light(colour, 0.34), stroke_width=1.6)


def armchair(c: Canvas, *, cloth: str, wood: str = ASH) -> None:
    """A low armchair: a wooden frame and two loose cushions."""
    view = View(204, 414, 1.0, 30, 13)
    floor_shadow(c, view, footprint(-92, -80, 184, 168), blur=14, opacity=0.4)
    fill = weave(c, cloth, size=1.7)
    for x in (-92, 92):
        leg(c, view, (x, 0, -70), (x, 120, -58), shade(wood, 0.26), thick=13)
    back = [view.at(x, y, z) for x, y, z in ((-80, 116, -50), (80, 116, -50), (80, 262, -92), (-80, 262, -92))]
    (ax, ay), (bx, by), (dx, dy), (ex, ey) = back
    data = (
        f"M{number(ax)} {number(ay)}L{number(bx)} {number(by)}"
        f"C{number(bx + 12)} "
        f"{number(by - 60)} {number(dx + 16)} {number(dy + 60)} {number(dx)} {number(dy + 6)}"
        f"C{number(dx - 6)} "
        f"{number(dy - 16)} "
        f"{number(dx - 30)} {number(dy - 20)} {number((dx + ex) / 2)} {number((dy + ey) / 2 - 12)}"
        f"C{number(ex + 30)} {number(ey - 8)} {number(ex + 4)} {number(ey - 12)} {number(ex - 4)} {number(ey + 10)}"
        f"C{number(ex - 12)} {number(ey + 60)} {number(ax - 10)} {number(ay - 60)} {number(ax)} {number(ay)}Z"
    )
    c.path(data, shade(cloth, 0.5), transform="translate(9 -3)")
    pad(c, data, cloth, fill, width=32)
    box(c, view, (-88, 84, -64), (176, 12, 140), wood, wood="along", edge=3)
    seat = [view.at(x, y, z) for x, y, z in ((-84, 124, 80), (84, 124, 80), (84, 124, -56), (-84, 124, -56))]
    (ax, ay), (bx, by), (dx, dy), (ex, ey) = seat
    top = (
        f"M{number(ax)} {number(ay)}"
        f"C{number(ax + 50)} {number(ay + 4)} {number(bx - 50)} {number(by)} {number(bx)} {number(by)}"
        f"L{number(dx)} {number(dy)}"
        f"C{number(dx - 40)} "
        f"{number(dy - 6)} {number(ex + 40)} {number(ey - 8)} {number(ex)} {number(ey)}Z"
    )
    front = (
        f"M{number(ax)} {number(ay)}"
        f"C{number(ax + 50)} {number(ay + 4)} {number(bx - 50)} {number(by)} {number(bx)} {number(by)}"
        f"C{number(bx + 5)} {number(by + 12)} {number(bx + 5)} {number(by + 24)} {number(bx)} {number(by + 32)}"
        f"C{number(bx - 50)} {number(by + 34)} {number(ax + 50)} {number(ay + 36)} {number(ax)} {number(ay + 32)}"
        f"C{number(ax - 6)} {number(ay + 24)} {number(ax - 6)} {number(ay + 12)} {number(ax)} {number(ay)}Z"
    )
    side = f"M{number(bx)} {number(by)}L{number(dx)} {number(dy)}V{number(dy + 30)}L{number(bx)} {number(by + 32)}Z"
    c.path(side, shade(cloth, 0.5))
    c.path(top, weave(c, light(cloth, 0.1), size=1.7), stroke=light(cloth, 0.2), stroke_width=2)
    pad(c, front, cloth, fill, width=16)
    for x in (-92, 92):
        leg(c, view, (x, 0, 78), (x, 168, 66), wood, thick=14, taper=0.7)
        if x > 0:
            leg(c, view, (x, 120, -58), (x, 178, -72), shade(wood, 0.3), thick=11, taper=1)
        box(c, view, (x - 9, 168, -76), (18, 9, 160), wood, edge=5)


def mirror(c: Canvas, *, wood: str = OAK) -> None:
    """A round mirror in a turned frame."""
    ring = "M78 244a122 122 0 1 0 244 0a122 122 0 1 0 -244 0Z"
    cast(c, ring, dx=13, dy=18, blur=11, opacity=0.46)
    c.path(ring, c.linear([(0, light(wood, 0.36)), (0.5, wood), (1, shade(wood, 0.4))], (0.1, 0), (0.9, 1)))
    with c.group(clip_path=c.clip(ring)):
        grain(c, (78, 122, 322, 366), wood, lines=30, upright=True)
    c.circle(200, 244, 106, shade(wood, 0.5))
    glass = c.linear(
        [(0, "#f2f3ef"), (0.42, "#cfd6d4"), (0.43, "#dfe4e1"), (0.6, "#b9c4c3"), (0.61, "#c9d2d0"), (1, "#93a3a4")],
        (0.1, 0),
        (0.9, 1),
    )
    c.circle(201, 245, 103, glass)
    c.path("M97 244a103 103 0 0 1 103 -103", stroke="#170f0c", stroke_width=7, opacity=0.34, filter=c.blur(3))
    stroke_gleam(c, "M132 208C144 180 166 162 190 156", width=8, opacity=0.7)
    c.path("M86 224A116 116 0 0 1 184 130", stroke=light(wood, 0.7), stroke_width=2.4, opacity=0.7)


def peg_rail(c: Canvas, *, wood: str = ASH, hung: str = "#4f6a4e") -> None:
    """A rail of five pegs, a scarf on one and a tote on another."""
    c.rect(48, 140, 312, 44, "#170f0c", rx=6, opacity=0.4, filter=c.blur(8), transform="translate(8 12)")
    c.rect(
        44, 134, 312, 44, c.linear([(0, light(wood, 0.3)), (0.3, wood), (1, shade(wood, 0.2))], (0, 0), (0.2, 1)), rx=5
    )
    with c.group(clip_path=c.clip("M44 134H356V178H44Z")):
        grain(c, (44, 134, 356, 178), wood, lines=12)
    c.path("M48 136H352", stroke=light(wood, 0.6), stroke_width=2, opacity=0.7)
    tote = "M206 226H316L324 372C290 380 232 380 198 372Z"
    cast(c, tote, dx=10, dy=10, blur=8)
    c.path("M228 236C228 196 244 160 262 158C280 160 294 196 294 236", stroke=shade("#e6dcc8", 0.16), stroke_width=8)
    c.path(tote, weave(c, "#e6dcc8", size=1.5))
    c.path(tote, c.linear([(0, "#ffffff", 0.2), (0.5, "#ffffff", 0), (1, "#170f0c", 0.36)], (0, 0), (1, 0.4)))
    c.path("M240 300C256 270 272 330 290 292", stroke="#b8492b", stroke_width=6, stroke_linecap="round", opacity=0.8)
    cloth = (
        "M128 162C120 190 108 250 112 330L136 334C138 280 140 220 140 190C146 230 152 300 154 352L180 348"
        "C180 270 164 190 150 160Z"
    )
    cast(c, cloth, dx=8, dy=10, blur=7)
    c.path(cloth, weave(c, hung, size=1.8))
    c.path(cloth, c.linear([(0, "#ffffff", 0.24), (0.5, "#ffffff", 0), (1, "#170f0c", 0.4)]))
    knob = c.radial([(0, light(wood, 0.5)), (0.6, wood), (1, shade(wood, 0.4))], (0.36, 0.3), 0.8)
    for x in (76, 138, 200, 262, 324):
        c.ellipse(x + 6, 170, 14, 13, "#170f0c", opacity=0.36, filter=c.blur(4))
        c.circle(x, 158, 12.5, knob)


def desk(c: Canvas, *, wood: str = OAK, drawer: str = "") -> None:
    """A writing desk with a drawer, a lamp and a pile of paper on it."""
    view = View(200, 404, 1, 26, 13)
    floor_shadow(c, view, footprint(-134, -54, 268, 108), blur=13, opacity=0.34)
    for x in (-128, 128):
        leg(c, view, (x * 1.04, 0, -54), (x, 150, -46), shade(wood, 0.28), thick=13)
    for x in (-128, 128):
        leg(c, view, (x * 1.04, 0, 54), (x, 150, 46), wood, thick=14)
    box(c, view, (-132, 142, -48), (264, 30, 96), shade(drawer or wood, 0.04), wood="along", edge=2)
    with c.group(transform=view.front(-118, 166, 48.5)):
        for x in (0, 122):
            c.rect(x, 0, 114, 20, "none", stroke=shade(wood, 0.5), stroke_width=1.4)
            c.circle(x + 57, 10, 4, metal_fill(c, "#b98f4e"))
    box(c, view, (-146, 172, -56), (292, 10, 114), wood, wood="along", edge=2)
    box(c, view, (-30, 182, -24), (74, 5, 56), "#efe8da", edge=0.6)
    box(c, view, (-26, 187, -22), (68, 7, 50), "#2f4454", edge=0.6)
    lamp_x, lamp_y = view.at(-106, 182, -14)
    c.ellipse(lamp_x + 10, lamp_y + 40, 90, 26, c.radial([(0, "#fff3d0", 0.4), (1, "#ffcf80", 0)]))
    base = turn(lamp_x, ((26, lamp_y - 6), (26, lamp_y - 6), (26, lamp_y)), tilt=0.2)
    c.path(f"M{number(lamp_x)} {number(lamp_y - 6)}v-58", stroke="#b98f4e", stroke_width=5)
    turned_body(c, base, "#b98f4e", metal=True)
    head = turn(lamp_x, ((12, lamp_y - 104), (30, lamp_y - 92), (44, lamp_y - 62)), tilt=0.2)
    turned_body(c, head, "#c9532f", gloss=0.3)
    c.ellipse(lamp_x, lamp_y - 62, 44, 8.8, c.radial([(0, "#fffaf0"), (1, "#f3d79c")]))
