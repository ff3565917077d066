"""Pictures that tests draw, encode and look into."""

import io
from typing import Any

from PIL import Image

RED, GREEN = (200, 30, 20), (20, 180, 40)


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def flat(width: int = 1000, height: int = 1250, *, mode: str = "RGB", colour: Any = RED) -> Image.Image:
    return Image.new(mode, (width, height), colour)


def halves(width: int = 60, height: int = 40) -> Image.Image:
    """Red on the left, green on the right."""
    picture = flat(width, height)
    picture.paste(GREEN, (width // 2, 0, width, height))
    return picture


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))
