"""Pictures that people upload: every kind of file, made anew in several widths, and nothing of the file kept."""

import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from PIL import Image, ImageCms
from pytest_django import Settings

from shop import pictures
from shop.pictures import PictureRefused
from tests.support.drawn_pictures import GREEN, RED, encoded, flat, halves, opened


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def made(content: bytes) -> Image.Image:
    """Return the widest of what is made of a file."""
    picture = opened(pictures.read(ContentFile(content, "sent")).read())
    assert picture.format == "WEBP"
    return picture


def is_near(pixel: Any, colour: tuple[int, ...], *, by: int = 12) -> bool:
    return all(abs(one - other) <= by for one, other in zip(pixel, colour, strict=False))


@pytest.mark.parametrize(
    ("width", "height", "widths"),
    [
        (3000, 3750, [400, 800, 1600]),
        (1600, 900, [400, 800, 1600]),
        (1000, 1250, [400, 800, 1000]),
        (400, 500, [400]),
        (90, 100, [90]),
        (1, 1, [1]),
        (1000, 16_000, [200]),
        (16_000, 2, [400, 800, 1600]),
    ],
)
def test_a_picture_is_made_anew_in_several_widths_and_never_larger(width: int, height: int, widths: list[int]) -> None:
    picture = pictures.read(ContentFile(encoded(flat(width, height)), "sent.png"))

    found = {**picture.narrower, picture.widths[-1]: picture.read()}
    assert sorted(found) == picture.widths == widths
    for wide, content in found.items():
        one = opened(content)
        assert (one.format, one.width) == ("WEBP", wide)
        assert one.height == max(1, round(height * wide / width)) or one.height == max(1, height * wide // width)


@pytest.mark.parametrize(
    ("content", "colour"),
    [
        pytest.param(encoded(flat(), "JPEG", quality=95), RED, id="jpeg"),
        pytest.param(encoded(flat(), "JPEG", quality=95, progressive=True), RED, id="progressive jpeg"),
        pytest.param(encoded(flat(mode="CMYK", colour=(0, 255, 255, 0)), "JPEG", quality=95), (255, 0, 0), id="cmyk"),
        pytest.param(encoded(flat(mode="L", colour=90), "JPEG", quality=95), (90, 90, 90), id="grey jpeg"),
        pytest.param(encoded(flat(mode="I;16", colour=0x8000)), (128, 128, 128), id="16 bits"),
        pytest.param(encoded(flat(mode="1", colour=1)), (255, 255, 255), id="one bit"),
        pytest.param(encoded(flat(mode="LA", colour=(90, 128))), (90, 90, 90, 128), id="grey with alpha"),
        pytest.param(encoded(flat(mode="RGBA", colour=(*RED, 0))), (0, 0, 0, 0), id="transparent"),
        pytest.param(encoded(flat().convert("P", palette=Image.Palette.ADAPTIVE)), RED, id="palette"),
        pytest.param(encoded(flat(), transparency=RED), (0, 0, 0, 0), id="a transparent colour"),
        pytest.param(encoded(flat(), "WEBP", lossless=True), RED, id="webp"),
        pytest.param(encoded(flat(), "AVIF"), RED, id="avif"),
        pytest.param(encoded(flat(), "GIF"), RED, id="gif"),
    ],
)
def test_every_kind_of_picture_keeps_its_colours(content: bytes, colour: tuple[int, ...]) -> None:
    picture = made(content)

    assert picture.size == (1000, 1250)
    assert picture.mode == ("RGBA" if len(colour) == 4 else "RGB")
    pixel = picture.getpixel((500, 600))
    assert pixel[3] == colour[3] if len(colour) == 4 and not colour[3] else is_near(pixel, colour)


def test_a_palette_with_transparency_keeps_it() -> None:
    drawn = halves().convert("P", palette=Image.Palette.ADAPTIVE)
    drawn.info["transparency"] = drawn.getpixel((5, 5))

    picture = made(encoded(drawn, transparency=drawn.getpixel((5, 5))))

    assert picture.mode == "RGBA"
    assert picture.getpixel((5, 5))[3] == 0
    assert picture.getpixel((55, 5))[3] == 255
    assert is_near(picture.getpixel((55, 5)), GREEN)


def test_of_a_moving_picture_the_first_is_taken() -> None:
    frames = [flat(200, 200, colour=GREEN), flat(200, 200, colour=RED)]

    for kind in ("GIF", "WEBP"):
        picture = made(encoded(flat(200, 200), kind, save_all=True, append_images=frames))

        assert getattr(picture, "n_frames", 1) == 1
        assert is_near(picture.getpixel((100, 100)), RED)


def test_a_phone_that_was_held_upright_is_believed_and_forgotten() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees to the right
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (28.0, 36.0, 50.0)

    sent = encoded(halves(600, 400), "JPEG", quality=95, exif=exif, comment=b"SECRET-COMMENT")
    picture = pictures.read(ContentFile(sent, "sent.jpg"))

    assert b"SECRET" in sent
    content = picture.read()
    assert opened(content).size == (400, 600)
    assert is_near(opened(content).getpixel((200, 50)), RED)
    assert is_near(opened(content).getpixel((200, 550)), GREEN)
    for one in (content, *picture.narrower.values()):
        assert b"SECRET" not in one
        assert not {"exif", "icc_profile", "xmp"} & set(opened(one).info)
        assert not opened(one).getexif()


def test_colours_of_another_profile_become_the_webs() -> None:
    web = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    other = web.replace(b"rXYZ", b"****").replace(b"bXYZ", b"rXYZ").replace(b"****", b"bXYZ")  # red and blue change

    for sent, colour in ((web, RED), (other, RED[::-1])):
        for mode in ("RGB", "RGBA"):
            drawn = flat(50, 50, mode=mode, colour=(*RED, 128)[: len(mode)])
            picture = made(encoded(drawn, icc_profile=sent))

            assert "icc_profile" not in picture.info
            assert picture.mode == mode
            assert is_near(picture.getpixel((20, 20)), colour)


@pytest.mark.parametrize("profile", [b"none at all", b""])
def test_a_profile_that_is_none_is_left_out(profile: bytes) -> None:
    assert is_near(made(encoded(flat(50, 50), icc_profile=profile)).getpixel((20, 20)), RED)


def png_that_says(width: int, height: int) -> bytes:
    """Return a small PNG whose head promises a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00" * 100)) + chunk(b"IEND", b"")


WHOLE = encoded(flat(800, 800).effect_spread(20), "JPEG", quality=95)
REFUSED = {
    "an empty file": (b" ", "format"),
    "text": (b"hello", "format"),
    "a page": (b"<!DOCTYPE html><script>alert(1)</script>", "format"),
    "a drawing": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "format"),
    "a PDF": (b"%PDF-1.7\n" + b"0" * 500, "format"),
    "a TIFF": (encoded(flat(10, 10), "TIFF"), "format"),
    "a BMP": (encoded(flat(10, 10), "BMP"), "format"),
    "an icon": (encoded(flat(16, 16), "ICO"), "format"),
    "30,000 by 30,000": (png_that_says(30_000, 30_000), "pixels"),
    "one line too many": (png_that_says(6000, 6001), "pixels"),
    "a line without end": (png_that_says(2_000_000_000, 1), "pixels"),
    "less than its head says": (png_that_says(5000, 5000), "damaged"),
    "the half of a picture": (WHOLE[: len(WHOLE) // 2], "damaged"),
    "all but the end": (encoded(halves(500, 500).effect_spread(9))[:-400], "damaged"),
    "200 MB": (encoded(flat(10, 10)) + b"\x00" * pictures.BYTES_MAX, "bytes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_for_us_is_refused_with_the_reason(name: str) -> None:
    content, code = REFUSED[name]

    with pytest.raises(PictureRefused) as refused:
        pictures.read(ContentFile(content, "picture.jpg"))

    assert refused.value.code == code


def test_what_hangs_on_to_a_picture_is_left_behind() -> None:
    script = b"<script>alert(document.domain)</script>"

    for kind in ("GIF", "PNG", "JPEG"):
        picture = pictures.read(ContentFile(encoded(flat(500, 500), kind) + script, f"x.{kind}.html"))

        assert all(script not in one for one in (picture.read(), *picture.narrower.values()))
