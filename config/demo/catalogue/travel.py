"""The Travel shelf."""

from functools import partial

from config.demo.catalogue.goods import FOG, MIST, OLIVE, PLUM, SAGE, SAND, TAUPE, TERRACOTTA, Art, Item, Shelf, one
from config.demo.drawing import travel as draw

SHELF = Shelf(
    "Travel",
    (
        Item(
            "Weekend bag",
            "BAG-WEEKEND",
            18900,
            "Waxed canvas on a leather base. Two days of clothes go in, and it still fits under the seat in front.",
            {"Material": "Waxed cotton, leather", "Capacity": "34 l", "Weight": "1.6 kg", "Size": "48 x 28 x 25 cm"},
            {
                "Forest": Art(partial(draw.weekender, canvas="#4a5a48"), SAND),
                "Navy": Art(partial(draw.weekender, canvas="#2f3f54"), OLIVE),
            },
        ),
        Item(
            "Buckled rucksack",
            "RUCKSACK",
            15900,
            "A flap, two buckles, one pocket in front and a sleeve for a laptop of fourteen inches. "
            "It stands up by itself.",
            {"Material": "Waxed cotton, leather", "Capacity": "19 l", "Weight": "1.1 kg", "Size": "42 x 30 x 15 cm"},
            {
                "Mustard": Art(partial(draw.backpack, canvas="#c8a24a"), MIST),
                "Slate": Art(partial(draw.backpack, canvas="#4d5d66"), SAND),
            },
        ),
        Item(
            "Steel flask, 750 ml",
            "FLASK",
            3900,
            "Tea that is hot at eight is still hot at noon. The lid is a cup, and the cup doesn't burn your lip.",
            {"Material": "Steel", "Capacity": "750 ml", "Weight": "420 g", "Keeps warm": "12 hours"},
            {
                "Forest": Art(partial(draw.flask, colour="#2f4f48"), TERRACOTTA),
                "Rust": Art(partial(draw.flask, colour="#b0492f"), FOG),
            },
        ),
        Item(
            "Long umbrella",
            "UMBRELLA",
            7200,
            "Ten ribs of fibreglass and a handle bent from one piece of wood. Every part can be replaced.",
            {"Material": "Polyester, fibreglass, beech", "Length": "90 cm", "Weight": "560 g", "Across": "108 cm"},
            {
                "Navy": Art(partial(draw.umbrella, colour="#22304a"), TAUPE, 380),
                "Bottle green": Art(partial(draw.umbrella, colour="#234a3c"), SAND, 380),
            },
        ),
        Item(
            "Card wallet",
            "WALLET",
            4600,
            "Six cards and some folded notes. The leather is thick now and will be soft by spring.",
            {"Material": "Leather", "Size": "10 x 7 cm", "Weight": "38 g", "Pockets": "3"},
            {
                "Tan": Art(partial(draw.wallet, leather="#8a5a3a"), SAGE, None),
                "Black": Art(partial(draw.wallet, leather="#35312e"), TERRACOTTA, None),
            },
        ),
        Item(
            "Two-tier lunch tin",
            "TIN-LUNCH",
            4200,
            "Rice below, everything else above. The bow locks both tiers; nothing has leaked in our bags so far.",
            {"Material": "Enamelled steel", "Capacity": "2 x 0.7 l", "Height": "26 cm", "Care": "Dishwasher"},
            one(partial(draw.lunch_tin, enamel="#ece6da"), PLUM),
        ),
        Item(
            "Small suitcase",
            "SUITCASE",
            22400,
            "Board and cloth with leather corners, as it used to be done. For trains rather than for aeroplanes.",
            {
                "Material": "Fibreboard, cotton, leather",
                "Capacity": "26 l",
                "Weight": "2.9 kg",
                "Size": "46 x 34 x 16 cm",
            },
            {
                "Oxblood": Art(partial(draw.trunk, colour="#7a3b32"), FOG),
                "Moss": Art(partial(draw.trunk, colour="#4f6048"), SAND),
            },
            scarce={"SUITCASE-MOSS": 2},
        ),
    ),
)
