"""A frame of a show stands for it where its host has given it no poster."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from streams import playback, retention, shows
from streams.hls.exceptions import BadMedia
from streams.hls.origin import Origin
from streams.hls.recording import Recording, Rendition, Run, Segment
from streams.media import stills
from streams.models import StreamSession
from tests.support.drawn_pictures import encoded, flat
from tests.support.factories import make_session, make_user
from tests.support.media_process import MediaProcess, push
from tests.support.realtime_servers import eventually
from tests.test_thumbnails import START, pixel, record

HIGH = Rendition("high", "avc1.64001f", 2_000_000, 1280, 720, 25.0)
LOW = Rendition("low", "avc1.64001f", 400_000, 640, 360, 25.0)


def recording_of(seconds: int, *renditions: Rendition) -> Recording:
    recording = Recording()
    recording.add(Run(1, START, renditions))
    for rendition in renditions:
        for second in range(seconds):
            at = START + timedelta(seconds=second)
            recording.add(Segment(1, rendition.name, f"runs/0001/{rendition.name}/{second:06d}.m4s", at, 1.0, size=1))
    return recording


def at_s(segments: list[Segment]) -> list[float]:
    return [(one.begins_at - START).total_seconds() for one in segments]


async def test_the_frame_is_of_the_show_and_as_wide_as_it_was(tmp_path: Path) -> None:
    record(tmp_path, 1, colour="red", size=(320, 180), seconds=3, at_s=0)

    picture = await stills.draw(tmp_path, has_ended=True)

    assert picture
    with Image.open(BytesIO(picture)) as frame:
        assert frame.format == "WEBP"
        assert frame.size == (320, 180)
        red, _, blue = pixel(frame.convert("RGB"), frame.width // 2, frame.height // 2)
    assert red > 150 > blue


async def test_nothing_that_was_filmed_before_go_live_is_shown(tmp_path: Path) -> None:
    record(tmp_path, 1, colour="red", size=(320, 180), seconds=4, at_s=0)
    record(tmp_path, 2, colour="blue", size=(320, 180), seconds=4, at_s=60)

    picture = await stills.draw(tmp_path, since=START + timedelta(seconds=61), has_ended=True)

    assert picture
    with Image.open(BytesIO(picture)) as frame:
        red, _, blue = pixel(frame.convert("RGB"), 10, 10)
    assert blue > 150 > red
    assert await stills.draw(tmp_path, since=START + timedelta(seconds=120), has_ended=True) is None


def test_a_segment_that_begins_in_the_rehearsal_is_not_looked_at() -> None:
    chosen = stills.choose(recording_of(20, HIGH), since=START + timedelta(seconds=10.5), has_ended=True)

    assert min(at_s(chosen)) >= 11


def test_a_live_show_is_given_some_seconds_and_an_ended_one_is_taken_as_it_is() -> None:
    assert stills.choose(recording_of(9, HIGH), since=None, has_ended=False) == []
    assert at_s(stills.choose(recording_of(12, HIGH), since=None, has_ended=False)) == [3, 6, 9]
    assert at_s(stills.choose(recording_of(1, HIGH), since=None, has_ended=True)) == [0]


def test_the_finest_picture_is_looked_at_and_sound_alone_has_none() -> None:
    chosen = stills.choose(recording_of(12, LOW, HIGH), since=None, has_ended=True)

    assert {one.rendition for one in chosen} == {"high"}
    sound = recording_of(12, Rendition("audio", "mp4a.40.2", 128_000))
    assert stills.choose(sound, since=None, has_ended=True) == []


async def test_of_black_and_a_picture_the_picture_is_taken(tmp_path: Path) -> None:
    record(tmp_path, 1, colour="black", size=(320, 180), seconds=8, at_s=0)
    flat = await stills.draw(tmp_path, has_ended=True)
    assert flat
    bars = Image.effect_noise((320, 180), 90).convert("RGB")
    with Image.open(BytesIO(flat)) as black:
        assert stills._contrast(bars) > stills._contrast(black.convert("RGB"))


async def test_broken_segments_say_so(tmp_path: Path) -> None:
    record(tmp_path, 1, colour="red", size=(320, 180), seconds=2, at_s=0)
    for path in (tmp_path / "runs").rglob("*.mp4"):
        path.write_bytes(b"\0" * 100)

    with pytest.raises(BadMedia):
        await stills.draw(tmp_path, has_ended=True)


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.django_db(transaction=True)
def test_a_show_on_air_gets_its_frame_by_itself() -> None:
    media = MediaProcess()
    try:
        session = shows.create(host=make_user(is_host=True), title="Without a cover")
        with push(media.address(session.stream_key)):
            eventually(lambda: StreamSession.objects.exclude(still="").filter(pk=session.pk).exists(), within_s=120)
        session.refresh_from_db()
        with session.still.open() as file, Image.open(file) as frame:
            assert (frame.format, frame.size) == ("WEBP", (320, 180))
    finally:
        media.process.kill()
        media.process.wait()


@pytest.fixture
def media_root(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.mark.django_db
def test_lists_pages_and_api_show_it_and_a_poster_takes_its_place(media_root: Path, client: Client) -> None:
    live = make_session("kiln", started_at=timezone.now())
    assert shows.keep_still(live, b"a frame")
    live.refresh_from_db()
    assert live.still.name.startswith("stills/kiln")

    for path in ("/", "/shows/", "/shows/kiln/"):
        assert f'"{live.still.url}"' in client.get(path).content.decode()
    [told] = client.get("/api/v1/sessions").json()["results"]
    assert told["poster"].endswith(live.still.url)

    live.poster.save("own.png", ContentFile(encoded(flat(160, 90))))
    page = client.get("/").content.decode()
    assert live.poster.url in page
    assert live.still.url not in page


@pytest.mark.django_db
def test_only_shows_that_can_be_watched_and_have_no_cover_get_one(media_root: Path) -> None:
    now = timezone.now()
    begun = {"started_at": now, "ended_at": now}
    make_session("planned", state="scheduled")
    make_session("tested", state="rehearsal")
    make_session("called-off", state="ended", ended_at=now)
    make_session("unrecorded", state="ended", is_recorded=False, **begun)
    make_session("gone", state="ended", replay_removed_at=now, **begun)
    make_session("posted", started_at=now, poster="posters/own.webp")
    wanted = {make_session("live", started_at=now).slug, make_session("replay", state="ended", **begun).slug}

    assert {session.slug for session in shows.without_cover()} == wanted
    posted = make_session("just-posted", started_at=now)
    type(posted).objects.filter(pk=posted.pk).update(poster="posters/own.webp")
    assert not shows.keep_still(posted, b"a frame")
    assert list(media_root.glob("stills/just-posted*")) == []


@pytest.mark.django_db
def test_it_goes_with_the_replay(media_root: Path) -> None:
    session = make_session("kiln", started_at=timezone.now())
    shows.keep_still(session, b"a frame")
    old = timezone.now() - timedelta(days=3)
    type(session).objects.filter(pk=session.pk).update(state="ended", started_at=old, ended_at=old, replay_days=1)
    Origin(playback.folder(session.pk))
    assert list(media_root.glob("stills/kiln*"))

    assert retention.remove_overdue() == 1

    session.refresh_from_db()
    assert session.cover_url == ""
    assert list(media_root.glob("stills/*")) == []
