"""Pictures that people upload: every kind of file, made anew in several widths, and nothing of the file kept."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageCms
from pytest_django import Settings

from config.pictures import BucketStorage
from shop import pictures
from shop.models import Product, ProductPicture, User
from shop.pictures import PictureRefused
from streams.models import StreamSession
from tests.factories import make_product, make_session
from tests.store_servers import BUCKET, PREFIX, Store, running_store

RED, GREEN = (200, 30, 20), (20, 180, 40)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


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


# --- Where they are kept ---


def stored(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))


@pytest.mark.django_db
def test_whatever_is_saved_is_kept_in_all_its_widths_under_a_name_of_its_own(media: Path) -> None:
    product = make_product("Vase")
    sent = SimpleUploadedFile("../../etc/cron.d/IMG 1.html", encoded(flat()), "text/html")

    image = ProductPicture.objects.create(product=product, image=sent, alt="A vase").image

    stem = image.name.removeprefix("pictures/").removesuffix("_400_800_1000.webp")
    assert len(stem) == 32
    assert stored(media) == [f"pictures/{stem}_{wide}.webp" for wide in ("400", "400_800_1000", "800")]
    assert image.srcset == (
        f"/media/pictures/{stem}_400.webp 400w, /media/pictures/{stem}_800.webp 800w, {image.url} 1000w"
    )
    assert [image.at(wide) for wide in (1, 400, 401, 800, 801, 5000)] == [
        f"/media/pictures/{stem}_400.webp",
        f"/media/pictures/{stem}_400.webp",
        f"/media/pictures/{stem}_800.webp",
        f"/media/pictures/{stem}_800.webp",
        image.url,
        image.url,
    ]
    assert [opened((media / name).read_bytes()).width for name in stored(media)] == [400, 1000, 800]


@pytest.mark.django_db
def test_a_cover_is_kept_in_the_same_way(media: Path) -> None:
    session = make_session()

    session.poster.save("frame.jpg", ContentFile(encoded(flat(1920, 1080), "JPEG")))

    session.refresh_from_db()
    assert session.poster.name.endswith("_400_800_1600.webp")
    assert [opened((media / name).read_bytes()).size for name in stored(media)] == [
        (400, 225),
        (1600, 900),
        (800, 450),
    ]


@pytest.mark.django_db
def test_code_can_not_keep_what_is_none(media: Path) -> None:
    product = make_product("Vase")

    with pytest.raises(PictureRefused), transaction.atomic():
        ProductPicture.objects.create(product=product, image=ContentFile(b"<script>", "x.webp"), alt="A vase")

    assert stored(media) == []
    assert product.pictures.count() == 1


@pytest.mark.parametrize(
    "name",
    ["pictures/none.webp", "pictures/photo_400_800.webp", "pictures/a-1f2e.svg", f"pictures/{'0' * 32}_400.webp"],
)
def test_a_picture_that_stands_alone_is_shown_as_it_is(name: str) -> None:
    image = ProductPicture(image=name).image

    assert (image.srcset, image.at(400)) == ("", f"/media/{name}")


@pytest.fixture
def bucket(settings: Settings) -> Iterator[Store]:
    with running_store() as store:
        settings.MEDIA_BUCKET, settings.MEDIA_PREFIX = BUCKET, PREFIX
        settings.MEDIA_URL = f"{store.url}/{BUCKET}/{PREFIX}/"
        yield store


@pytest.mark.django_db
def test_a_bucket_gets_all_the_widths_too(
    bucket: Store, monkeypatch: pytest.MonkeyPatch, settings: Settings, media: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.url)
    field = ProductPicture._meta.get_field("image")
    monkeypatch.setattr(field, "storage", BucketStorage())

    image = ProductPicture.objects.create(
        product=make_product("Vase"), image=ContentFile(encoded(flat()), "sent.png"), alt="A vase"
    ).image

    assert len(bucket.names("pictures")) == 3
    for wide in (400, 800, 1000):
        name = image.at(wide).removeprefix(settings.MEDIA_URL)
        answer = bucket.get(name)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
        assert opened(answer.content).width == wide
    assert stored(media) == []


# --- Forms and pages ---


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin@example.com"))
    return client


def upload(staff: Client, product: Product, content: bytes) -> Any:
    form = {
        "name": product.name,
        "slug": product.slug,
        "category": product.category_id,
        "attributes": "{}",
        "is_active": "on",
        "variants-TOTAL_FORMS": 0,
        "variants-INITIAL_FORMS": 0,
        "pictures-TOTAL_FORMS": 1,
        "pictures-INITIAL_FORMS": 0,
        "pictures-0-product": product.pk,
        "pictures-0-image": SimpleUploadedFile("vase.jpg", content, "image/jpeg"),
        "pictures-0-alt": "A vase",
        "pictures-0-position": 0,
    }
    return staff.post(reverse("admin:shop_product_change", args=[product.pk]), form)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["a page", "30,000 by 30,000", "the half of a picture", "200 MB"])
def test_staff_are_told_what_is_wrong_with_a_file(staff: Client, media: Path, name: str) -> None:
    product = make_product("Vase")
    product.pictures.all().delete()

    answer = upload(staff, product, REFUSED[name][0])

    assert answer.status_code == 200
    [form] = answer.context["inline_admin_formsets"][1].formset.forms
    assert list(form.errors) == ["image"]
    assert (stored(media), product.pictures.count()) == ([], 0)


@pytest.mark.django_db
def test_a_cover_that_is_none_is_refused_with_a_word(staff: Client, media: Path) -> None:
    session = make_session()
    form = {
        "title": session.title,
        "host": session.host_id,
        "poster": SimpleUploadedFile("x.png", b"<script>", "image/png"),
        "run_list-TOTAL_FORMS": 0,
        "run_list-INITIAL_FORMS": 0,
        "broadcasts-TOTAL_FORMS": 0,
        "broadcasts-INITIAL_FORMS": 0,
    }

    answer = staff.post(reverse("admin:streams_streamsession_change", args=[session.pk]), form)

    assert answer.status_code == 200
    assert "not a picture that can be read here" in answer.content.decode()
    assert (stored(media), StreamSession.objects.get().poster.name) == ([], "")


@pytest.mark.django_db
def test_what_staff_upload_is_on_the_pages_in_the_width_that_suits(staff: Client) -> None:
    product = make_product("Vase", slug="vase", skus=("VASE",), stock=3)
    product.pictures.all().delete()

    assert upload(staff, product, encoded(flat(), "JPEG")).status_code == 302

    image = product.pictures.get().image
    for address in ("/shop/", "/shop/vase/"):
        page = staff.get(address).content.decode()
        assert f'src="{image.at(800)}" srcset="{image.srcset}" sizes="' in page
    assert image.at(400) in staff.get(reverse("admin:shop_product_changelist")).content.decode()
    [variant] = staff.get("/api/v1/products").json()["results"]
    assert variant["picture"].endswith(image.at(800))


@pytest.mark.django_db
def test_saving_a_product_again_makes_no_picture_anew(media: Path, staff: Client) -> None:
    product = make_product("Vase")
    picture = ProductPicture.objects.create(product=product, image=ContentFile(encoded(flat()), "a.png"), alt="A")
    before = stored(media)

    ProductPicture.objects.get(pk=picture.pk).save()

    assert stored(media) == before
    assert ProductPicture.objects.get(pk=picture.pk).image.name == picture.image.name


def test_the_lock_is_free_after_a_refusal() -> None:
    for name in ("a page", "the half of a picture"):
        with pytest.raises(PictureRefused):
            pictures.read(ContentFile(REFUSED[name][0], "x"))

    assert pictures.read(ContentFile(encoded(flat(50, 50)), "x")).widths == [50]
