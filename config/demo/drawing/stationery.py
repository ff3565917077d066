"""Notebooks, a pen, pencils, letters, ink, a tray and scissors."""

from config.demo.drawing.canvas import Canvas
from config.demo.drawing.cloth import weave
from config.demo.drawing.colour import light, shade
from config.demo.drawing.forms import (
    body,
    cast,
    gleam,
    grain,
    metal_fill,
    model,
    round_fill,
    shadow,
    speckle,
    stroke_gleam,
    turn,
)
from config.demo.drawing.solids import View, box, floor_shadow, footprint

OAK = "#b98a58"
BRASS = "#b98f4e"
PAPER = "#f1ebdf"


def notebook(c: Canvas, *, colour: str, band: str = "#2c2926") -> None:
    """A cloth-bound notebook with an elastic and a ribbon."""
    with c.group(transform="rotate(-7 200 250)"):
        c.path("M172 398L166 446L176 438L184 448L186 398Z", shade(band, 0.1))
        pages = "M112 104H294V404H112Z"
        cast(c, "M102 98H298V406H102Z", dx=12, dy=15, blur=10, opacity=0.46)
        c.path(pages, PAPER, transform="translate(7 6)")
        c.path("".join(f"M300 {y}h1" for y in range(110, 404, 3)), stroke=shade(PAPER, 0.4), stroke_width=1)
        cover = (
            "M108 98H286C294 98 298 102 298 110V394C298 402 294 406 286 406H108C104 406 102 404 102 400"
            "V104C102 100 104 98 108 98Z"
        )
        c.path(cover, weave(c, colour, size=1.3, contrast=0.12))
        c.path(cover, c.linear([(0, "#ffffff", 0.2), (0.4, "#ffffff", 0), (1, "#170f0c", 0.34)], (0, 0), (1, 0.8)))
        spine = c.linear([(0, "#170f0c", 0.3), (0.4, "#ffffff", 0.24), (0.8, "#170f0c", 0.34), (1, "#170f0c", 0)])
        c.rect(102, 98, 26, 308, spine)
        c.rect(176, 158, 76, 46, PAPER, rx=2)
        c.path("M188 176H240M188 188H224", stroke=shade(PAPER, 0.5), stroke_width=1.8)
        c.rect(270, 97, 10, 310, "#170f0c", opacity=0.3, transform="translate(3 1)")
        c.rect(269, 96, 9, 312, c.linear([(0, light(band, 0.24)), (1, shade(band, 0.3))]))


def pen(c: Canvas, *, colour: str, metal: str = BRASS) -> None:
    """A fountain pen laid aslant, its cap beside it."""
    with c.group(transform="rotate(38 200 250)"):
        barrel = "M182 236C182 224 218 224 218 236V388C218 404 212 426 200 430C188 426 182 404 182 388Z"
        section = "M187 186H213L216 236H184Z"
        nib = "M200 98C190 130 186 156 187 188H213C214 156 210 130 200 98Z"
        cast(c, barrel + section + nib, dx=16, dy=4, blur=6, opacity=0.42)
        c.path(nib, c.linear([(0, shade(metal, 0.2)), (0.3, light(metal, 0.7)), (0.5, metal), (1, shade(metal, 0.4))]))
        c.path("M200 98V156", stroke=shade(metal, 0.7), stroke_width=1.4)
        c.circle(200, 160, 3.4, shade(metal, 0.7))
        c.path(section, round_fill(c, "#2c2926", gloss=0.4))
        c.path(barrel, round_fill(c, colour, gloss=0.34))
        c.rect(181, 232, 38, 7, metal_fill(c, metal))
        stroke_gleam(c, "M191 256V384", width=5, opacity=0.5)
        cap = "M262 232C262 220 302 220 302 232V352C302 362 262 362 262 352Z"
        with c.group(transform="rotate(-16 282 290) translate(4 36)"):
            cast(c, cap, dx=14, dy=4, blur=6, opacity=0.42)
            c.path(cap, round_fill(c, colour, gloss=0.34))
            c.rect(261, 338, 42, 9, metal_fill(c, metal))
            c.path("M282 226V312", stroke=shade(metal, 0.4), stroke_width=9, stroke_linecap="round")
            c.path("M281 226V312", stroke=light(metal, 0.3), stroke_width=5, stroke_linecap="round")
            stroke_gleam(c, "M270 244V328", width=4, opacity=0.5)


