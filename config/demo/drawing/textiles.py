"""Throws, cushions, towels, napkins, a tea towel, a rug and an apron."""

import math

from config.demo.drawing.canvas import Canvas, number
from config.demo.drawing.cloth import across, crease, fringe, knit, stitches, terry, weave
from config.demo.drawing.colour import light, shade
from config.demo.drawing.forms import cast, metal_fill, model, rod, round_fill, shadow, through


def _folded(
    c: Canvas, x: float, y: float, width: float, height: float, fill: str, colour: str, *, layers: int
) -> None:
    """Draw folded cloth seen from its front: soft rolls of cloth one on another, folds at the left."""
    each = height / layers
    for i in reversed(range(layers)):
        top = y + i * each
        bulge = min(each * 0.5, 22)
        x0, x1 = x + (i % 2) * 3, x + width - (i % 3) * 2
        data = (
            f"M{number(x0 + bulge)} {number(top)}C{number(x0 + width * 0.3)} {number(top - 3)} "
            f"{number(x1 - width * 0.3)} {number(top + 2)} {number(x1 - 4)} {number(top)}"
            f"C{number(x1 + 4)} "
            f"{number(top + each * 0.3)} "
            f"{number(x1 + 4)} {number(top + each * 0.7)} {number(x1 - 4)} {number(top + each)}"
            f"C{number(x1 - width * 0.3)} "
            f"{number(top + each + 2)} {number(x0 + width * 0.3)} {number(top + each - 1)} "
            f"{number(x0 + bulge)} {number(top + each)}C{number(x0 - bulge * 0.3)} {number(top + each)} "
            f"{number(x0 - bulge * 0.3)} {number(top)} {number(x0 + bulge)} {number(top)}Z"
        )
        c.path(data, fill)
        with c.group(clip_path=c.clip(data)):
            round_ = c.linear(
                [(0, "#ffffff", 0.24), (0.35, "#ffffff", 0), (1, shade(colour, 0.8), 0.62)], (0, 0), (0, 1)
            )
            c.path(data, round_)
            c.path(data, across(c, depth=0.26))


def throw(c: Canvas, *, colour: str, stripe: str) -> None:
    """A wool throw, folded, its fringe hanging in front."""
    shadow(c, 204, 410, 142, flatness=0.14)
    _folded(c, 66, 262, 268, 148, weave(c, colour, size=1.6), colour, layers=3)
    top = (
        "M70 246C80 226 118 216 200 216C282 216 322 226 332 246C334 260 330 268 326 272"
        "C240 280 160 280 74 272C70 268 66 260 70 246Z"
    )
    c.path(top, weave(c, light(colour, 0.06), size=1.6))
    model(c, top, width=16)
    flap = "M104 224C160 214 240 214 296 224L292 362C232 372 168 372 108 362Z"
    cast(c, flap, dx=4, dy=7, blur=5, opacity=0.34)
    fringe(c, 109, 292, 362, light(colour, 0.1), length=30)
    c.path(flap, weave(c, light(colour, 0.04), size=1.6))
    with c.group(clip_path=c.clip(flap)):
        for y, thick in ((296, 20), (326, 7), (338, 3)):
            c.path(f"M90 {y}C160 {y + 6} 240 {y + 6} 310 {y}", stroke=weave(c, stripe, size=1.6), stroke_width=thick)
        crease(c, "M150 222C154 280 148 330 152 370", width=9, opacity=0.2)
        crease(c, "M246 220C240 290 250 330 246 370", width=9, opacity=0.2)
        c.path(flap, across(c, depth=0.3))


def cushion(c: Canvas, *, colour: str, stripe: str = "", pattern: str = "weave") -> None:
    """A square cushion that has been sat against once."""
    shadow(c, 206, 402, 118, flatness=0.12, depth=0.8)
    outline = (
        "M72 160C68 146 80 136 96 142C150 156 250 156 304 142C320 136 332 146 328 160C314 220 314 320 328 382"
        "C331 398 320 408 302 406C250 400 150 400 98 406C80 408 69 398 72 382C86 320 86 220 72 160Z"
    )
    fill = knit(c, colour, size=1.5) if pattern == "knit" else weave(c, colour, size=2)
    c.path(outline, fill)
    with c.group(clip_path=c.clip(outline)):
        if stripe:
            for x in (128, 152, 248, 272):
                c.path(
                    f"M{x} 130C{200 + (x - 200) * 0.86} 220 {200 + (x - 200) * 0.86} 320 {x} 410",
                    stroke=weave(c, stripe, size=2),
                    stroke_width=9,
                )
            c.path("M200 130V410", stroke=weave(c, stripe, size=2), stroke_width=26)
        belly = c.radial([(0, "#ffffff", 0.26), (0.5, "#ffffff", 0), (1, shade(colour, 0.85), 0.6)], (0.4, 0.36), 0.72)
        c.rect(60, 120, 280, 290, belly)
        for data in (
            "M78 150C100 176 118 186 136 190",
            "M322 150C300 176 284 186 266 190",
            "M80 388C104 366 118 356 138 350",
            "M320 388C300 366 284 356 264 350",
        ):
            crease(c, data, width=9, opacity=0.26)
        crease(c, "M176 214C196 240 222 240 240 222", width=12, opacity=0.14)
    model(c, outline, width=30)
    c.path(outline, stroke=light(colour, 0.24), stroke_width=2.4, opacity=0.7)


