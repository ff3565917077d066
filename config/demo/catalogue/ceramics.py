"""The Ceramics shelf."""

from functools import partial

from config.demo.catalogue.goods import (
    HONEY,
    LAGOON,
    MIST,
    OAT,
    OLIVE,
    PLUM,
    SAGE,
    SAND,
    TERRACOTTA,
    Art,
    Item,
    Shelf,
    one,
)
from config.demo.drawing import ceramics as draw

STONEWARE = "Stoneware"
BUD_DRIPS = (330, 346, 330, 352, 334, 342, 326)

SHELF = Shelf(
    "Ceramics",
    (
        Item(
            "Rust glaze vase",
            "VASE-RUST",
            8600,
            "Thrown in one piece and dipped by hand, so the line of the glaze is different on each. "
            "Glazed inside as well: it holds water. The foot is sanded and won't scratch a table.",
            {"Material": STONEWARE, "Height": "24 cm", "Width": "17 cm", "Care": "Wash by hand"},
            one(partial(draw.vase, glaze="#b8492b"), LAGOON),
        ),
        Item(
            "Lagoon vase",
            "VASE-LAGOON",
            8200,
            "A round vase with a narrow neck that keeps a few tall stems upright. "
            "Iron in the clay comes through the pale glaze as small dark specks.",
            {"Material": STONEWARE, "Height": "24 cm", "Width": "17 cm", "Care": "Wash by hand"},
            one(partial(draw.vase, glaze="#4f7f86", stems="#b5764a"), SAND),
        ),
        Item(
            "Bud vase",
            "VASE-BUD",
            4600,
            "Small enough for one flower and a windowsill. Dipped once, upside down, and fired standing on its rim.",
            {"Material": STONEWARE, "Height": "13 cm", "Width": "10 cm", "Care": "Wash by hand"},
            {
                "Ochre": Art(partial(draw.vase, shape=draw.BUD, glaze="#d0a03a", drips=BUD_DRIPS), PLUM),
                "Slate": Art(partial(draw.vase, shape=draw.BUD, glaze="#3f566a", drips=BUD_DRIPS), SAND),
                "Blush": Art(partial(draw.vase, shape=draw.BUD, glaze="#cf8f80", drips=BUD_DRIPS), OLIVE),
            },
            scarce={"VASE-BUD-BLUSH": 1},
        ),
        Item(
            "Moon jar, chalk",
            "JAR-MOON",
            14800,
            "Two bowls joined at the rim, as moon jars have been made for four hundred years. "
            "The seam can be felt inside. No two are quite round.",
            {"Material": "Porcelain", "Height": "27 cm", "Width": "28 cm", "Care": "Wash by hand"},
            one(partial(draw.glazed_vase, shape=draw.MOON, glaze="#e6e0d4"), SAGE),
            scarce={"JAR-MOON": 3},
        ),
        Item(
            "Fluted vase, ink",
            "VASE-FLUTED",
            9400,
            "The flutes are "
            "cut with a wire "
            "while the clay is still soft. The glaze is thin on the ridges and dark between.",
            {"Material": STONEWARE, "Height": "26 cm", "Width": "15 cm", "Care": "Wash by hand"},
            one(partial(draw.glazed_vase, shape=draw.FLUTED, glaze="#33505c", flutes=9, specks=0), TERRACOTTA),
        ),
        Item(
            "Bottle vase, midnight",
            "VASE-BOTTLE",
            7800,
            "A tall, quiet shape for branches. Midnight blue to the shoulder, bare speckled clay below.",
            {"Material": STONEWARE, "Height": "28 cm", "Width": "13 cm", "Care": "Wash by hand"},
            one(partial(draw.vase, shape=draw.TALL, glaze="#2f4454", drips=(262, 252, 270, 256, 276, 250, 262)), MIST),
        ),
        Item(
            "Nest of three bowls",
            "BOWLS-NEST",
            5400,
            "Three bowls "
            "that stand in each other: cereal, soup, salad for two. They go in the dishwasher and the "
            "oven.",
            {"Material": STONEWARE, "Size": "12, 15 and 18 cm", "Capacity": "0.3, 0.6 and 1 l", "Care": "Dishwasher"},
            one(partial(draw.nest, colours=("#e7ddcc", "#6f8f83", "#2f4454")), TERRACOTTA),
        ),
        Item(
            "Serving bowl, lagoon",
            "BOWL-SERVING",
            6400,
            "Wide and low, for the middle of the table. Chalk outside, a deep pool of blue within.",
            {"Material": STONEWARE, "Size": "31 cm", "Capacity": "2.2 l", "Care": "Dishwasher"},
            one(partial(draw.serving_bowl, outside="#e7ddcc", inside="#4f7f86"), HONEY),
        ),
        Item(
            "Dipped mug",
            "MUG",
            2200,
            "A straight mug with room for three fingers in the handle. The coloured foot is a second "
            "glaze over the first.",
            {"Material": STONEWARE, "Capacity": "350 ml", "Height": "10 cm", "Care": "Dishwasher"},
            {
                "Mustard": Art(partial(draw.mug, dip="#d8b04a"), MIST),
                "Sea": Art(partial(draw.mug, dip="#3f6f86"), SAND),
                "Rust": Art(partial(draw.mug, dip="#b8492b"), OAT),
            },
        ),
        Item(
            "Cane teapot, 900 ml",
            "TEAPOT-CANE",
            6800,
            "A round pot that pours without a drip. The cane handle stays cool; the steel strainer inside lifts out.",
            {"Material": "Stoneware, cane", "Capacity": "900 ml", "Height": "16 cm", "Care": "Wash by hand"},
            one(partial(draw.teapot, glaze="#3c4a45"), SAGE),
        ),
        Item(
            "Breakfast plates, set of four",
            "PLATES-FOUR",
            7200,
            "Four flat plates with a raised, glazed rim. They stack without wobbling and stand up in a rack.",
            {"Material": STONEWARE, "Size": "21 cm", "Pieces": "4", "Care": "Dishwasher"},
            one(partial(draw.plates, glaze="#e3dccf", rim="#4f7f86"), LAGOON),
        ),
        Item(
            "Water jug, sage",
            "JUG-SAGE",
            5800,
            "Holds a litre and a half, and one hand is enough to pour it. The lip is pinched, so the "
            "last drop goes back.",
            {"Material": STONEWARE, "Capacity": "1.5 l", "Height": "26 cm", "Care": "Dishwasher"},
            one(partial(draw.jug, glaze="#6f8f83"), SAND),
        ),
        Item(
            "Two small cups",
            "CUPS-TWO",
            3600,
            "For espresso, or a mouthful of something stronger. One is rust, one is sea; the walls "
            "are thick and keep warm.",
            {"Material": STONEWARE, "Capacity": "110 ml each", "Pieces": "2", "Care": "Dishwasher"},
            one(partial(draw.cups, first="#b8492b", second="#3f6f86"), PLUM),
        ),
        Item(
            "Oil bottle, olive",
            "BOTTLE-OIL",
            4200,
            "Dark glaze keeps light from the oil. The spout sits in a cork that comes out for filling.",
            {"Material": "Stoneware, cork, steel", "Capacity": "400 ml", "Height": "24 cm", "Care": "Wash by hand"},
            one(partial(draw.bottle, glaze="#3a5a46"), HONEY),
            sold_out=("BOTTLE-OIL",),
        ),
        Item(
            "Planter with saucer",
            "PLANTER",
            3900,
            "A pot with a hole in its foot and a saucer that fits. The plant in the picture stays in the studio.",
            {"Material": "Terracotta", "Size": "18 cm", "Height": "16 cm", "Use": "Indoors and out"},
            {
                "Terracotta": Art(partial(draw.planter, pot="#b9674a"), OAT),
                "Slate": Art(partial(draw.planter, pot="#55626a"), TERRACOTTA),
            },
        ),
    ),
)