def pencils(c: Canvas, *, cup: str, colours: tuple[str, str, str, str]) -> None:
    """Pencils in a glazed cup."""
    shadow(c, 204, 412, 76)
    for x, angle, tall, colour in zip(
        (178, 218, 190, 208), (-13, 12, -4, 4), (208, 196, 236, 222), colours, strict=True
    ):
        with c.group(transform=f"translate({x} 340) rotate({angle})"):
            c.path(f"M-8 0V{-tall}H-2.7V0Z", light(colour, 0.26))
            c.path(f"M-2.7 0V{-tall}H3V0Z", colour)
            c.path(f"M3 0V{-tall}H8V0Z", shade(colour, 0.34))
            wood = c.linear([(0, "#efd3a6"), (0.5, "#deb784"), (1, "#b08a58")])
            c.path(
                f"M-8 {-tall}C-5 {-tall + 6} -3 {-tall + 6} -2.7 {-tall}"
                f"C-1 {-tall + 6} 1 {-tall + 6} 3 {-tall}C4 {-tall + 6} 7 {-tall + 6} 8 {-tall}"
                f"L0 {-tall - 27}Z",
                wood,
            )
            c.path(f"M-2.6 {-tall - 18}L0 {-tall - 28}L2.6 {-tall - 18}Z", "#2b2725")
    form = turn(200, ((72, 252), (72, 252), (74, 340), (70, 398), (64, 410)))
    body(c, form, cup, gloss=0.32)
    c.path("M128 252A72 9.4 0 0 0 272 252A72 5 0 0 1 128 252Z", light(cup, 0.34))
    with c.group(clip_path=c.clip(form.data)):
        c.path("M120 352C160 362 240 362 280 352V420H120Z", round_fill(c, "#e9e2d6"))
        c.path("M120 352C160 362 240 362 280 352", stroke=light(cup, 0.5), stroke_width=2, opacity=0.6)
        speckle(c, (126, 254, 274, 410), 60, opacity=0.4)
    gleam(c, form, 278, 372, at=0.74, width=8)


def letters(c: Canvas, *, colour: str, lining: str) -> None:
    """A sheaf of paper and lined envelopes."""
    with c.group(transform="rotate(8 210 210)"):
        cast(c, "M128 92H318V330H128Z", dx=9, dy=12, blur=8, opacity=0.36)
        for i in (3, 2, 1, 0):
            c.rect(
                128 + i * 2,
                92 + i * 2,
                190,
                238,
                shade(PAPER, 0.06 + i * 0.03),
                stroke=shade(PAPER, 0.2),
                stroke_width=0.6,
            )
        c.rect(128, 92, 190, 238, c.linear([(0, "#fffaf0"), (1, shade(PAPER, 0.1))], (0, 0), (1, 1)))
        c.path("M150 124H210", stroke=lining, stroke_width=3)
        c.path("".join(f"M150 {y}H296" for y in range(150, 320, 17)), stroke=shade(PAPER, 0.24), stroke_width=1)
    with c.group(transform="rotate(-9 180 300)"):
        for dx, dy in ((14, 18), (0, 0)):
            with c.group(transform=f"translate({dx} {-dy})"):
                cast(c, "M72 226H302V384H72Z", dx=9, dy=12, blur=8, opacity=0.4)
                own = colour if not dx else shade(colour, 0.08)
                c.rect(
                    72, 226, 230, 158, c.linear([(0, light(own, 0.2)), (1, shade(own, 0.14))], (0, 0), (1, 1)), rx=3
                )
        c.path("M72 228L187 146L302 228Z", weave(c, lining, size=1.4))
        c.path("M72 228L187 146L302 228", stroke=colour, stroke_width=9, stroke_linejoin="round")
        c.path("M72 227H302", stroke=shade(lining, 0.4), stroke_width=2, opacity=0.5)
        c.path(
            "M74 382L166 302C178 292 196 292 208 302L300 382",
            stroke=shade(colour, 0.34),
            stroke_width=1.6,
            opacity=0.6,
        )
        c.path(
            "M72 228L178 318C184 322 190 322 196 318L302 228V234L198 326C190 332 184 332 176 326L72 234Z",
            "#170f0c",
            opacity=0.1,
        )


