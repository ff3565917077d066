"""The Knitwear shelf."""

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
    TAUPE,
    TERRACOTTA,
    Art,
    Item,
    Shelf,
)
from config.demo.drawing import knitwear as draw

BODY_SIZES = {"S": 0, "M": 0, "L": 0, "XL": 0}

SHELF = Shelf(
    "Knitwear",
    (
        Item(
            "Crew jumper",
            "CREW",
            14200,
            "A plain jumper in a four-ply yarn that has not been bleached before dyeing. "
            "Cuffs and hem are doubled, and a length of the yarn comes with it for mending.",
            {"Material": "Lambswool", "Weight": "520 g", "Fit": "Straight, true to size", "Care": "Wool wash, 30 °C"},
            {
                "Sea": Art(partial(draw.jumper, colour="#2f5468"), FOG, None),
                "Rust": Art(partial(draw.jumper, colour="#b8432f"), OAT, None),
                "Oat": Art(partial(draw.jumper, colour="#d9cdb6"), MIST, None),
            },
            BODY_SIZES,
            sold_out=("CREW-OAT-S",),
            scarce={"CREW-RUST-M": 2, "CREW-SEA-XL": 4},
        ),
        Item(
            "Cable roll-neck",
            "ROLLNECK",
            17800,
            "Three cables down the front and a neck that folds twice. Heavy enough to be a coat in October.",
            {"Material": "Wool", "Weight": "840 g", "Fit": "Roomy", "Care": "Wool wash, 30 °C"},
            {
                "Oat": Art(partial(draw.roll_neck, colour="#e2d8c4"), SAGE, None),
                "Moss": Art(partial(draw.roll_neck, colour="#5c6b48"), SAND, None),
            },
            BODY_SIZES,
            scarce={"ROLLNECK-MOSS-L": 3},
        ),
        Item(
            "Buttoned cardigan",
            "CARDIGAN",
            16400,
            "Five horn buttons and two pockets that hold their shape. The button band is knitted on, not sewn.",
            {
                "Material": "Lambswool, horn",
                "Weight": "610 g",
                "Fit": "Straight, true to size",
                "Care": "Wool wash, 30 °C",
            },
            {
                "Moss": Art(partial(draw.cardigan, colour="#4f6a4e"), SAND, None),
                "Plum": Art(partial(draw.cardigan, colour="#6d3f52"), FOG, None),
            },
            BODY_SIZES,
        ),
        Item(
            "Diamond slipover",
            "SLIPOVER",
            11800,
            "A sleeveless jumper for under a jacket. The diamonds are knitted in, so the inside is "
            "as tidy as the outside.",
            {"Material": "Merino", "Weight": "310 g", "Fit": "Slim", "Care": "Wool wash, 30 °C"},
            {"": Art(partial(draw.slipover, colour="#3d3a4e", check="#b8623f"), TAUPE, None)},
            BODY_SIZES,
            sold_out=("SLIPOVER-XL",),
        ),
        Item(
            "Striped scarf",
            "SCARF",
            5800,
            "Ribbed, so that it stays where it is wound. Long enough to go round twice.",
            {"Material": "Lambswool", "Size": "190 x 28 cm", "Weight": "210 g", "Care": "Wool wash, 30 °C"},
            {
                "Mustard": Art(partial(draw.scarf, colour="#d0a03a", stripe="#3a3f4e"), MIST, None),
                "Sea": Art(partial(draw.scarf, colour="#2f5468", stripe="#e2d8c4"), TERRACOTTA, None),
            },
        ),
        Item(
            "Ribbed beanie",
            "BEANIE",
            3800,
            "A deep rib that gives and comes back. Turn the brim up once or twice.",
            {"Material": "Merino", "Size": "One size", "Weight": "90 g", "Care": "Wool wash, 30 °C"},
            {
                "Oat": Art(partial(draw.beanie, colour="#e0d6c4"), TERRACOTTA, None),
                "Sea": Art(partial(draw.beanie, colour="#2f5468"), HONEY, None),
                "Rust": Art(partial(draw.beanie, colour="#b8432f"), OLIVE, None),
            },
        ),
        Item(
            "Heel-and-toe socks",
            "SOCKS",
            2400,
            "Heel and toe are knitted in a second yarn with some nylon, because that is where socks wear through.",
            {"Material": "Wool, 20% nylon at heel and toe", "Weight": "80 g", "Care": "40 °C"},
            {
                "Slate": Art(partial(draw.socks, colour="#6f7f83", heel="#b8432f"), HONEY, None),
                "Moss": Art(partial(draw.socks, colour="#5c6b48", heel="#d0a03a"), ROSE, None),
            },
            {"36-40": 0, "41-45": 0},
        ),
        Item(
            "Band mittens",
            "MITTENS",
            3600,
            "Two layers where the wind gets in. The band is an old diamond pattern, four stitches by eight rows.",
            {"Material": "Wool", "Weight": "110 g", "Care": "Wool wash, 30 °C"},
            {"": Art(partial(draw.mittens, colour="#8c2f2b", band="#e6dccb"), OLIVE, None)},
            {"S": 0, "M": 0, "L": 0},
        ),
    ),
)
