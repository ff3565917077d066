"""Jumpers, a cardigan, a slipover, a scarf, a beanie, socks and mittens, laid flat."""

from config.demo.drawing.canvas import Canvas
from config.demo.drawing.cloth import across, cable, crease, fringe, knit, rib
from config.demo.drawing.colour import light, shade
from config.demo.drawing.forms import cast, model

JUMPER = (
    "M156 112C172 130 228 130 244 112C262 116 292 126 306 142C324 176 342 262 350 352C350 362 316 370 310 362"
    "C300 312 290 270 278 236C280 300 280 360 278 404C276 414 124 414 122 404C120 360 120 300 122 236"
    "C110 270 100 312 90 362C84 370 50 362 50 352C58 262 76 176 94 142C108 126 138 116 156 112Z"
)
SLIPOVER = (
    "M158 110L200 196L242 110C256 112 268 118 276 124C266 160 268 196 282 222C282 290 282 350 280 402"
    "C276 412 124 412 120 402C118 350 118 290 118 222C132 196 134 160 124 124C132 118 144 112 158 110Z"
)


def _jumper_shape(c: Canvas, colour: str) -> None:
    """Draw what crew, roll-neck and cardigan share: the knit, the ribs at hem and cuffs, sleeves and folds."""
    deep = shade(colour, 0.55)
    cast(c, JUMPER)
    c.path("M156 112C172 96 228 96 244 112C236 142 164 142 156 112Z", shade(colour, 0.5))
    c.path(JUMPER, knit(c, colour))
    with c.group(clip_path=c.clip(JUMPER)):
        c.rect(110, 384, 180, 40, rib(c, colour))
        c.path("M40 336L104 340V380H40ZM296 340L360 336V380H296Z", rib(c, colour))
        c.path("M118 384C160 390 240 390 282 384", stroke=deep, stroke_width=1.6, opacity=0.5)
        soft = c.blur(3)
        c.path(
            "M122 236C126 210 120 176 108 150M278 236C274 210 280 176 292 150",
            stroke=deep,
            stroke_width=5,
            opacity=0.5,
            filter=soft,
        )
        c.path("M122 240V404M278 240V404", stroke=deep, stroke_width=6, opacity=0.5, filter=soft)
        crease(c, "M160 250C180 270 178 330 170 380", width=10, opacity=0.2)
        crease(c, "M232 220C222 280 236 330 232 390", width=10, opacity=0.2)
        c.path(JUMPER, across(c))


def jumper(c: Canvas, *, colour: str) -> None:
    """A crew-neck jumper."""
    _jumper_shape(c, colour)
    c.path("M152 112C168 142 232 142 248 112", stroke=rib(c, colour), stroke_width=15)
    c.path("M150 120C168 150 232 150 250 120", stroke=shade(colour, 0.5), stroke_width=2, opacity=0.5)


def roll_neck(c: Canvas, *, colour: str) -> None:
    """A roll-neck jumper with three cables down its front."""
    _jumper_shape(c, colour)
    with c.group(clip_path=c.clip(JUMPER)):
        for x in (160, 200, 240):
            c.rect(x - 15, 122, 30, 262, shade(colour, 0.3), opacity=0.26)
            c.rect(x - 11, 122, 22, 262, cable(c, colour, x=x, y=122))
    neck = "M154 122C150 104 152 84 158 70C176 60 224 60 242 70C248 84 250 104 246 122C232 136 168 136 154 122Z"
    c.path(neck, rib(c, colour))
    model(c, neck, width=20)
    c.path("M158 70C176 82 224 82 242 70C226 62 174 62 158 70Z", shade(colour, 0.5))
    c.path(
        "M156 100C176 112 224 112 244 100", stroke=shade(colour, 0.5), stroke_width=3, opacity=0.4, filter=c.blur(1.4)
    )