def ink(c: Canvas, *, colour: str) -> None:
    """A squat bottle of ink, its lid beside it."""
    shadow(c, 186, 408, 96)
    glass = (
        "M112 296C112 268 140 262 152 252H222C234 262 262 268 262 296V384C262 398 252 406 238 406H136"
        "C122 406 112 398 112 384Z"
    )
    c.path(glass, c.linear([(0, "#ffffff", 0.7), (0.3, "#ffffff", 0.34), (0.85, "#6d7a76", 0.5), (1, "#ffffff", 0.5)]))
    inner = "M124 312H250V378C250 388 244 394 234 394H140C130 394 124 388 124 378Z"
    c.path(inner, round_fill(c, colour, gloss=0.2))
    c.ellipse(187, 312, 63, 7, light(colour, 0.24))
    neck = turn(187, ((34, 230), (34, 230), (34, 254)))
    c.path(neck.data, c.linear([(0, "#ffffff", 0.7), (0.4, "#ffffff", 0.3), (1, "#6d7a76", 0.6)]))
    c.ellipse(187, 230, 34, 5.4, shade(colour, 0.3), stroke="#fff", stroke_width=3, stroke_opacity=0.8)
    c.rect(146, 328, 82, 46, PAPER, rx=2)
    c.path("M158 344H216M158 356H196", stroke=colour, stroke_width=2.6)
    stroke_gleam(c, "M122 304V382", width=6, opacity=0.9)
    c.path(glass, stroke="#fff", stroke_width=1.6, opacity=0.6)
    shadow(c, 306, 410, 40)
    lid = turn(304, ((38, 374), (38, 374), (38, 410)))
    body(c, lid, "#2c2926", gloss=0.4)
    c.path("".join(f"M{x} 380v28" for x in range(270, 342, 6)), stroke="#000", stroke_width=1.4, opacity=0.4)
    c.ellipse(304, 374, 38, 5.4, "#56504c")


def tray(c: Canvas, *, wood: str = OAK) -> None:
    """A desk tray for pens, cards and what else lies about."""
    view = View(200, 340, 1.1, 24, 36)
    floor_shadow(c, view, footprint(-128, -76, 256, 152), blur=12, opacity=0.46)
    box(c, view, (-128, 0, -76), (256, 14, 152), shade(wood, 0.1), edge=3)
    with c.group(transform=view.top(-128, 14.5, -76)):
        c.rect(0, 0, 256, 152, c.linear([(0, light(wood, 0.3)), (1, wood)], (0, 0), (1, 1)))
        with c.group(clip_path=c.clip("M0 0H256V152H0Z")):
            grain(c, (0, 0, 256, 152), wood, lines=20)
            c.path("M0 0H256V22H20V152H0Z", "#170f0c", opacity=0.26, filter=c.blur(5))
        for y, colour in ((40, "#2f4454"), (58, "#c9532f"), (76, "#d0a03a")):
            c.rect(32, y + 4, 116, 8, "#170f0c", opacity=0.3, rx=4)
            c.rect(28, y, 116, 9, c.linear([(0, light(colour, 0.3)), (1, shade(colour, 0.3))], (0, 0), (0, 1)), rx=2)
            c.path(f"M144 {y}L160 {y + 4.5}L144 {y + 9}Z", "#deb784")
        c.rect(176, 26, 66, 46, "#170f0c", opacity=0.26, transform="translate(4 4)")
        c.rect(176, 26, 66, 46, PAPER)
        c.path("M186 42H230M186 54H216", stroke=shade(PAPER, 0.4), stroke_width=2)
        c.circle(208, 112, 22, "#170f0c", opacity=0.26, transform="translate(4 4)")
        c.circle(
            208, 112, 22, c.radial([(0, light(BRASS, 0.6)), (0.7, BRASS), (1, shade(BRASS, 0.3))], (0.4, 0.36), 0.8)
        )
        c.circle(208, 112, 13, "none", stroke=shade(BRASS, 0.4), stroke_width=2)
        c.path("M34 118h62M40 130h46", stroke="#b9b4ab", stroke_width=5, stroke_linecap="round")
    for corner, size in (
        ((-128, 14, -76), (256, 20, 8)),
        ((-128, 14, -68), (8, 20, 136)),
        ((120, 14, -68), (8, 20, 136)),
        ((-128, 14, 68), (256, 20, 8)),
    ):
        box(c, view, corner, size, wood, edge=1.6)


