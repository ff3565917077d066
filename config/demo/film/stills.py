"""Draws the film's stills again, from the same drawings as posters and goods: `python -m config.demo.film.stills`."""

import io
import shutil
from collections.abc import Callable
from functools import partial

from PIL import Image
from playwright.sync_api import sync_playwright

from config.demo.catalogue import items
from config.demo.drawing.scenes import close_up
from config.demo.film import HEIGHT, MARGIN_X, MARGIN_Y, STILLS, WIDTH
from config.demo.posters import kept

CLOSE_UPS = (
    *("VASE-RUST", "BOWLS-NEST", "MUG-MUSTARD", "TEAPOT-CANE"),
    *("CREW-SEA-M", "CREW-RUST-M", "ROLLNECK-OAT-M", "CARDIGAN-MOSS-M"),
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
QUALITY = 84


def drawings() -> dict[str, Callable[[], str]]:
    """Return what draws each still, by its file's name."""
    arts = {choice.code: item.colours[choice.colour] for item in items() for choice in item.choices()}
    stills: dict[str, Callable[[], str]] = {
        "kiln": partial(kept, "stage-ceramics"),
        "rail": partial(kept, "show-knit"),
    }
    for sku in CLOSE_UPS:
        art = arts[sku]
        stills[sku.lower()] = partial(close_up, art.draw, wall=art.wall, floor_y=art.floor_y)
    return stills


def main() -> None:
    """Draw every still with Chromium and keep it as WebP."""
    STILLS.mkdir(exist_ok=True)
    size = (WIDTH + MARGIN_X, HEIGHT + MARGIN_Y)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        for name, draw in drawings().items():
            page.set_content(f"<style>body{{margin:0}}svg{{display:block;width:100vw;height:auto}}</style>{draw()}")
            image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            image.save(STILLS / f"{name}.webp", quality=QUALITY, method=6)
        browser.close()


if __name__ == "__main__":
    main()
