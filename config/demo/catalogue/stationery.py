"""The Stationery shelf."""

from functools import partial

from config.demo.catalogue.goods import (
    FOG,
    HONEY,
    MIST,
    OAT,
    OLIVE,
    ROSE,
    SAGE,
    SAND,
    TERRACOTTA,
    Art,
    Item,
    Shelf,
    one,
)
from config.demo.drawing import stationery as draw

SHELF = Shelf(
    "Stationery",
    (
        Item(
            "Cloth notebook",
            "NOTEBOOK",
            1900,
            "Sewn, so it lies flat on every page. The paper takes fountain-pen ink without showing it on the back.",
            {"Material": "Cloth, 100 g paper", "Pages": "192, dotted", "Care": "Keep writing"},
            {
                "Sea": Art(partial(draw.notebook, colour="#2f4f5e"), SAND, None),
                "Rust": Art(partial(draw.notebook, colour="#a8492f"), FOG, None),
                "Moss": Art(partial(draw.notebook, colour="#4f6a4e"), ROSE, None),
            },
            {"A6": 0, "A5": 600},
        ),
        Item(
            "Fountain pen",
            "PEN",
            8400,
            "A steel nib that is ground, not stamped. Takes cartridges, or ink from a bottle with "
            "the converter in the box.",
            {"Material": "Resin, brass, steel", "Weight": "24 g", "Length": "13.5 cm"},
            {
                "Green": Art(partial(draw.pen, colour="#2a4a3e"), SAGE, None),
                "Oxblood": Art(partial(draw.pen, colour="#6e2a2a"), OAT, None),
            },
            {"Fine": 0, "Medium": 0},
            size_word="Nib",
            scarce={"PEN-OXBLOOD-MEDIUM": 1},
        ),
        Item(
            "Pencils in a cup",
            "PENCILS-CUP",
            3200,
            "Four cedar pencils and the dipped cup that they come in. The cup keeps the rest of the desk in order.",
            {"Material": "Cedar, stoneware", "Grade": "HB, 2B", "Pieces": "5"},
            one(
                partial(draw.pencils, cup="#4f7f86", colours=("#c9532f", "#2f4454", "#d8b04a", "#3d6b4f")),
                HONEY,
            ),
        ),
        Item(
            "Letter set",
            "LETTERS",
            2600,
            "Twenty sheets and twenty lined envelopes. The flap wants licking; the glue tastes of nothing.",
            {"Material": "Cotton paper, 120 g", "Size": "A5, C6", "Pieces": "40"},
            {
                "Moss": Art(partial(draw.letters, colour="#e6dcc4", lining="#4f6a4e"), ROSE, None),
                "Ink": Art(partial(draw.letters, colour="#dcdfdc", lining="#2f4454"), HONEY, None),
            },
        ),
        Item(
            "Bottle of ink, 50 ml",
            "INK",
            1600,
            "Dye ink that dries quickly and washes out of a pen with water. Out of a shirt, less so.",
            {"Material": "Glass", "Capacity": "50 ml", "Kind": "Dye, not waterproof"},
            {
                "Blue": Art(partial(draw.ink, colour="#1f3a6a"), OAT),
                "Sepia": Art(partial(draw.ink, colour="#5a3620"), SAGE),
            },
        ),
        Item(
            "Desk tray, oak",
            "TRAY-DESK",
            4400,
            "One tray for what lies about. What lies in it in the picture was found on our desk.",
            {"Material": "Oak, oiled", "Size": "26 x 16 x 4 cm", "Weight": "480 g"},
            one(draw.tray, MIST, None),
            sold_out=("TRAY-DESK",),
        ),
        Item(
            "Paper scissors",
            "SCISSORS",
            2900,
            "Long blades for one clean cut across a sheet. The screw can be tightened with a coin.",
            {"Material": "Steel, resin", "Length": "22 cm", "Weight": "95 g"},
            one(partial(draw.scissors, handle="#2c2b2d"), TERRACOTTA, None),
        ),
        Item(
            "Block calendar, oak",
            "CALENDAR",
            3400,
            "Two blocks show every day of every month, for ever. It takes a moment to see how the nine is made.",
            {"Material": "Oak, lime wood", "Size": "20 x 9 x 11 cm", "Weight": "620 g"},
            one(partial(draw.calendar, colour="#ece4d4"), OLIVE),
        ),
    ),
)
