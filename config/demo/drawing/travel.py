"""Bags, a flask, an umbrella, a wallet and a lunch tin, for the way."""

from config.demo.drawing.canvas import Canvas, number
from config.demo.drawing.cloth import crease, stitches, weave
from config.demo.drawing.colour import light, shade
from config.demo.drawing.forms import (
    body,
    cast,
    gleam,
    metal_fill,
    model,
    rod,
    round_fill,
    shadow,
    speckle,
    stroke_gleam,
    turn,
)
from config.demo.drawing.solids import View, box, floor_shadow, footprint

LEATHER = "#8a5a3a"
BRASS = "#b98f4e"


def _strap(c: Canvas, data: str, leather: str, width: float = 15) -> None:
    c.path(data, stroke=shade(leather, 0.45), stroke_width=width + 2, stroke_linejoin="round")
    c.path(data, stroke=leather, stroke_width=width, stroke_linejoin="round")
    c.path(data, stroke=light(leather, 0.34), stroke_width=width * 0.22, stroke_dasharray="4 3", opacity=0.7)


def weekender(c: Canvas, *, canvas: str, leather: str = LEATHER) -> None:
    """A canvas weekend bag with leather handles."""
    shadow(c, 206, 404, 144, flatness=0.14)
    c.path("M138 236C136 120 264 120 262 236", stroke=shade(leather, 0.5), stroke_width=12)
    shape = (
        "M78 262C82 232 106 220 134 216H266C294 220 318 232 322 262C334 310 338 350 334 384"
        "C332 398 322 404 308 404H92C78 404 68 398 66 384C62 350 66 310 78 262Z"
    )
    c.path(shape, weave(c, canvas, size=1.5))
    with c.group(clip_path=c.clip(shape)):
        c.path(
            shape, c.linear([(0, "#170f0c", 0.16), (0.26, "#ffffff", 0.22), (0.5, "#ffffff", 0), (1, "#170f0c", 0.46)])
        )
        c.path("M60 350C140 362 260 362 340 350V412H60Z", round_fill(c, leather))
        stitches(c, "M60 356C140 368 260 368 340 356", light(leather, 0.4), opacity=0.7)
        crease(c, "M112 226C100 260 98 300 104 344", width=10, opacity=0.26)
        crease(c, "M290 226C300 260 304 300 296 344", width=10, opacity=0.26)
        crease(c, "M172 236C190 256 210 256 228 238", width=9, opacity=0.2)
    model(c, shape, width=32)
    c.path("M98 232C150 222 250 222 302 232", stroke=shade(canvas, 0.6), stroke_width=6)
    c.path("M98 232C150 222 250 222 302 232", stroke=BRASS, stroke_width=2.6, stroke_dasharray="2.4 2")
    for x in (138, 262):
        _strap(c, f"M{x} 240V352", leather, 17)
        c.rect(x - 11, 262, 22, 15, metal_fill(c, BRASS), rx=3)
        c.rect(x - 6, 266, 12, 7, shade(leather, 0.3), rx=1)
    _strap(c, "M138 248C142 138 258 138 262 248", leather, 13)
    c.path("M270 246L292 268", stroke=shade(leather, 0.3), stroke_width=4)
    with c.group(transform="rotate(-14 294 290)"):
        cast(c, "M280 268H310V322H280Z", dx=4, dy=5, blur=4)
        c.rect(280, 266, 30, 56, c.linear([(0, light(leather, 0.24)), (1, shade(leather, 0.2))]), rx=6)
        c.rect(286, 282, 18, 32, "#f1ebdf", rx=2)
        c.path("M290 290h10M290 298h8", stroke=shade(leather, 0.3), stroke_width=1.6)


def backpack(c: Canvas, *, canvas: str, leather: str = LEATHER) -> None:
    """A roll-top rucksack with two straps in front."""
    shadow(c, 206, 410, 108, flatness=0.15)
    rod(c, "M178 108C178 84 222 84 222 108", leather, 10, shine=0.3)
    for side in (-1, 1):
        c.path(
            f"M{200 + side * 84} 250C{200 + side * 118} 280 {200 + side * 116} 350 {200 + side * 88} 390",
            stroke=shade(leather, 0.4),
            stroke_width=12,
        )
    shape = (
        "M116 176C116 124 148 104 200 104C252 104 284 124 284 176C296 240 300 330 296 384"
        "C294 404 282 410 264 410H136C118 410 106 404 104 384C100 330 104 240 116 176Z"
    )
    c.path(shape, weave(c, canvas, size=1.5))
    c.path(shape, c.linear([(0, "#170f0c", 0.16), (0.26, "#ffffff", 0.22), (0.5, "#ffffff", 0), (1, "#170f0c", 0.44)]))
    model(c, shape, width=34)
    pocket = "M128 300C170 306 230 306 272 300V378C270 392 260 398 246 398H154C140 398 130 392 128 378Z"
    cast(c, pocket, dx=3, dy=4, blur=4, opacity=0.3)
    c.path(pocket, weave(c, light(canvas, 0.06), size=1.5))
    model(c, pocket, width=16)
    stitches(
        c, "M134 308V376C136 388 144 392 154 392H246C256 392 264 388 266 376V308", light(canvas, 0.5), opacity=0.6
    )
    flap = (
        "M112 180C112 126 150 102 200 102C250 102 288 126 288 180C292 216 290 246 284 264"
        "C230 276 170 276 116 264C110 246 108 216 112 180Z"
    )
    cast(c, flap, dx=3, dy=7, blur=5, opacity=0.4)
    c.path(flap, weave(c, shade(canvas, 0.04), size=1.5))
    c.path(flap, c.linear([(0, "#ffffff", 0.26), (0.5, "#ffffff", 0), (1, "#170f0c", 0.4)], (0, 0), (0.7, 1)))
    stitches(c, "M122 258C174 268 226 268 278 258", light(canvas, 0.5), opacity=0.6)
    for x in (154, 246):
        _strap(c, f"M{x} 196V318", leather, 15)
        c.rect(x - 11, 284, 22, 17, metal_fill(c, BRASS), rx=3)
        c.rect(x - 6, 288, 12, 9, shade(leather, 0.3), rx=1)
    c.rect(176, 148, 48, 30, leather, rx=3, stroke=shade(leather, 0.4), stroke_width=1)
    stitches(c, "M181 153H219V173H181Z", light(leather, 0.5))


