"""The Sound shelf."""

from functools import partial

from config.demo.catalogue.goods import (
    DUSK,
    FOG,
    HONEY,
    MIST,
    OAT,
    OLIVE,
    PLUM,
    ROSE,
    SAND,
    TAUPE,
    TERRACOTTA,
    Art,
    Item,
    Shelf,
    one,
)
from config.demo.drawing import sound as draw

SHELF = Shelf(
    "Sound",
    (
        Item(
            "Closed headphones, walnut",
            "PHONES-CLOSED",
            25900,
            "Closed at the back: nobody hears what you hear. Pads and cable come off and can be bought one by one.",
            {
                "Material": "Aluminium, leather, walnut",
                "Weight": "290 g",
                "Impedance": "38 ohm",
                "Cable": "1.3 m, 3.5 mm",
            },
            one(partial(draw.headphones, cup="#2c2b2d", leather="#6b4a34"), TAUPE),
        ),
        Item(
            "Open headphones, chalk",
            "PHONES-OPEN",
            28900,
            "Open at the back: voices stand in a room and not in your head. For a quiet place, since "
            "others hear them too.",
            {
                "Material": "Aluminium, leather",
                "Weight": "260 g",
                "Impedance": "62 ohm",
                "Cable": "3 m, 6.3 mm adapter",
            },
            one(partial(draw.headphones, cup="#d8d2c8", leather="#8a5a3c", open_back=True), PLUM),
            scarce={"PHONES-OPEN": 2},
        ),
        Item(
            "Shelf speakers, pair",
            "SPEAKERS-SHELF",
            42000,
            "Two-way speakers in solid walnut. They need an amplifier and some ten centimetres of air behind them.",
            {"Material": "Walnut, paper cone", "Size": "20 x 34 x 24 cm", "Power": "15 to 80 W", "Impedance": "6 ohm"},
            one(draw.shelf_speakers, OLIVE, 340),
        ),
        Item(
            "Cloth speaker",
            "SPEAKER-CLOTH",
            14900,
            "A small speaker with a leather loop. Plays for a working day and a half, and the battery can be changed.",
            {"Material": "Wool cloth, aluminium", "Battery": "14 hours", "Power": "12 W", "Weight": "780 g"},
            {
                "Stone": Art(partial(draw.portable_speaker, cloth="#8c857a"), ROSE),
                "Moss": Art(partial(draw.portable_speaker, cloth="#55654f"), SAND),
            },
        ),
        Item(
            "Belt-drive turntable",
            "TURNTABLE",
            34900,
            "A heavy platter, "
            "a straight arm, a lever to lower it. The needle is set at the works; you put the record "
            "on.",
            {"Material": "Walnut, aluminium", "Speeds": "33 and 45", "Power": "4 W", "Output": "Phono and line"},
            one(draw.turntable, OAT, None),
        ),
        Item(
            "Table radio",
            "RADIO",
            12900,
            "One dial, three knobs, no screen. FM and DAB, and a socket at the back for anything else.",
            {
                "Material": "Walnut, steel",
                "Size": "26 x 17 x 10 cm",
                "Power": "10 W, mains or battery",
                "Bands": "FM, DAB+",
            },
            {
                "Cream": Art(partial(draw.radio, colour="#e6dcc4"), HONEY),
                "Sage": Art(partial(draw.radio, colour="#8fa593"), TERRACOTTA),
            },
        ),
        Item(
            "Earbuds in a case",
            "EARBUDS",
            9900,
            "Small, plain, and quiet about being there. Five hours in the ear, twenty more in the case.",
            {"Material": "Recycled plastic", "Battery": "5 + 20 hours", "Weight": "5 g each", "Water": "Rain is fine"},
            {
                "Chalk": Art(partial(draw.earbuds, colour="#e9e4da"), MIST, 330),
                "Graphite": Art(partial(draw.earbuds, colour="#4a494b"), FOG, 330),
            },
        ),
        Item(
            "Record crate, ash",
            "CRATE-RECORDS",
            6200,
            "Holds about seventy records and can be carried with them in it. Finger joints, no screws, oiled twice.",
            {"Material": "Ash", "Size": "36 x 28 x 30 cm", "Capacity": "About 70 LPs", "Weight": "2.4 kg"},
            one(draw.record_crate, TERRACOTTA),
        ),
        Item(
            "Desk microphone",
            "MICROPHONE",
            13900,
            "For calls, songs and shows. One knob for level, one button for silence, and a foot that doesn't creep.",
            {"Material": "Steel, zinc", "Pattern": "Cardioid", "Connection": "USB-C", "Weight": "640 g"},
            one(partial(draw.microphone, colour="#2c2b2d"), DUSK),
            scarce={"MICROPHONE": 5},
        ),
    ),
)