def scissors(c: Canvas, *, handle: str, steel: str = "#c6c8c5") -> None:
    """Long paper scissors, a little open."""
    with c.group(transform="rotate(24 200 250)"):
        for side in (-1, 1):
            blade = "M194 282L190 262C188 200 192 140 201 82C212 140 212 220 208 282Z"
            loop = "M196 280C178 306 158 316 158 356C158 392 206 396 206 356C206 326 204 304 208 280Z"
            hole = "M190 330C180 338 172 346 172 358C172 376 193 378 193 358C193 346 192 338 190 330Z"
            flip = f"rotate({side * -11} 200 262)" + (" translate(400 0) scale(-1 1)" if side > 0 else "")
            with c.group(transform=flip):
                cast(c, blade, dx=-12 if side > 0 else 12, dy=8, blur=6, opacity=0.36)
                c.path(blade, c.linear([(0, "#e6e8e5"), (0.45, "#fafbf9"), (0.5, steel), (1, shade(steel, 0.36))]))
                c.path(loop + hole, round_fill(c, handle, gloss=0.3), fill_rule="evenodd")
                c.path(loop, "none", stroke=light(handle, 0.3), stroke_width=1.4, opacity=0.6)
        c.circle(200, 262, 9, c.radial([(0, "#ffffff"), (0.6, BRASS), (1, shade(BRASS, 0.4))], (0.36, 0.3), 0.8))
        c.path("M194 262h12", stroke=shade(BRASS, 0.6), stroke_width=1.8)


def calendar(c: Canvas, *, colour: str, wood: str = OAK) -> None:
    """A desk calendar: two wooden dice for the day in an open box."""
    view = View(196, 396, 1.06, 24, 16)
    floor_shadow(c, view, footprint(-104, -48, 208, 96), blur=10, opacity=0.46)
    box(c, view, (-104, 0, -48), (208, 14, 96), wood, wood="along", edge=3)
    for i, figure in enumerate(
        (
            "M28 20C12 20 12 68 28 68C44 68 44 20 28 20Z",
            "M16 26H40L26 42C44 42 44 68 28 68C20 68 15 64 14 58",
        )
    ):
        x = -88 + i * 92
        box(c, view, (x, 14, -42), (84, 88, 84), colour, edge=5)
        with c.group(transform=view.front(x, 102, 42.5)):
            with c.group(transform="translate(14 0)"):
                c.path(
                    figure,
                    "none",
                    stroke=shade(colour, 0.75),
                    stroke_width=8,
                    stroke_linejoin="round",
                    stroke_linecap="round",
                )
            model(c, "M0 0H84V88H0Z", width=12, depth=0.12)
    box(c, view, (-104, 14, 42), (208, 22, 8), wood, wood="along", edge=2)
    with c.group(transform=view.front(-104, 36, 50.5)):
        c.rect(64, 6, 80, 10, shade(wood, 0.5), rx=5)
