"""The Textiles shelf."""

from functools import partial

from config.demo.catalogue.goods import (
    FOG,
    HONEY,
    MIST,
    OLIVE,
    PLUM,
    ROSE,
    SAGE,
    SAND,
    TAUPE,
    TERRACOTTA,
    Art,
    Item,
    Shelf,
    one,
)
from config.demo.drawing import textiles as draw

SHELF = Shelf(
    "Textiles",
    (
        Item(
            "Fringed throw",
            "THROW",
            9800,
            "Woven wide enough for two on a sofa. The fringe is knotted by hand, four threads to a knot.",
            {"Material": "Lambswool", "Size": "140 x 200 cm", "Weight": "900 g", "Care": "Wool wash, 30 °C"},
            {
                "Oat": Art(partial(draw.throw, colour="#d9ccb4", stripe="#b8623f"), MIST),
                "Sea": Art(partial(draw.throw, colour="#48697a", stripe="#e2d8c4"), SAND),
            },
        ),
        Item(
            "Striped cushion",
            "CUSHION-STRIPED",
            5400,
            "Linen with five woven stripes, and a filling of feathers that has to be shaken now and then.",
            {"Material": "Linen, feathers", "Size": "50 x 50 cm", "Weight": "1.1 kg", "Care": "Cover 40 °C"},
            one(partial(draw.cushion, colour="#e2d5bd", stripe="#2f4454"), TERRACOTTA),
        ),
        Item(
            "Knitted cushion",
            "CUSHION-KNIT",
            6200,
            "A thick knit in stocking stitch, linen at the back. The zip is hidden in the seam.",
            {"Material": "Wool, linen", "Size": "50 x 50 cm", "Weight": "1.2 kg", "Care": "Wool wash, 30 °C"},
            {
                "Moss": Art(partial(draw.cushion, colour="#4f6a4e", pattern="knit"), SAND),
                "Rust": Art(partial(draw.cushion, colour="#b0523a", pattern="knit"), FOG),
            },
        ),
        Item(
            "Bath towels, set of three",
            "TOWELS-THREE",
            7200,
            "A long towel, a hand towel and a guest's. Dense loops that dry you the first time, not after ten washes.",
            {"Material": "Cotton", "Size": "70 x 140, 50 x 100, 30 x 50 cm", "Weight": "550 g/m²", "Care": "60 °C"},
            one(partial(draw.towels, colours=("#3f5f6e", "#9fb0ac", "#e9e2d4")), ROSE),
        ),
        Item(
            "Linen napkins, pair",
            "NAPKINS-PAIR",
            2800,
            "Two napkins with mitred corners. They start stiff and get better for twenty years.",
            {"Material": "Linen", "Size": "45 x 45 cm", "Pieces": "2", "Care": "60 °C"},
            one(partial(draw.napkins, colours=("#e3d8c4", "#9aa88f")), PLUM, None),
        ),
        Item(
            "Striped tea towel",
            "TEATOWEL",
            1800,
            "Half linen, half cotton: the linen dries the glasses, the cotton takes the water.",
            {"Material": "Linen, cotton", "Size": "50 x 70 cm", "Weight": "95 g", "Care": "60 °C"},
            {
                "Red": Art(partial(draw.tea_towel, colour="#efe8da", stripe="#b8432f"), SAGE, None),
                "Blue": Art(partial(draw.tea_towel, colour="#efe8da", stripe="#2f5468"), HONEY, None),
            },
        ),
        Item(
            "Flat-woven rug",
            "RUG-FLAT",
            21900,
            "Woven on a floor loom and the same on both sides. Thin enough for a door to pass over it.",
            {"Material": "Wool", "Weight": "1.4 kg/m²", "Care": "Shake, wipe"},
            one(partial(draw.rug, colour="#b8623f", stripe="#2f3f4a"), TAUPE),
            {"80 x 150 cm": 0, "140 x 200 cm": 18000},
            scarce={"RUG-FLAT-140X200CM": 2},
        ),
        Item(
            "Work apron",
            "APRON",
            4900,
            "Canvas with leather straps that cross at the back and a pocket in two parts. Made for "
            "clay, good for cooking.",
            {
                "Material": "Cotton canvas, leather",
                "Size": "70 x 88 cm",
                "Weight": "410 g",
                "Care": "40 °C, straps off",
            },
            {
                "Slate": Art(partial(draw.apron, colour="#3c5560"), SAND, None),
                "Sand": Art(partial(draw.apron, colour="#b79f7c"), OLIVE, None),
            },
        ),
    ),
)