def flask(c: Canvas, *, colour: str) -> None:
    """A steel flask with a cup for a lid."""
    shadow(c, 202, 412, 54)
    form = turn(200, ((47, 174), (50, 182), (54, 204), (54, 204), (54, 396), (50, 410)))
    body(c, form, colour, gloss=0.3)
    with c.group(clip_path=c.clip(form.data)):
        c.rect(140, 392, 120, 24, metal_fill(c, "#b8b9b6"))
        speckle(c, (146, 180, 254, 392), 140, colour=light(colour, 0.4), opacity=0.2)
    gleam(c, form, 216, 372, at=0.66, width=8, opacity=0.4)
    body(c, turn(200, ((48, 164), (48, 164), (48, 176))), "#b8b9b6", metal=True, depth=0.1)
    cup = turn(200, ((40, 96), (44, 104), (48, 160), (49, 166)))
    body(c, cup, "#c9cac7", metal=True, depth=0.24)
    c.ellipse(200, 96, 40, 5.2, "#dcdddb")
    c.path("M186 300h28M200 286v28", stroke=light(colour, 0.6), stroke_width=2, opacity=0.7)
    _strap(c, "M252 214C290 214 290 300 252 300", LEATHER, 9)


def umbrella(c: Canvas, *, colour: str, wood: str = "#7a5238") -> None:
    """A long umbrella, furled, leaning in a corner of the studio."""
    shadow(c, 168, 428, 26)
    with c.group(transform="rotate(11 200 250)"):
        with c.group(opacity=0.3, filter=c.blur(9), transform="translate(26 6)"):
            c.path("M176 150L224 150L206 400H196Z", "#170f0c")
        rod(c, "M200 146V96C200 54 146 54 146 94V102", wood, 13, shine=0.3)
        c.path("M201 400V432", stroke="#b8b9b6", stroke_width=5, stroke_linecap="round")
        folds = "M178 142C170 200 172 300 194 404H208C230 300 232 200 222 142C214 134 186 134 178 142Z"
        c.path(folds, round_fill(c, colour, gloss=0.26))
        with c.group(clip_path=c.clip(folds)):
            for x0, x1, tone in ((180, 228, 0.5), (172, 216, 0.34), (196, 230, 0.6), (170, 204, 0.4)):
                c.path(
                    f"M{x0} 138C{x0 - 4} 220 {x1 + 2} 300 {number((x0 + x1) / 2)} 406",
                    stroke=shade(colour, tone),
                    stroke_width=3.4,
                    opacity=0.6,
                )
                c.path(
                    f"M{x0 - 5} 138C{x0 - 9} 220 {x1 - 3} 300 {number((x0 + x1) / 2 - 3)} 406",
                    stroke=light(colour, 0.34),
                    stroke_width=2.6,
                    opacity=0.5,
                )
        model(c, folds, width=14)
        c.rect(175, 226, 50, 13, shade(colour, 0.3), rx=5)
        c.circle(214, 232, 4, metal_fill(c, BRASS))
        c.rect(190, 132, 20, 12, metal_fill(c, BRASS), rx=3)
        stroke_gleam(c, "M184 160C180 210 184 270 192 320", width=5, opacity=0.3)