def towels(c: Canvas, *, colours: tuple[str, str, str]) -> None:
    """Three folded towels, one on another."""
    shadow(c, 204, 412, 134, flatness=0.14)
    for i, (colour, x, width) in enumerate(zip(colours, (64, 74, 84), (272, 252, 232), strict=True)):
        y = 330 - i * 80
        _folded(c, x, y, width, 80, terry(c, colour), colour, layers=2)
        for inset in (30, 42):
            c.path(
                f"M{x + width - inset} {y + 3}V{y + 38}",
                stroke=shade(colour, 0.3),
                stroke_width=4 if inset == 30 else 2,
                opacity=0.4,
            )
    c.path("M198 168C190 158 190 146 200 142C210 146 210 158 202 168", stroke=light(colours[2], 0.3), stroke_width=3)


def napkins(c: Canvas, *, colours: tuple[str, str]) -> None:
    """Two linen napkins, folded square and fanned."""
    for angle, colour in ((-17, colours[1]), (9, colours[0])):
        with c.group(transform=f"rotate({angle} 200 260)"):
            square = (
                "M104 160C160 156 240 158 298 160C302 220 300 300 298 360C240 364 160 362 102 360"
                "C100 300 100 220 104 160Z"
            )
            cast(c, square, dx=8, dy=11, blur=7)
            c.path(square, weave(c, colour, size=1.4))
            with c.group(clip_path=c.clip(square)):
                crease(c, "M100 260C160 257 240 262 302 259", width=6, opacity=0.28)
                crease(c, "M200 156C197 220 202 300 199 364", width=6, opacity=0.22)
                c.path(square, across(c, depth=0.26))
            stitches(
                c,
                "M113 169C160 166 240 167 289 169C292 220 291 300 289 351C240 354 160 353 111 351"
                "C109 300 109 220 113 169Z",
                shade(colour, 0.34),
                opacity=0.6,
            )
            c.path("M106 356C160 359 240 360 296 357", stroke=shade(colour, 0.4), stroke_width=1.4, opacity=0.6)


def tea_towel(c: Canvas, *, colour: str, stripe: str, wood: str = "#a9794c") -> None:
    """A striped tea towel over a rail."""
    back = "M136 150H280V330C240 336 180 336 136 330Z"
    front = "M120 128C120 116 282 116 282 128C284 220 280 320 284 396C240 404 164 404 118 396C122 320 118 220 120 128Z"
    cast(c, "M60 128H340V142H60Z", dx=10, dy=22, blur=7, opacity=0.3)
    c.path(back, weave(c, shade(colour, 0.3), size=1.4))
    cast(c, front, dx=11, dy=12, blur=9, opacity=0.34)
    rod(c, "M56 128H344", wood, 17, shine=0.3)
    c.path(front, weave(c, colour, size=1.4))
    with c.group(clip_path=c.clip(front)):
        for x, thick in ((146, 8), (160, 3), (240, 3), (254, 8)):
            c.path(
                f"M{x} 110C{x + 2} 220 {x - 3} 320 {x + 1} 404", stroke=weave(c, stripe, size=1.4), stroke_width=thick
            )
        for y in (356, 372):
            c.path(f"M110 {y}C170 {y + 6} 230 {y + 6} 290 {y}", stroke=weave(c, stripe, size=1.4), stroke_width=6)
        crease(c, "M182 130C190 220 176 320 186 400", width=12, opacity=0.24)
        crease(c, "M228 130C220 230 234 320 224 402", width=12, opacity=0.2)
        top = c.linear(
            [(0, "#ffffff", 0.34), (0.05, "#ffffff", 0.1), (0.1, "#ffffff", 0), (1, "#170f0c", 0.14)], (0, 0), (0, 1)
        )
        c.path(front, top)
        c.path(front, across(c, depth=0.3))
    for x in (70, 330):
        c.circle(x, 128, 11, metal_fill(c, "#b98f4e"))


