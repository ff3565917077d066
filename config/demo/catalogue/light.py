"""The Light shelf."""

from functools import partial

from config.demo.catalogue.goods import (
    DUSK,
    FOREST,
    HONEY,
    LAGOON,
    MIST,
    OLIVE,
    PLUM,
    SAND,
    TERRACOTTA,
    UMBER,
    Art,
    Item,
    Shelf,
    one,
)
from config.demo.drawing import light as draw

SHELF = Shelf(
    "Light",
    (
        Item(
            "Dome lamp, tomato",
            "LAMP-DOME-TOMATO",
            12400,
            "A table lamp that lights the table and not your eyes. Spun steel, lacquered; a dimmer on the cable.",
            {"Material": "Steel", "Size": "32 cm high", "Power": "E27, up to 7 W LED", "Cable": "1.8 m, dimmer"},
            one(partial(draw.dome_lamp, colour="#c9532f"), OLIVE),
        ),
        Item(
            "Dome lamp, chalk",
            "LAMP-DOME-CHALK",
            12400,
            "The same lamp in chalk: a shade brighter, because the inside reflects a little more.",
            {"Material": "Steel", "Size": "32 cm high", "Power": "E27, up to 7 W LED", "Cable": "1.8 m, dimmer"},
            one(partial(draw.dome_lamp, colour="#ece4d4"), HONEY),
            scarce={"LAMP-DOME-CHALK": 5},
        ),
        Item(
            "Globe lamp, brass",
            "LAMP-GLOBE",
            16800,
            "A ball of opal glass on a turned brass foot. It gives an even, warm light without an edge.",
            {"Material": "Opal glass, brass", "Size": "38 cm high", "Power": "E27, up to 7 W LED", "Cable": "1.8 m"},
            one(draw.globe_lamp, DUSK),
        ),
        Item(
            "Jointed desk lamp",
            "LAMP-DESK",
            13900,
            "Two joints and a heavy foot: it stays where you leave it. The head turns all the way round.",
            {"Material": "Aluminium, steel", "Reach": "62 cm", "Power": "Built-in 9 W LED, 2700 K", "Cable": "1.6 m"},
            {
                "Mustard": Art(partial(draw.desk_lamp, colour="#d0a03a"), FOREST),
                "Black": Art(partial(draw.desk_lamp, colour="#35332f"), MIST),
            },
        ),
        Item(
            "Tripod floor lamp",
            "LAMP-TRIPOD",
            22900,
            "Three ash legs and a linen shade. It comes flat and needs one key, which is in the box.",
            {
                "Material": "Ash, linen",
                "Height": "148 cm",
                "Power": "E27, up to 12 W LED",
                "Cable": "2.4 m, foot switch",
            },
            one(partial(draw.floor_lamp, shade_colour="#e6d8bd"), "#8c7466"),
            scarce={"LAMP-TRIPOD": 4},
        ),
        Item(
            "Reading lamp, graphite",
            "LAMP-READING",
            18900,
            "Stands behind the chair and reaches over your shoulder. The light is narrow enough not to wake anyone.",
            {"Material": "Steel", "Height": "140 cm", "Power": "Built-in 6 W LED, 2700 K", "Cable": "2 m, dimmer"},
            one(partial(draw.reading_lamp, colour="#2f3a36"), PLUM),
        ),
        Item(
            "Bell pendant",
            "LAMP-BELL",
            15800,
            "Hangs over a table for four. White inside, so that the light is the same in either colour.",
            {"Material": "Aluminium", "Size": "36 cm across", "Power": "E27, up to 12 W LED", "Cable": "2 m, textile"},
            {
                "Terracotta": Art(partial(draw.pendant, colour="#b9674a"), LAGOON, None),
                "Ink": Art(partial(draw.pendant, colour="#2b3f4e"), TERRACOTTA, None),
            },
        ),
        Item(
            "Paper lantern, 45 cm",
            "LANTERN-PAPER",
            4800,
            "Mulberry paper "
            "over a wire "
            "spiral. It folds flat to a disc of two centimetres, and weighs next to nothing.",
            {
                "Material": "Mulberry paper, steel",
                "Size": "45 cm",
                "Power": "For your own cable, E27",
                "Weight": "190 g",
            },
            one(draw.paper_lantern, UMBER, None),
        ),
        Item(
            "Dipped candles and holders",
            "CANDLES-PAIR",
            3400,
            "Two candles of beeswax and rapeseed wax with two brass holders. Each burns for about nine hours.",
            {"Material": "Beeswax, rapeseed wax, brass", "Size": "30 cm", "Burning time": "9 hours", "Pieces": "2"},
            one(partial(draw.candles, wax="#efe3cd"), "#5d4a52"),
        ),
        Item(
            "Wall lamp on ash",
            "LAMP-WALL",
            9800,
            "A half-dome on a strip of ash. Wire it in or plug it in: a cable and a cover for it are in the box.",
            {
                "Material": "Ash, steel",
                "Size": "31 cm high",
                "Power": "E14, up to 5 W LED",
                "Cable": "2.2 m, optional",
            },
            {
                "Chalk": Art(partial(draw.wall_lamp, colour="#e6dfd2"), "#6f7f83", None),
                "Tomato": Art(partial(draw.wall_lamp, colour="#c9532f"), SAND, None),
            },
        ),
    ),
)