def wallet(c: Canvas, *, leather: str) -> None:
    """A card wallet with three cards in it, and its key ring."""
    with c.group(transform="rotate(-8 200 250)"):
        cast(c, "M92 208H308V362H92Z", dx=10, dy=14, blur=9, opacity=0.44)
        for y, colour in ((176, "#2f4454"), (190, "#d0a03a"), (204, "#e2d8c4")):
            c.rect(
                108, y, 184, 90, c.linear([(0, light(colour, 0.2)), (1, shade(colour, 0.16))], (0, 0), (1, 1)), rx=9
            )
        for y in (222, 236):
            data = f"M92 {y}H308V348C308 358 302 364 292 364H108C98 364 92 358 92 348Z"
            c.path(
                data, c.linear([(0, light(leather, 0.22)), (0.5, leather), (1, shade(leather, 0.3))], (0, 0), (1, 0.8))
            )
            c.path(f"M92 {y}H308", stroke=light(leather, 0.5), stroke_width=1.6, opacity=0.7)
            c.path(f"M98 {y + 6}H302", stroke=shade(leather, 0.5), stroke_width=1, opacity=0.5)
        with c.group(clip_path=c.clip("M92 236H308V364H92Z")):
            speckle(c, (92, 236, 308, 364), 220, colour=shade(leather, 0.6), opacity=0.2)
        stitches(c, "M100 246V346C100 353 104 356 110 356H290C296 356 300 353 300 346V246", light(leather, 0.5))
        c.path("M92 236H308V260C230 250 170 250 92 260Z", "#fff", opacity=0.08)
    c.circle(
        300,
        396,
        24,
        "none",
        stroke="#170f0c",
        stroke_width=5,
        opacity=0.3,
        transform="translate(5 6)",
        filter=c.blur(2),
    )
    c.circle(300, 396, 24, "none", stroke=metal_fill(c, BRASS), stroke_width=5)
    _strap(c, "M286 376L262 348", leather, 11)


def lunch_tin(c: Canvas, *, enamel: str, clip: str = "#b8b9b6") -> None:
    """An enamelled lunch tin of two tiers, held by a steel bow."""
    shadow(c, 204, 412, 100)
    rod(c, "M108 400V196C108 132 292 132 292 196V400", clip, 9, shine=0.7)
    rod(c, "M164 146C176 138 224 138 236 146", "#7a5238", 17, shine=0.3)
    for top, foot in ((312, 404), (220, 308)):
        tier = turn(200, ((86, top), (86, top), (86, foot - 8), (80, foot)))
        body(c, tier, enamel, gloss=0.34)
        gleam(c, tier, top + 20, foot - 20, at=0.74, width=8)
        rim = turn(200, ((89, top - 4), (89, top - 4), (89, top + 6)))
        body(c, rim, "#2f3f4a", gloss=0.3, depth=0.1)
    lid = turn(200, ((20, 186), (62, 192), (88, 210), (90, 220)))
    body(c, lid, enamel, gloss=0.34)
    c.path("M110 219C150 233 250 233 290 219", stroke="#2f3f4a", stroke_width=3)
    for x in (108, 292):
        c.rect(x - 9, 236, 18, 52, metal_fill(c, clip), rx=6)


def trunk(c: Canvas, *, colour: str, leather: str = LEATHER) -> None:
    """A small hard suitcase with leather corners."""
    view = View(196, 408, 1.02, 22, 11)
    floor_shadow(c, view, footprint(-118, -38, 236, 76), blur=10, opacity=0.5)
    hx, hy = view.at(0, 176, 0)
    rod(
        c,
        f"M{number(hx - 40)} {number(hy + 6)}"
        f"C{number(hx - 36)} {number(hy - 34)} {number(hx + 36)} {number(hy - 26)} {number(hx + 40)} "
        f"{number(hy + 14)}",
        leather,
        13,
        shine=0.3,
    )
    box(c, view, (-118, 0, -38), (236, 172, 76), colour, edge=12)
    with c.group(transform=view.front(-118, 172, 38.6)):
        c.rect(0, 0, 236, 172, weave(c, colour, size=1.2, contrast=0.1), rx=6)
        c.rect(
            0,
            0,
            236,
            172,
            c.linear([(0, "#ffffff", 0.22), (0.5, "#ffffff", 0), (1, "#170f0c", 0.34)], (0, 0), (1, 0.8)),
            rx=6,
        )
        for x, y, data in (
            (0, 0, "M-4 -4H40C40 20 20 40 -4 40Z"),
            (236, 0, "M4 -4H-40C-40 20 -20 40 4 40Z"),
            (0, 172, "M-4 4H40C40 -20 20 -40 -4 -40Z"),
            (236, 172, "M4 4H-40C-40 -20 -20 -40 4 -40Z"),
        ):
            with c.group(transform=f"translate({x} {y})"):
                c.path(data, leather, stroke=shade(leather, 0.4), stroke_width=1.4)
        c.path("M0 84H236", stroke=shade(colour, 0.6), stroke_width=2.4)
        for x in (46, 190):
            c.rect(x - 8, 0, 16, 172, leather, opacity=0.95)
            stitches(c, f"M{x - 5} 0V172M{x + 5} 0V172", light(leather, 0.4), opacity=0.6)
            c.rect(x - 12, 70, 24, 30, metal_fill(c, BRASS), rx=3)
            c.circle(x, 86, 3, "#3a2c14")
    with c.group(transform=view.side(118, 172, 38)):
        c.path("M0 86H76", stroke=shade(colour, 0.75), stroke_width=2.4)
        c.path("M-4 -4H22C22 12 12 22 -4 22ZM-4 176H22C22 160 12 150 -4 150Z", shade(leather, 0.4))
