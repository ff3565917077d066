"""The Furniture shelf."""

from functools import partial

from config.demo.catalogue.goods import (
    FOG,
    HONEY,
    MIST,
    OAT,
    OLIVE,
    PLUM,
    SAGE,
    SAND,
    TAUPE,
    TERRACOTTA,
    Art,
    Item,
    Shelf,
    one,
)
from config.demo.drawing import furniture as draw

SHELF = Shelf(
    "Furniture",
    (
        Item(
            "Three-legged stool",
            "STOOL",
            11800,
            "Three legs never "
            "wobble. The joints are wedged and not glued, so it can be taken apart and put right "
            "again.",
            {"Material": "Solid wood, oiled", "Height": "46 cm", "Weight": "3.1 kg", "Carries": "120 kg"},
            {
                "Ash": Art(draw.stool, TAUPE),
                "Walnut": Art(partial(draw.stool, wood=draw.WALNUT), SAGE),
            },
        ),
        Item(
            "Spindle chair, ash",
            "CHAIR-SPINDLE",
            24800,
            "Five spindles bend a little with your back. The seat is hollowed by hand, which takes "
            "longest and is felt most.",
            {"Material": "Ash, oiled", "Size": "44 x 50 x 84 cm", "Seat height": "45 cm", "Weight": "4.8 kg"},
            one(draw.chair, OLIVE, 372),
        ),
        Item(
            "Two-tier side table, walnut",
            "TABLE-SIDE",
            18900,
            "A cup and a book on top, everything else below. The legs screw in by hand.",
            {"Material": "Walnut, oiled", "Size": "46 cm across", "Height": "52 cm", "Weight": "5.2 kg"},
            one(draw.side_table, OAT),
        ),
        Item(
            "Long bench, oak",
            "BENCH-OAK",
            32900,
            "Seats three at a table or holds shoes in a hall. The woollen runner in the picture is not part of it.",
            {"Material": "Oak, oiled", "Size": "140 x 36 x 45 cm", "Weight": "13 kg", "Carries": "300 kg"},
            one(draw.bench, MIST, 350),
            scarce={"BENCH-OAK": 3},
        ),
        Item(
            "Tall shelf, oak",
            "SHELF-TALL",
            41900,
            "Four boards between four posts, wedged without tools. What stands on it in the picture "
            "stands there in the studio.",
            {"Material": "Oak, oiled", "Size": "84 x 34 x 172 cm", "Weight": "24 kg", "Carries": "30 kg a board"},
            one(draw.bookshelf, SAND, 390),
        ),
        Item(
            "Bracket shelf",
            "SHELF-BRACKET",
            7900,
            "One board and two folded brackets of steel. Screws and plugs for stone and for plaster are in the box.",
            {"Material": "Oak, steel", "Size": "80 x 22 cm", "Weight": "3.4 kg", "Carries": "20 kg"},
            one(draw.wall_shelf, SAGE, None),
        ),
        Item(
            "Low armchair",
            "ARMCHAIR",
            54900,
            "A frame of ash and two cushions with covers that zip off. Low enough to get out a long book.",
            {"Material": "Ash, wool", "Size": "70 x 78 x 74 cm", "Seat height": "38 cm", "Weight": "14 kg"},
            {
                "Moss": Art(partial(draw.armchair, cloth="#4f6a4e"), TAUPE),
                "Rust": Art(partial(draw.armchair, cloth="#a8492f"), FOG),
                "Oat": Art(partial(draw.armchair, cloth="#d6c9b0"), PLUM),
            },
            sold_out=("ARMCHAIR-OAT",),
        ),
        Item(
            "Round mirror, oak",
            "MIRROR-ROUND",
            13800,
            "Glass of five millimetres in a frame turned from one board. It hangs on a cleat and can't slip.",
            {"Material": "Oak, glass", "Size": "60 cm", "Weight": "5.6 kg", "Hangs": "On a cleat, two screws"},
            one(draw.mirror, TERRACOTTA, None),
        ),
        Item(
            "Peg rail, ash",
            "RAIL-PEGS",
            6400,
            "Five turned pegs on a rail. A coat is no trouble; neither is a child's school bag.",
            {"Material": "Ash, oiled", "Size": "78 cm", "Weight": "1.2 kg", "Carries": "8 kg a peg"},
            one(draw.peg_rail, FOG, None),
        ),
        Item(
            "Two-drawer desk, oak",
            "DESK-OAK",
            68900,
            "A desk for one person and one thing at a time. The drawers run on wood and close with a breath of air.",
            {"Material": "Oak, brass", "Size": "130 x 60 x 74 cm", "Weight": "28 kg", "Drawers": "2"},
            one(draw.desk, HONEY, 350),
        ),
    ),
)