def cardigan(c: Canvas, *, colour: str, buttons: str = "#6a4a31") -> None:
    """A V-neck cardigan, buttoned."""
    _jumper_shape(c, colour)
    deep = shade(colour, 0.55)
    c.path("M158 111C170 98 230 98 242 111L200 214Z", shade(colour, 0.62))
    c.path("M162 108C176 102 224 102 238 108L230 126C214 132 186 132 170 126Z", shade(colour, 0.4))
    with c.group(clip_path=c.clip(JUMPER)):
        c.path(
            "M191 404V216L156 110M209 404V216L244 110", stroke=deep, stroke_width=3, opacity=0.5, filter=c.blur(1.6)
        )
    c.path(
        "M200 408V214L154 112M200 214L246 112",
        stroke=shade(colour, 0.46),
        stroke_width=21,
        stroke_linejoin="round",
        opacity=0.6,
    )
    c.path(
        "M200 410V214L152 112M200 214L248 112",
        stroke=rib(c, colour, angle=0),
        stroke_width=18,
        stroke_linejoin="round",
    )
    c.path("M208 408V216", stroke=deep, stroke_width=1.6, opacity=0.7)
    for y in (226, 268, 310, 352, 394):
        c.circle(200.6, y + 1, 6.4, "#170f0c", opacity=0.4)
        c.circle(200, y, 6, c.radial([(0, light(buttons, 0.4)), (1, shade(buttons, 0.2))], (0.36, 0.3), 0.8))
        c.path(f"M198 {y}h0M202 {y}h0", stroke="#1d130c", stroke_width=1.8, stroke_linecap="round")
    c.path(
        "M134 316H178V372H134ZM222 316H266V372H222Z",
        knit(c, light(colour, 0.03)),
        stroke=deep,
        stroke_width=1.4,
        stroke_opacity=0.5,
    )
    c.path("M134 314H178V324H134ZM222 314H266V324H222Z", rib(c, colour))


def slipover(c: Canvas, *, colour: str, check: str) -> None:
    """A sleeveless jumper with a diamond check."""
    cast(c, SLIPOVER)
    c.path("M158 110C176 98 224 98 242 110L200 196Z", shade(colour, 0.6))
    c.path(SLIPOVER, knit(c, colour))
    with c.group(clip_path=c.clip(SLIPOVER)):
        for row in range(7):
            for column in range(5):
                if (row + column) % 2:
                    continue
                x, y = 120 + column * 40, 126 + row * 44
                c.path(f"M{x} {y}l20 -44l20 44l-20 44Z", knit(c, check))
        lines = "".join(
            f"M{60 + i * 40} 420L{200 + i * 40} 112M{100 + i * 40} 112L{240 + i * 40} 420" for i in range(-2, 5)
        )
        c.path(lines, stroke=light(colour, 0.6), stroke_width=1.4, stroke_dasharray="3 2.4", opacity=0.55)
        c.rect(110, 382, 180, 34, rib(c, colour))
        crease(c, "M160 250C176 280 174 340 168 380", width=10, opacity=0.2)
        crease(c, "M240 240C230 290 240 330 236 380", width=10, opacity=0.2)
        c.path(SLIPOVER, across(c))
    for data in ("M157 110L200 198L243 110", "M124 124C134 160 132 196 118 224", "M276 124C266 160 268 196 282 224"):
        c.path(
            data,
            stroke=shade(colour, 0.5),
            stroke_width=15,
            stroke_linejoin="round",
            opacity=0.5,
            transform="translate(0 2)",
        )
        c.path(data, stroke=rib(c, colour), stroke_width=13, stroke_linejoin="round")


def scarf(c: Canvas, *, colour: str, stripe: str = "") -> None:
    """A ribbed scarf folded in two and crossed over itself."""
    back = "M120 96C150 84 196 84 214 96L300 372C286 384 236 392 216 386Z"
    front = "M186 96C206 84 256 84 284 98L196 408C176 416 122 410 104 398Z"
    for data, angle, ends in ((back, -17, (218, 298, 384, -3)), (front, 16, (106, 194, 402, 5))):
        cast(c, data, dx=8, dy=11, blur=7)
        x0, x1, y, slope = ends
        with c.group(transform=f"rotate({slope} {(x0 + x1) / 2} {y})"):
            fringe(c, x0, x1, y, stripe or colour, length=30)
        c.path(data, rib(c, colour, size=1.7, angle=angle))
        with c.group(clip_path=c.clip(data)):
            if stripe:
                for at in (316, 342, 368):
                    lift = -26 if data is back else 24
                    c.path(f"M60 {at}L340 {at + lift}", stroke=rib(c, stripe, size=1.7, angle=angle), stroke_width=13)
            c.path(data, across(c, depth=0.42))
        model(c, data, width=22)
    fold = "M120 96C140 74 262 72 284 98C262 112 146 112 120 96Z"
    c.path(fold, rib(c, light(colour, 0.04), size=1.7, angle=90))
    model(c, fold, width=14)


