"""The Kitchen shelf."""

from functools import partial

from config.demo.catalogue.goods import (
    FOG,
    HONEY,
    LAGOON,
    MIST,
    OAT,
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
from config.demo.drawing import kitchen as draw

SHELF = Shelf(
    "Kitchen",
    (
        Item(
            "Cast-iron pan, 26 cm",
            "PAN-IRON",
            5900,
            "Heavy, slow to warm and slow to cool, which is the point. Seasoned with linseed oil "
            "and ready for an egg.",
            {"Material": "Cast iron", "Size": "26 cm", "Weight": "2.6 kg", "Hob": "All, oven too"},
            one(draw.skillet, SAND, None),
        ),
        Item(
            "Saucepan with lid, 2.4 l",
            "PAN-SAUCE",
            8900,
            "Steel with a "
            "core of aluminium "
            "right up the sides. The walnut handle stays cool and takes a drop of oil a year.",
            {"Material": "Steel, aluminium, walnut", "Capacity": "2.4 l", "Weight": "1.5 kg", "Hob": "All"},
            one(draw.saucepan, SAGE),
        ),
        Item(
            "Enamelled casserole, 4 l",
            "CASSEROLE",
            16900,
            "Bread, beans, a stew for six. The underside of the lid is ridged, so that the steam comes back as rain.",
            {"Material": "Enamelled cast iron", "Capacity": "4 l", "Weight": "5.1 kg", "Hob": "All, oven to 240 °C"},
            {
                "Sea": Art(partial(draw.casserole, enamel="#2f5468"), HONEY),
                "Tomato": Art(partial(draw.casserole, enamel="#c9432f"), MIST),
            },
        ),
        Item(
            "Stove kettle, 1.8 l",
            "KETTLE",
            7800,
            "Boils on any hob and tells you with a low note. The oak grip folds down.",
            {"Material": "Enamelled steel, oak", "Capacity": "1.8 l", "Weight": "1.1 kg", "Hob": "All"},
            {
                "Cream": Art(partial(draw.kettle, enamel="#e6dccb"), MIST),
                "Forest": Art(partial(draw.kettle, enamel="#35564a"), ROSE),
            },
        ),
        Item(
            "Coffee dripper and server",
            "DRIPPER",
            6600,
            "A ribbed cone over a glass server for two cups. Takes ordinary number two papers.",
            {"Material": "Stoneware, glass", "Capacity": "500 ml", "Height": "24 cm", "Care": "Dishwasher"},
            one(partial(draw.dripper, glaze="#e9e2d6"), TERRACOTTA),
        ),
        Item(
            "Pepper mill, walnut",
            "MILL-PEPPER",
            4400,
            "A steel grinder, set from dust to gravel by the knob on top. For pepper, not for salt.",
            {"Material": "Walnut, steel", "Height": "21 cm", "Weight": "320 g", "Care": "Wipe"},
            one(draw.mill, OAT),
        ),
        Item(
            "Three storage jars",
            "JARS-THREE",
            4800,
            "Glass jars with oak lids that close with a ring of silicone. Rice, lentils and oats are not included.",
            {"Material": "Glass, oak", "Capacity": "0.6, 1 and 1.4 l", "Pieces": "3", "Care": "Lids by hand"},
            one(partial(draw.jars, fillings=("#d9b36a", "#8c4f33", "#e6dcc4")), SAGE),
        ),
        Item(
            "Wooden spoons in a pot",
            "SPOONS-POT",
            5200,
            "Three spoons, two turners, one stoneware pot. Carved along the grain, so they don't go furry.",
            {"Material": "Oak, walnut, stoneware", "Size": "30 cm", "Pieces": "6", "Care": "Wash by hand"},
            one(partial(draw.spoons, pot="#d8d0c2"), LAGOON),
        ),
        Item(
            "Kitchen knife, walnut",
            "KNIFE",
            7400,
            "Forged from one bar, ground thin behind the edge. It arrives sharp and can be sharpened "
            "by anyone with a stone.",
            {"Material": "Carbon steel, walnut", "Hardness": "60 HRC", "Weight": "180 g", "Care": "Dry after use"},
            one(draw.knife, TAUPE, None),
            {"14 cm": 0, "18 cm": 1600},
            size_word="Blade",
        ),
        Item(
            "Bread board, oak",
            "BOARD-BREAD",
            3900,
            "One piece of oak with a hole to hang it by. The other side has a groove for juice.",
            {"Material": "Oak, oiled", "Size": "42 x 24 x 2 cm", "Weight": "1.3 kg", "Care": "Wash by hand, oil"},
            one(draw.board, FOG),
        ),
        Item(
            "Stove-top coffee pot",
            "MOKA",
            3800,
            "Eight sides, one valve, no electronics. The rubber ring wears out after some years; a "
            "spare is in the box.",
            {"Material": "Aluminium", "Care": "Rinse, no soap", "Hob": "Gas and electric"},
            one(draw.moka, TERRACOTTA),
            {"3 cups": 0, "6 cups": 1000},
        ),
    ),
)
