"""Where uploaded pictures are kept, and how forms and pages take them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from config.pictures import BucketStorage
from shop import pictures
from shop.models import Product, ProductPicture, User
from shop.pictures import PictureRefused
from streams.models import StreamSession
from tests.support.drawn_pictures import encoded, flat, opened
from tests.support.factories import make_product, make_session
from tests.support.store_servers import BUCKET, PREFIX, Store, running_store
from tests.test_pictures import REFUSED


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


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
