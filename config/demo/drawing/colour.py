"""Colours as `#rrggbb`, mixed the way light and shade mix them in the studio."""

INK = "#170f0c"
LAMP = "#fff6ea"


def mix(colour: str, other: str, amount: float) -> str:
    """Return `colour` with `amount` (0 to 1) of `other` in it."""
    own, its = (tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in (colour, other))
    return "#" + "".join(f"{round(a + (b - a) * amount):02x}" for a, b in zip(own, its, strict=True))


def shade(colour: str, amount: float) -> str:
    """Return the colour away from the light."""
    return mix(colour, INK, amount)


def light(colour: str, amount: float) -> str:
    """Return the colour towards the light."""
    return mix(colour, LAMP, amount)


def brightness(colour: str) -> float:
    """Return how bright a colour looks, 0 to 1 (ITU-R BT.601)."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255
