"""Pans, a kettle, a casserole, a coffee dripper, a mill, jars, spoons, a knife, a board, a moka pot."""

import math

from config.demo.drawing.canvas import Canvas, number
from config.demo.drawing.colour import light, shade
from config.demo.drawing.forms import (
    ball_fill,
    body,
    cast,
    gleam,
    grain,
    metal_fill,
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

STEEL = "#b8b9b6"
IRON = "#33322f"
OAK = "#b98a58"
WALNUT = "#7a5238"


def wood_fill(c: Canvas, wood: str) -> str:
    return c.linear([(0, light(wood, 0.24)), (0.5, wood), (1, shade(wood, 0.26))], (0, 0), (1, 0.6))


def skillet(c: Canvas, *, iron: str = IRON) -> None:
    """A cast-iron pan hung on the wall, seen from its front."""
    outline = "M200 168a118 118 0 1 0 0.1 0Z"
    handle = "M182 186C186 150 184 110 178 74C178 52 222 52 222 74C216 110 214 150 218 186Z"
    lips = "M84 268L70 252L92 240ZM316 268L330 252L308 240Z"
    cast(c, outline + handle + lips, dx=11, dy=15, blur=10, opacity=0.45)
    side = c.linear([(0, light(iron, 0.24)), (0.5, iron), (1, shade(iron, 0.4))], (0, 0), (1, 1))
    c.path(handle, side)
    c.path(
        "M190 180C193 150 192 118 188 92", stroke=light(iron, 0.4), stroke_width=4, opacity=0.5, stroke_linecap="round"
    )
    c.circle(200, 74, 9, c.linear([(0, shade(iron, 0.6)), (1, light(iron, 0.1))], (0, 0), (1, 1)))
    c.path(lips, side, stroke=iron, stroke_width=10, stroke_linejoin="round")
    c.path(outline, side)
    c.circle(200, 286, 111, c.linear([(0, shade(iron, 0.5)), (1, light(iron, 0.2))], (0.1, 0.1), (0.9, 0.9)))
    c.circle(
        200,
        288,
        97,
        c.radial([(0, light(iron, 0.2)), (0.7, light(iron, 0.07)), (1, shade(iron, 0.2))], (0.36, 0.32), 0.8),
    )
    with c.group(clip_path=c.clip("M200 190a97 97 0 1 0 .1 0Z")):
        speckle(c, (104, 190, 298, 386), 160, colour=light(iron, 0.5), opacity=0.16)
    stroke_gleam(c, "M124 306C120 262 146 220 188 206", width=9, opacity=0.22)
    c.path("M88 290A112 112 0 0 1 176 178", stroke=light(iron, 0.5), stroke_width=2.4, opacity=0.6)


def saucepan(c: Canvas, *, metal: str = STEEL, wood: str = WALNUT) -> None:
    """A tall steel saucepan with a lid and a wooden handle."""
    shadow(c, 172, 412, 112)
    handle = "M272 262L362 236C378 232 384 252 370 258L276 284Z"
    c.path(handle, wood_fill(c, wood))
    c.path("M290 264L362 243", stroke=light(wood, 0.4), stroke_width=3, opacity=0.5, stroke_linecap="round")
    c.path("M262 264L292 256L296 276L264 286Z", metal_fill(c, metal))
    pan = turn(164, ((112, 246), (112, 246), (110, 380), (104, 402), (92, 408)))
    body(c, pan, metal, metal=True, depth=0.34)
    c.path("M54 372C100 388 228 388 274 372", stroke=shade(metal, 0.4), stroke_width=1.4, opacity=0.5)
    rim = turn(164, ((116, 240), (116, 240), (116, 250)))
    body(c, rim, metal, metal=True, depth=0.1)
    lid = turn(164, ((24, 204), (70, 214), (106, 232), (114, 242)))
    body(c, lid, light(metal, 0.1), metal=True, depth=0.24)
    body(c, turn(164, ((22, 170), (26, 178), (17, 194), (16, 206))), wood)
    c.ellipse(164, 170, 22, 3.4, light(wood, 0.2))


def casserole(c: Canvas, *, enamel: str) -> None:
    """An enamelled iron pot with a lid."""
    shadow(c, 204, 412, 122)
    for side in (-1, 1):
        x = 200 + side * 128
        c.path(
            f"M{number(x)} 286C{number(x + side * 44)} 280 {number(x + side * 44)} 322 {number(x - side * 2)} 318",
            stroke=shade(enamel, 0.44),
            stroke_width=17,
        )
        c.path(
            f"M{number(x)} 285C{number(x + side * 42)} 279 {number(x + side * 42)} 319 {number(x - side * 2)} 315",
            stroke=light(enamel, 0.08) if side < 0 else shade(enamel, 0.2),
            stroke_width=12,
        )
    pot = turn(200, ((136, 262), (136, 262), (134, 350), (120, 394), (100, 408)))
    body(c, pot, enamel, gloss=0.3)
    gleam(c, pot, 288, 376, at=0.76, width=10)
    c.path("M64 262C110 282 290 282 336 262V272C290 292 110 292 64 272Z", shade(enamel, 0.5), opacity=0.55)
    lid = turn(200, ((40, 190), (96, 206), (138, 242), (142, 256), (140, 264)))
    body(c, lid, enamel, gloss=0.34)
    c.path("M60 258C110 280 290 280 340 258", stroke=light(enamel, 0.3), stroke_width=2, opacity=0.5)
    stroke_gleam(c, "M98 236C118 212 142 202 172 198", width=9)
    body(c, turn(200, ((26, 160), (28, 168), (14, 182), (15, 194))), BRASS_KNOB, metal=True)
    c.ellipse(200, 160, 26, 4, light(BRASS_KNOB, 0.4))


BRASS_KNOB = "#b98f4e"


def kettle(c: Canvas, *, enamel: str, wood: str = OAK) -> None:
    """A stove kettle with a wooden grip on a steel bow."""
    shadow(c, 200, 412, 116)
    rod(c, "M108 252C96 120 304 120 292 252", STEEL, 8, shine=0.7)
    grip = "M142 160C168 128 232 128 258 160"
    rod(c, grip, wood, 20, shine=0.24)
    spout = "M284 318C318 306 326 268 352 250L366 262C350 286 344 342 288 362Z"
    c.path(spout, round_fill(c, enamel))
    model(c, spout, width=14)
    c.ellipse(359, 256, 10, 4.6, shade(enamel, 0.6), transform="rotate(40 359 256)")
    pot = turn(200, ((44, 230), (72, 240), (102, 292), (116, 356), (112, 398), (104, 410)))
    body(c, pot, enamel, gloss=0.34)
    lid = turn(200, ((12, 212), (40, 218), (54, 232), (56, 238)))
    body(c, lid, light(enamel, 0.03), gloss=0.3, depth=0.2)
    c.circle(200, 206, 12, ball_fill(c, wood))
    gleam(c, pot, 268, 362, at=0.7, width=11)
    c.circle(108, 252, 7, STEEL)
    c.circle(292, 252, 7, shade(STEEL, 0.3))
    c.path("M88 396C140 412 260 412 312 396", stroke=shade(enamel, 0.5), stroke_width=2, opacity=0.5)


def dripper(c: Canvas, *, glaze: str, coffee: str = "#3b2114") -> None:
    """A coffee dripper on a glass server, half full."""
    shadow(c, 204, 412, 84)
    c.path("M268 292C326 284 326 370 270 372", stroke="#d9dedc", stroke_width=12, opacity=0.75)
    c.path("M268 290C322 283 322 366 270 370", stroke="#fff", stroke_width=3, opacity=0.7)
    glass = turn(200, ((52, 236), (50, 262), (80, 306), (86, 370), (78, 402), (70, 408)))
    c.path(
        glass.data,
        c.linear([(0, "#ffffff", 0.6), (0.3, "#eef2f0", 0.24), (0.8, "#7d8a86", 0.36), (1, "#ffffff", 0.5)]),
    )
    with c.group(clip_path=c.clip(glass.data)):
        c.path(
            "M100 338H300V420H100Z",
            c.linear([(0, shade(coffee, 0.3)), (0.3, light(coffee, 0.2)), (0.6, coffee), (1, shade(coffee, 0.4))]),
        )
        c.ellipse(200, 338, 84, 9.5, c.linear([(0, light(coffee, 0.24)), (1, coffee)]))
    c.path(glass.data, "none", stroke="#fff", stroke_width=1.6, opacity=0.5)
    gleam(c, glass, 316, 392, at=0.8, width=7, opacity=0.7)
    saucer = turn(200, ((92, 226), (92, 226), (86, 234), (54, 240)))
    rod(c, "M262 152C320 146 316 214 254 212", glaze, 17, shine=0.4)
    cone = turn(200, ((98, 132), (98, 136), (64, 200), (48, 226)))
    body(c, cone, glaze, gloss=0.32)
    for i in range(-3, 4):
        c.path(
            f"M{number(200 + i * 25)} {number(150 - abs(i))}L{number(200 + i * 13)} 218",
            stroke=shade(glaze, 0.4),
            stroke_width=2,
            opacity=0.22,
        )
    gleam(c, cone, 150, 204, at=0.72, width=8)
    mouth(c, cone, glaze, lip=5)
    c.ellipse(200, 135, 86, 7.6, c.radial([(0, shade(coffee, 0.2)), (1, light(coffee, 0.12))]))
    body(c, saucer, glaze, gloss=0.3)


def mill(c: Canvas, *, wood: str = WALNUT) -> None:
    """A turned pepper mill."""
    shadow(c, 202, 412, 52)
    form = turn(200, ((34, 226), (38, 236), (27, 268), (30, 318), (46, 366), (48, 398), (46, 409)))
    body(c, form, wood, gloss=0.3)
    head = turn(200, ((8, 112), (26, 122), (43, 158), (36, 196), (26, 210), (36, 220)))
    for part in (form, head):
        if part is head:
            body(c, head, wood, gloss=0.3)
        with c.group(clip_path=c.clip(part.data)):
            grain(c, (150, part.top[1], 250, part.foot[1]), wood, lines=12, upright=True, seed=5)
    body(c, turn(200, ((33, 218), (33, 218), (33, 226))), STEEL, metal=True, depth=0.1)
    c.circle(200, 106, 9, ball_fill(c, STEEL))
    gleam(c, form, 330, 392, at=0.66, width=7)
    gleam(c, head, 142, 186, at=0.62, width=8)


def jars(c: Canvas, *, fillings: tuple[str, str, str], wood: str = OAK) -> None:
    """Three glass jars with wooden lids, filled."""
    for cx, top, r, foot, filling in (
        (276, 190, 62, 396, fillings[2]),
        (128, 232, 62, 402, fillings[0]),
        (206, 290, 56, 416, fillings[1]),
    ):
        shadow(c, cx, foot + 2, r)
        glass = turn(cx, ((r, top), (r, foot - 12), (r, foot - 12), (r - 1, foot - 4), (r - 8, foot)))
        c.path(
            glass.data,
            c.linear([(0, "#ffffff", 0.5), (0.3, "#ffffff", 0.18), (0.85, "#6d7a76", 0.4), (1, "#ffffff", 0.4)]),
        )
        level = top + (foot - top) * 0.26
        with c.group(clip_path=c.clip(glass.data)):
            c.rect(cx - r + 4, level, 2 * r - 8, foot - level, round_fill(c, filling, gloss=0.2))
            c.ellipse(cx, level, r - 4, r * 0.12, light(filling, 0.2))
            speckle(c, (cx - r + 6, level, cx + r - 6, foot), 80, colour=shade(filling, 0.6), opacity=0.4, seed=cx)
            speckle(c, (cx - r + 6, level, cx + r - 6, foot), 60, colour=light(filling, 0.5), opacity=0.5, seed=cx + 1)
        gleam(c, glass, top + 20, foot - 24, at=0.78, width=6, opacity=0.75)
        lid = turn(cx, ((r + 4, top - 20), (r + 4, top - 20), (r + 4, top + 4)))
        body(c, lid, wood, depth=0.2)
        c.ellipse(cx, top - 20, r + 4, (r + 4) * 0.13, light(wood, 0.2))
        c.ellipse(
            cx, top - 20, (r + 4) * 0.6, (r + 4) * 0.07, "none", stroke=shade(wood, 0.3), stroke_width=1, opacity=0.5
        )


def spoons(c: Canvas, *, pot: str, wood: str = OAK) -> None:
    """Wooden spoons, a spatula and a whisk in a stoneware pot."""
    shadow(c, 204, 412, 76)
    for x, angle, kind, tone in (
        (196, -16, "spoon", wood),
        (214, 15, "turner", light(wood, 0.16)),
        (204, 2, "spoon", shade(WALNUT, 0.04)),
        (186, -30, "turner", shade(wood, 0.14)),
        (222, 28, "spoon", light(wood, 0.05)),
    ):
        with c.group(transform=f"translate({x} 320) rotate({angle})"):
            rod(c, "M0 0V-150", tone, 9)
            if kind == "spoon":
                c.ellipse(0, -178, 21, 34, wood_fill(c, tone))
                c.ellipse(1, -178, 14, 25, c.linear([(0, shade(tone, 0.4)), (1, light(tone, 0.16))], (0, 0), (1, 0.4)))
            else:
                c.path(
                    "M-9 -140C-20 -160 -22 -190 -20 -212C-10 -220 14 -218 20 -208C22 -186 18 -160 9 -140Z",
                    wood_fill(c, tone),
                )
                c.path("M-5 -166V-198M5 -166V-198", stroke=shade(tone, 0.5), stroke_width=4, stroke_linecap="round")
    form = turn(200, ((78, 266), (78, 270), (80, 340), (74, 396), (66, 409)))
    body(c, form, pot, gloss=0.3)
    c.path("M122 266A78 10 0 0 0 278 266A78 5 0 0 1 122 266Z", light(pot, 0.3))
    with c.group(clip_path=c.clip(form.data)):
        speckle(c, (120, 266, 280, 410), 60, opacity=0.4)
    gleam(c, form, 290, 380, at=0.74, width=9)


def knife(c: Canvas, *, wood: str = WALNUT, blade: float = 1) -> None:
    """A kitchen knife laid aslant; `blade` is its length."""
    with c.group(transform="rotate(34 200 250)"):
        edge = 250 - 178 * blade
        steel = (
            f"M184 262V{number(edge + 70)}"
            f"C184 {number(edge + 30)} 196 {number(edge + 8)} 214 {number(edge - 10)}"
            f"C224 {number(edge + 60)} 228 {number(edge + 130)} 228 262Z"
        )
        handle = (
            "M180 262H224C224 300 218 330 222 366C224 396 216 428 204 432C186 436 180 414 182 388"
            "C184 340 178 304 180 262Z"
        )
        cast(c, steel + handle, dx=16, dy=6, blur=7, opacity=0.42)
        c.path(steel, c.linear([(0, "#dcdedb"), (0.35, "#f6f7f5"), (0.55, "#b9bcb9"), (1, "#8b908d")]))
        c.path(
            f"M213 {number(edge)}C219 {number(edge + 80)} 217 {number(edge + 150)} 217 260",
            stroke="#fff",
            stroke_width=1.4,
            opacity=0.8,
        )
        c.path("M180 258H228V272H180Z", metal_fill(c, STEEL))
        c.path(handle, round_fill(c, wood, gloss=0.3))
        with c.group(clip_path=c.clip(handle)):
            grain(c, (180, 272, 226, 432), wood, lines=10, upright=True)
        for y in (300, 346, 392):
            c.circle(202, y, 4.2, c.radial([(0, "#fbeccb"), (1, "#9a7a44")], (0.4, 0.3), 0.7))


def board(c: Canvas, *, wood: str = OAK) -> None:
    """A bread board with a hole to hang it by, leaning on the wall."""
    outline = (
        "M116 132C116 118 126 110 140 110H172C180 110 184 104 184 96V70C184 48 216 48 216 70V96"
        "C216 104 220 110 228 110H260C274 110 284 118 284 132V392C284 406 274 414 260 414H140"
        "C126 414 116 406 116 392Z"
    )
    shadow(c, 206, 414, 86, flatness=0.14)
    cast(c, outline, dx=15, dy=4, blur=9, opacity=0.36)
    c.path(outline, shade(wood, 0.45), transform="translate(5 1)")
    c.path(outline, wood_fill(c, wood))
    with c.group(clip_path=c.clip(outline)):
        for x, tone in ((116, light(wood, 0.14)), (172, shade(wood, 0.1)), (226, light(wood, 0.06))):
            c.rect(x, 40, 56, 380, tone, opacity=0.45)
        grain(c, (116, 50, 284, 414), wood, lines=34, upright=True, seed=9)
        c.path("M172 110V414M226 110V414", stroke=shade(wood, 0.5), stroke_width=1, opacity=0.5)
    c.circle(200, 72, 8, shade(wood, 0.66))
    c.path(
        "M118 392V132C118 120 128 112 140 112H172C182 112 186 104 186 96",
        stroke=light(wood, 0.6),
        stroke_width=2,
        opacity=0.6,
    )
    c.path("M200 72C196 56 190 44 200 34C210 44 204 56 200 72", stroke="#e9dcc4", stroke_width=2.6)


def moka(c: Canvas, *, metal: str = "#c2c2bf", grip: str = "#2c2926") -> None:
    """An eight-sided stove-top coffee pot."""
    shadow(c, 202, 412, 76)
    c.path("M262 186C330 176 326 262 312 306L294 300C302 262 304 214 266 218Z", round_fill(c, grip, gloss=0.34))
    tones = (0.3, -0.35, 0.14, -0.5)
    for top_y, top_r, foot_y, foot_r in ((300, 56, 408, 82), (164, 70, 288, 54)):
        xs = [math.sin(math.radians(-90 + i * 45)) for i in range(5)]
        for i, tone in enumerate(tones):
            a, b = xs[i], xs[i + 1]
            dip_a, dip_b = (7 * (1 - x * x) for x in (a, b))
            data = (
                f"M{number(200 + a * top_r)} {number(top_y + dip_a)}L{number(200 + b * top_r)} {number(top_y + dip_b)}"
                f"L{number(200 + b * foot_r)} {number(foot_y + dip_b)}"
                f"L{number(200 + a * foot_r)} {number(foot_y + dip_a)}Z"
            )
            own = light(metal, tone) if tone > 0 else shade(metal, -tone)
            c.path(
                data,
                c.linear([(0, light(own, 0.3)), (1, shade(own, 0.12))], (0, 0), (0.6, 1)),
                stroke=own,
                stroke_width=0.6,
            )
    c.path("M134 172L110 160C116 176 128 196 142 206Z", light(metal, 0.1))
    band = turn(200, ((58, 284), (62, 290), (60, 306), (56, 310)))
    body(c, band, metal, metal=True, depth=0.1)
    lid = through([(130, 166), (168, 146), (200, 140), (232, 146), (270, 166)])
    c.path(lid + "C240 176 160 176 130 166Z", c.linear([(0, light(metal, 0.3)), (0.5, metal), (1, shade(metal, 0.4))]))
    c.path("M168 147L160 172M232 147L240 172", stroke=shade(metal, 0.3), stroke_width=1, opacity=0.6)
    body(c, turn(200, ((11, 116), (14, 122), (9, 136), (10, 142))), grip, gloss=0.4)
    c.circle(232, 368, 6, c.radial([(0, "#fbeccb"), (1, "#9a7a44")], (0.4, 0.3), 0.7))