def rug(c: Canvas, *, colour: str, stripe: str) -> None:
    """A flat-woven rug, rolled up, one end unrolled towards us."""
    shadow(c, 210, 400, 150, flatness=0.16)
    flat = "M60 372L324 372L352 424L34 424Z"
    fringe(c, 36, 352, 424, light(colour, 0.2), length=22)
    c.path(flat, weave(c, colour, size=2))
    with c.group(clip_path=c.clip(flat)):
        for y, thick, tone in ((390, 7, stripe), (402, 4, light(colour, 0.5)), (412, 7, stripe)):
            c.path(f"M20 {y}H380", stroke=weave(c, tone, size=2), stroke_width=thick)
        c.path("M20 372H380", stroke="#170f0c", stroke_width=34, opacity=0.5, filter=c.blur(8))
    roll = "M76 252H310C340 252 340 384 310 384H76Z"
    c.path(roll, weave(c, colour, size=2))
    with c.group(clip_path=c.clip(roll)):
        for x, thick, tone in (
            (118, 12, stripe),
            (136, 5, light(colour, 0.5)),
            (200, 22, stripe),
            (264, 5, light(colour, 0.5)),
            (282, 12, stripe),
        ):
            c.path(f"M{x} 252C{x + 14} 290 {x + 14} 346 {x} 384", stroke=weave(c, tone, size=2), stroke_width=thick)
        c.path(
            roll,
            c.linear(
                [(0, "#ffffff", 0.1), (0.25, "#ffffff", 0.26), (0.5, "#ffffff", 0), (1, "#170f0c", 0.72)],
                (0, 0),
                (0, 1),
            ),
        )
    c.ellipse(76, 318, 36, 66, weave(c, shade(colour, 0.2), size=2))
    spiral = []
    for i in range(46):
        angle = i * 0.42
        size = 1 - i / 50
        spiral.append((76 + 33 * size * math.cos(angle), 318 + 62 * size * math.sin(angle)))
    c.path(through(spiral), stroke=shade(colour, 0.7), stroke_width=2.6, opacity=0.8)
    c.path(through(spiral), stroke=light(colour, 0.3), stroke_width=1.6, opacity=0.7, transform="translate(-2 -2)")
    for x in (160, 242):
        c.path(f"M{x} 250C{x + 16} 290 {x + 16} 346 {x} 386", stroke="#8a6a45", stroke_width=4)
        c.path(f"M{x} 250C{x + 16} 290 {x + 16} 346 {x} 386", stroke="#c9a877", stroke_width=2, stroke_dasharray="3 2")


def apron(c: Canvas, *, colour: str, strap: str = "#7a5238") -> None:
    """A work apron on a peg, with a pocket."""
    c.path("M164 150C160 96 184 74 200 66C216 74 240 96 236 150", stroke=shade(strap, 0.3), stroke_width=9)
    c.path("M164 150C160 96 184 74 200 66C216 74 240 96 236 150", stroke=strap, stroke_width=6)
    outline = (
        "M152 146C180 154 220 154 248 146C250 190 270 212 296 222C300 290 298 360 302 414"
        "C240 424 160 424 98 414C102 360 100 290 104 222C130 212 150 190 152 146Z"
    )
    c.path(
        "M106 226C80 250 70 300 84 340M294 226C322 250 330 296 314 336",
        stroke=strap,
        stroke_width=5,
        stroke_linecap="round",
    )
    cast(c, outline, dx=11, dy=13, blur=9)
    c.path(outline, weave(c, colour, size=1.4))
    with c.group(clip_path=c.clip(outline)):
        crease(c, "M150 230C160 300 146 350 152 416", width=13, opacity=0.24)
        crease(c, "M252 226C240 300 258 350 250 416", width=13, opacity=0.24)
        crease(c, "M200 156C204 190 198 220 202 244", width=8, opacity=0.14)
        c.path(outline, across(c, depth=0.3))
    stitches(
        c,
        "M158 156C182 163 218 163 242 156M110 232C112 290 110 350 107 406M290 232C288 290 290 350 293 406",
        light(colour, 0.4),
        opacity=0.6,
    )
    pocket = (
        "M140 268C180 274 220 274 260 268V336C256 350 246 354 236 355C212 358 188 358 164 355C154 354 144 350 140 336Z"
    )
    c.path(pocket, weave(c, light(colour, 0.05), size=1.4))
    model(c, pocket, width=12, depth=0.26)
    stitches(
        c,
        "M146 276V334C150 346 158 349 166 349C188 352 212 352 234 349C242 349 250 346 254 334V276M200 272V356",
        light(colour, 0.4),
        opacity=0.7,
    )
    for x in (158, 242):
        c.circle(x, 154, 7, metal_fill(c, "#b98f4e"))
    peg = c.radial([(0, "#e0b988"), (1, "#7a5238")], (0.36, 0.3), 0.8)
    c.ellipse(206, 72, 15, 15, "#170f0c", opacity=0.35, filter=c.blur(4))
    c.circle(200, 62, 13, peg)
    c.path("M193 57C196 53 201 52 204 54", stroke="#fff", stroke_width=2.4, stroke_linecap="round", opacity=0.6)
    c.circle(200, 62, 13, "none", stroke=round_fill(c, "#6a4a31"), stroke_width=1)
