"""The posters of the demo's shows: drawn scenes, kept as files in `art/` or put together from the goods."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from config.demo.drawing import ceramics, furniture, kitchen, travel
from config.demo.drawing.scenes import Placed, by_the_window

ART = Path(__file__).parent / "art"

OAK = "#a9794c"


def kept(name: str) -> str:
    """Return a poster that is kept as a file."""
    return (ART / f"{name}.svg").read_text()


def breakfast() -> str:
    """Return a breakfast table in the morning: a teapot, a mug, bowls, a jug and plates."""
    return by_the_window(
        (
            Placed(partial(ceramics.jug, glaze="#6f8f83"), 1130, 700, 1.16),
            Placed(partial(ceramics.plates, glaze="#e3dccf", rim="#4f7f86"), 330, 716, 1.24),
            Placed(partial(ceramics.nest, colours=("#e7ddcc", "#6f8f83", "#2f4454")), 1370, 770, 1.1),
            Placed(partial(ceramics.teapot, glaze="#3c4a45"), 760, 770, 1.5),
            Placed(partial(ceramics.mug, dip="#d8b04a"), 470, 826, 0.86),
            Placed(partial(ceramics.cups, first="#b8492b", second="#3f6f86"), 1080, 840, 0.86),
        ),
        wall="#8a9a94",
        table=OAK,
    )


def workshop() -> str:
    """Return a bench in a workshop: stools in two woods, oil, a board."""
    return by_the_window(
        (
            Placed(kitchen.board, 330, 726, 1.2),
            Placed(partial(furniture.stool, wood=furniture.WALNUT), 1190, 742, 1.44),
            Placed(furniture.stool, 760, 800, 1.8),
            Placed(partial(ceramics.bottle, glaze="#3a5a46"), 470, 792, 0.92),
            Placed(partial(ceramics.cups, first="#b8492b", second="#d0a03a"), 1420, 838, 0.8),
        ),
        wall="#a3876c",
        table="#8a6240",
        table_y=640,
    )


def platform() -> str:
    """Return what stands ready for a journey: a bag, a rucksack, a flask and a lunch tin."""
    return by_the_window(
        (
            Placed(partial(travel.trunk, colour="#7a3b32"), 1200, 760, 1.34),
            Placed(partial(travel.backpack, canvas="#c8a24a"), 380, 772, 1.36),
            Placed(partial(travel.weekender, canvas="#4a5a48"), 780, 822, 1.5),
            Placed(partial(travel.flask, colour="#2f4f48"), 1090, 846, 0.96),
            Placed(partial(travel.lunch_tin, enamel="#ece6da"), 1420, 852, 0.8),
        ),
        wall="#6d7f8c",
        table="#7a5a40",
        table_y=640,
    )


POSTERS: dict[str, Callable[[], str]] = {
    "ceramics": partial(kept, "stage-ceramics"),
    "lamps": partial(kept, "show-lamps"),
    "listening": partial(kept, "show-audio"),
    "knits": partial(kept, "show-knit"),
    "breakfast": breakfast,
    "workshop": workshop,
    "platform": platform,
}