def beanie(c: Canvas, *, colour: str) -> None:
    """A ribbed hat with a turned-up brim."""
    crown = "M98 306C92 180 142 106 200 106C258 106 308 180 302 306Z"
    brim = (
        "M84 300C84 286 92 280 104 280C160 290 240 290 296 280C308 280 316 286 316 300L312 368"
        "C310 382 300 386 288 388C236 394 164 394 112 388C100 386 90 382 88 368Z"
    )
    cast(c, crown + brim, dx=11, dy=15, blur=10)
    c.path(crown, rib(c, colour, size=1.9))
    with c.group(clip_path=c.clip(crown)):
        for x, bend in ((120, 172), (148, 184), (176, 193), (224, 207), (252, 216), (280, 228)):
            c.path(
                f"M{x} 310C{x} 220 {bend} 150 {bend} 108",
                stroke=shade(colour, 0.55),
                stroke_width=7,
                opacity=0.22,
                filter=c.blur(3),
            )
        c.path("M84 300C150 316 250 316 316 300", stroke="#170f0c", stroke_width=22, opacity=0.34, filter=c.blur(8))
        c.path(crown, across(c))
    model(c, crown, width=34)
    c.path(brim, rib(c, light(colour, 0.05), size=2.5))
    with c.group(clip_path=c.clip(brim)):
        c.path(brim, across(c))
    model(c, brim, width=26)
    c.path("M236 328h38v26h-38Z", light(colour, 0.75), stroke=shade(colour, 0.5), stroke_width=1, stroke_opacity=0.5)
    c.path("M244 338h22M244 345h14", stroke=shade(colour, 0.3), stroke_width=2)


def socks(c: Canvas, *, colour: str, heel: str) -> None:
    """A pair of ribbed socks, heel and toe in another colour."""
    for x, y, own in ((70, -14, shade(colour, 0.1)), (0, 0, colour)):
        with c.group(transform=f"translate({x} {y})"):
            sock = (
                "M96 112C120 106 168 106 190 112L188 282C190 306 208 316 236 326C266 338 282 354 278 378"
                "C274 402 246 410 214 404C168 396 118 372 104 336C94 306 98 200 96 112Z"
            )
            cast(c, sock, dx=9, dy=12, blur=7)
            c.path(sock, knit(c, own, size=0.86))
            with c.group(clip_path=c.clip(sock)):
                c.rect(80, 164, 130, 108, rib(c, own, size=1.5))
                c.rect(80, 100, 130, 58, rib(c, heel, size=1.5))
                c.path("M80 158H210V166H80Z", knit(c, heel, size=0.7))
                c.path("M90 300C130 290 160 320 158 372C130 392 96 372 86 340Z", knit(c, heel, size=0.86))
                c.path("M232 320C226 350 226 384 236 414H300V320Z", knit(c, heel, size=0.86))
                crease(c, "M110 280C136 296 170 300 190 290", width=8, opacity=0.24)
                crease(c, "M180 318C190 340 192 372 186 402", width=8, opacity=0.18)
                c.path(sock, across(c))
            model(c, sock, width=24)


def mittens(c: Canvas, *, colour: str, band: str) -> None:
    """A pair of mittens with a band of pattern."""
    left = (
        "M76 366C78 330 72 268 76 214C80 160 100 120 132 120C166 120 184 160 186 214"
        "C188 268 182 330 184 366C182 376 80 376 76 366Z"
    )
    thumb = "M180 312C188 292 186 266 198 246C210 232 230 240 226 262C222 292 208 320 184 342Z"
    for transform in ("translate(-24 12) rotate(-5 130 250)", "translate(424 -6) scale(-1 1) rotate(-6 130 250)"):
        with c.group(transform=transform):
            cast(c, left + thumb, dx=-8 if "scale" in transform else 9, dy=12, blur=7)
            c.path(thumb, knit(c, shade(colour, 0.08)))
            model(c, thumb, width=14)
            c.path(left, knit(c, colour))
            with c.group(clip_path=c.clip(left)):
                c.rect(60, 196, 140, 52, knit(c, band))
                for x in range(66, 200, 22):
                    c.path(f"M{x} 222l11 -18l11 18l-11 18Z", knit(c, colour))
                c.path("M60 190H200M60 254H200", stroke=band, stroke_width=4, stroke_dasharray="6 4")
                c.rect(60, 318, 140, 60, rib(c, colour, size=1.4))
                c.path("M60 318H200", stroke=shade(colour, 0.5), stroke_width=2, opacity=0.5)
                c.path(left, across(c))
            model(c, left, width=26)
