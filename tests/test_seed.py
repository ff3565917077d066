"""The demo: what is promised of it, and that seeding twice is seeding once."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree as ET

import imageio_ffmpeg
import m3u8
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.test import Client
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from config.demo import film, people, posters, programme, seeding
from config.demo.catalogue import items
from inventory import availability, delivery, stock
from inventory.models import StockItem, StockMovement, Warehouse
from shop.models import AuditEntry, Category, Product, ProductPicture, User, Variant
from streams import playback
from streams.hls.journal import Journal
from streams.models import ChatMessage, Opinion, Pin, RunListItem, StreamSession
from tests.conftest import undone

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(300)]

SVG = "{http://www.w3.org/2000/svg}svg"
KINDS = (
    AuditEntry,
    Category,
    ChatMessage,
    Opinion,
    Pin,
    Product,
    ProductPicture,
    RunListItem,
    StockItem,
    StockMovement,
    StreamSession,
    User,
    Variant,
    Warehouse,
)


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[seeding.Report]:
    """Seed once for all tests of this file, and undo it after them."""
    with django_db_blocker.unblock(), undone():
        yield seeding.seed()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue()


def picture_size(path: str) -> tuple[str | None, str | None]:
    root = ET.fromstring((Path(settings.MEDIA_ROOT) / path).read_text())  # noqa: S314 (our own file)
    assert root.tag == SVG
    return root.get("width"), root.get("height")


def test_the_shop_is_worth_browsing(demo: seeding.Report) -> None:
    assert demo.is_new
    assert Product.objects.count() == len(items()) >= 60
    assert Category.objects.count() >= 8
    assert not Category.objects.annotate(n=Count("products")).filter(n__lt=6).exists()


def test_every_product_has_words_facts_pictures_and_prices(demo: seeding.Report) -> None:
    for product in Product.objects.prefetch_related("pictures", "variants"):
        assert 40 <= len(product.description) <= 400, product.name
        assert "!" not in product.name + product.description, product.name
        assert len(product.attributes) >= 3, product.name
        assert product.pictures.all(), product.name
        assert product.variants.all(), product.name
        assert all(variant.price_minor >= 100 for variant in product.variants.all()), product.name


def test_every_variant_shows_its_own_colour(demo: seeding.Report) -> None:
    for variant in Variant.objects.select_related("product", "picture"):
        assert variant.picture is not None, variant.sku
        assert variant.picture.product_id == variant.product_id, variant.sku
        assert variant.options.get("Colour", "").lower() in variant.picture.alt, variant.sku


def test_labels_tell_the_variants_of_a_product_apart(demo: seeding.Report) -> None:
    doubles = Variant.objects.values("product", "label").annotate(n=Count("pk")).filter(n__gt=1)

    assert not doubles.exists()
    assert not Variant.objects.annotate(n=Count("product__variants")).filter(n__gt=1, label="").exists()


def test_pictures_are_drawings_of_four_by_five(demo: seeding.Report) -> None:
    paths = list(ProductPicture.objects.values_list("image", flat=True))

    assert len(set(paths)) == len(paths)
    for path in paths:
        assert picture_size(path) == ("800", "1000"), path


def test_posters_are_drawings_of_sixteen_by_nine(demo: seeding.Report) -> None:
    for path in StreamSession.objects.values_list("poster", flat=True):
        assert picture_size(path) == ("1600", "900"), path


def test_drawings_are_small_and_refer_only_to_themselves() -> None:
    drawings = [art.markup() for item in items() for art in item.colours.values()]
    drawings += [draw() for draw in posters.POSTERS.values()]

    for drawing in drawings:
        assert len(drawing) < 48_000
        assert "href" not in drawing
        names = {part.split('"')[0] for part in drawing.split('id="')[1:]}
        used = {part.split(")")[0] for part in drawing.split("url(#")[1:]}
        assert used <= names


def test_drawing_twice_draws_the_same() -> None:
    first = [art.markup() for item in items() for art in item.colours.values()]
    second = [art.markup() for item in items() for art in item.colours.values()]

    assert first == second


@pytest.mark.parametrize("person", people.PEOPLE, ids=lambda person: person.role)
def test_people_can_sign_in_with_the_demo_password(demo: seeding.Report, person: people.Person) -> None:
    client = Client()

    answer = client.post("/accounts/login/", {"login": person.email, "password": "showfloor"})

    assert answer.status_code == 302
    user = User.objects.get(email=person.email)
    assert client.session["_auth_user_id"] == str(user.pk)
    assert user.is_host == (person.role == "host")
    assert user.is_staff == user.is_superuser == (person.role == "admin")


def test_sign_ins_are_those_of_the_contract() -> None:
    assert {person.email for person in people.PEOPLE} == {
        "shopper@example.com",
        "shopper2@example.com",
        "host@example.com",
        "admin@example.com",
    }


def test_the_live_show_has_plenty_of_everything(demo: seeding.Report) -> None:
    session = StreamSession.objects.get(slug="demo-live")
    skus = [item.variant.sku for item in session.run_list.select_related("variant")]
    units = availability.read(skus)

    assert session.state == "scheduled"
    assert session.host.email == "host@example.com"
    assert len(skus) == 8
    assert session.pinned is not None
    assert session.pinned.sku == skus[0]
    assert min(units[sku].available for sku in skus) >= 50


def test_other_goods_are_few_some_very_few_and_some_sold_out(demo: seeding.Report) -> None:
    units = availability.read(Variant.objects.values_list("sku", flat=True))
    others = [news.available for sku, news in units.items() if sku not in programme.live_skus()]

    assert len(units) == Variant.objects.count()
    assert len([n for n in others if 3 <= n <= 60]) >= 3
    assert len([n for n in others if 1 <= n <= 5]) >= 5
    assert len([n for n in others if n == 0]) >= 3


def test_both_warehouses_hold_goods_and_deliver_to_the_demos_postal_code(demo: seeding.Report) -> None:
    routes = delivery.routes(postal_code="110001", country="IN")
    split = StockItem.objects.filter(sku__in=programme.live_skus()).values("sku").annotate(n=Count("warehouse"))

    assert {route.warehouse for route in routes} == {"north", "south"}
    assert {row["n"] for row in split} == {2}
    assert delivery.routes(postal_code="700001", country="IN")
    assert not delivery.routes(postal_code="75001", country="FR")


def test_the_ledger_sums_to_what_is_on_hand(demo: seeding.Report) -> None:
    sums = StockItem.objects.annotate(moved=Coalesce(Sum("movements__delta"), 0))

    assert sums.count() > 0
    assert [item.sku for item in sums if item.moved != item.on_hand or item.held or item.committed] == []


def test_planned_shows_are_ahead_and_presentable(demo: seeding.Report) -> None:
    planned = StreamSession.objects.filter(state="scheduled").exclude(slug="demo-live")

    assert planned.filter(slug="demo-upcoming").exists()
    assert planned.count() >= 3
    for session in planned:
        assert session.starts_at is not None
        assert session.starts_at > timezone.now(), session.slug
        assert session.poster, session.slug
        assert session.run_list.count() >= 3, session.slug


def test_nothing_is_made_up(demo: seeding.Report) -> None:
    assert Opinion.objects.count() == 0
    assert not StreamSession.objects.filter(peak_viewers__gt=0).exists()
    assert set(ChatMessage.objects.values_list("author__email", flat=True)) <= {p.email for p in people.PEOPLE}


def test_seeding_twice_changes_nothing(demo: seeding.Report) -> None:
    stock.count(sku="VASE-RUST", warehouse="north", counted=1, actor="user:1")
    Product.objects.get(slug="striped-scarf").variants.all().delete()
    before = [list(kind.objects.order_by("pk").values_list()) for kind in KINDS]
    files = sorted(Path(settings.MEDIA_ROOT).rglob("*.svg"))

    said = run()

    assert "nothing was changed" in said
    assert [list(kind.objects.order_by("pk").values_list()) for kind in KINDS] == before
    assert sorted(Path(settings.MEDIA_ROOT).rglob("*.svg")) == files


def test_a_shop_with_goods_of_its_own_is_left_alone(demo: seeding.Report) -> None:
    AuditEntry.objects.filter(subject=seeding.SHOP).delete()  # now nothing says that the goods are the demo's
    before = [list(kind.objects.order_by("pk").values_list()) for kind in KINDS]

    said = run()

    assert "not added" in said
    assert [list(kind.objects.order_by("pk").values_list()) for kind in KINDS] == before


def test_the_report_is_there_for_programs(demo: seeding.Report) -> None:
    said = json.loads(run("--json"))

    assert said["is_new"] is False
    assert said["products"] == demo.products == Product.objects.count()
    assert said["pictures"] == ProductPicture.objects.count()


def test_shows_whose_day_has_passed_are_moved_on_by_whole_weeks(demo: seeding.Report) -> None:
    upcoming = StreamSession.objects.get(slug="demo-upcoming")
    others = StreamSession.objects.exclude(pk=upcoming.pk).order_by("pk")
    planned = list(others.values_list("starts_at", flat=True))
    assert upcoming.starts_at is not None
    passed = upcoming.starts_at - timedelta(days=9)
    StreamSession.objects.filter(pk=upcoming.pk).update(starts_at=passed)

    said = run()

    upcoming.refresh_from_db()
    assert "moved on by whole weeks: 1" in said
    assert upcoming.starts_at == passed + timedelta(days=14)
    assert list(others.values_list("starts_at", flat=True)) == planned


def test_an_interrupted_live_show_waits_anew_after_a_restart(demo: seeding.Report) -> None:
    session = StreamSession.objects.get(slug="demo-live")
    long_ago = timezone.now() - timedelta(days=3)
    StreamSession.objects.filter(pk=session.pk).update(state="interrupted", interrupted_at=long_ago)

    said = run()

    session.refresh_from_db()
    assert "waits for its encoder" in said
    assert session.slug == "demo-live"
    assert session.state == "interrupted"
    assert session.interrupted_at is not None
    assert timezone.now() - session.interrupted_at < timedelta(minutes=1)


def test_an_ended_live_show_becomes_a_replay_and_the_next_one_is_planned(demo: seeding.Report) -> None:
    ended = StreamSession.objects.get(slug="demo-live")
    ended_at = datetime(2026, 11, 20, 20, 15, tzinfo=UTC)
    StreamSession.objects.filter(pk=ended.pk).update(state="ended", ended_at=ended_at)
    Variant.objects.filter(sku="VASE-RUST").update(is_active=False)

    said = run()

    ended.refresh_from_db()
    new = StreamSession.objects.get(slug="demo-live")
    assert "next one is planned" in said
    assert ended.slug == "demo-live-2026-11-20-201500"
    assert (new.state, new.title) == ("scheduled", ended.title)
    assert new.stream_key != ended.stream_key
    assert new.pinned is not None
    assert new.pinned.sku == "BOWLS-NEST"
    assert "nothing was changed" in run()


def test_the_replay_plays(demo: seeding.Report) -> None:
    session = StreamSession.objects.get(slug="demo-replay")
    folder = playback.folder(session.pk)
    assert session.started_at is not None
    assert session.ended_at is not None
    assert session.ended_at < timezone.now()

    assert demo.replay == "made"
    assert playback.playlist_url(session).endswith(f"/sessions/{session.pk}/replay.m3u8")
    multivariant = m3u8.load(str(folder / "replay.m3u8"))
    assert [variant.stream_info.resolution for variant in multivariant.playlists] == [(1280, 720), (640, 360), None]
    for variant in multivariant.playlists:
        media = m3u8.load(str(folder / variant.uri))
        length_s = sum(segment.duration for segment in media.segments)
        first_at = media.segments[0].program_date_time
        assert media.is_endlist
        assert abs(length_s - (session.ended_at - session.started_at).total_seconds()) < 0.5
        assert abs(first_at - session.started_at) < timedelta(seconds=0.2)
        for segment in media.segments:
            assert (folder / segment.uri).stat().st_size > 0
            assert (folder / segment.init_section.uri).stat().st_size > 0
    assert [(one.type, one.language) for one in multivariant.media] == [("SUBTITLES", "en")]
    assert Journal(folder).recording.runs[-1].number == session.owner_epoch


def test_every_picture_of_the_replay_can_be_decoded(demo: seeding.Report) -> None:
    folder = playback.folder(StreamSession.objects.get(slug="demo-replay").pk)

    for name in ("high", "low", "audio"):
        said = subprocess.run(
            [
                imageio_ffmpeg.get_ffmpeg_exe(),
                "-v",
                "error",
                "-i",
                str(folder / f"{name}-replay.m3u8"),
                "-f",
                "null",
                "-",
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert said.stderr == ""


def test_the_replays_chapters_and_chat_lie_inside_it(demo: seeding.Report) -> None:
    session = StreamSession.objects.get(slug="demo-replay")
    chapters = list(session.pins.order_by("from_at"))
    lines = list(session.chat.order_by("at"))

    assert len(chapters) >= 4
    for chapter, following in pairwise(chapters):
        assert chapter.until_at == following.from_at
    assert session.started_at <= chapters[0].from_at < chapters[-1].until_at == session.ended_at
    assert session.started_at <= lines[0].at < lines[-1].at <= session.ended_at
    assert {line.role for line in lines} == {"host", "moderator", "viewer"}
    assert {chapter.variant_id for chapter in chapters} == set(session.run_list.values_list("variant_id", flat=True))


def test_a_recording_that_fails_is_tried_again(demo: seeding.Report, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = set(playback.folder(uuid4()).parent.iterdir())
    AuditEntry.objects.filter(subject=seeding.REPLAY).delete()
    StreamSession.objects.filter(slug="demo-replay").delete()
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: "/bin/false")

    said = run()

    assert "could not be recorded" in said
    assert not StreamSession.objects.filter(slug="demo-replay").exists()
    assert not AuditEntry.objects.filter(subject=seeding.REPLAY).exists()
    assert {path for path in folders ^ set(playback.folder(uuid4()).parent.iterdir()) if path.is_dir()} == set()


def test_the_live_film_is_a_picture_with_sound_of_stills_that_exist(tmp_path: Path) -> None:
    font = film.write_font(tmp_path / "clock.ttf")
    played = subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-stats", *film.endless(film.KILN, font=font)),
            *("-map", "[picture]", "-map", "[sound]", "-t", "0.4", "-f", "null", "-"),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert "frame=    6" in played.stderr
    assert {shot.still for shot in (*film.KILN, *film.KNITS)} == {path.stem for path in film.STILLS.iterdir()}
