"""A machine that can't encode everything in time: its ffmpeg is real, and slow whenever two pictures are encoded.

Its disk counts as nearly full as well, which must not end the show.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams import health, shows
from streams.hls import ladder
from streams.hls.ladder import Source
from streams.ingest.ffmpeg import ffmpeg
from streams.models import Broadcast, StreamSession
from tests.support.factories import make_session
from tests.support.media_process import MediaProcess, media_playlist, push, show_folder
from tests.support.playlist_conformance import faults, watching
from tests.support.realtime_servers import eventually

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.keeps_redis]

# Fifteen pictures a second are encoded much too slowly, others at half the speed they come at.
SLOW_WITH_TWO = """#!/bin/sh
case "$*" in
*split=2*fps=15.*) exec {ffmpeg} -readrate 0.25 "$@" ;;
*split=2*) exec {ffmpeg} -readrate 0.5 "$@" ;;
esac
exec {ffmpeg} "$@"
"""


@pytest.fixture(scope="module")
def media(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MediaProcess]:
    program = tmp_path_factory.mktemp("slow") / "ffmpeg"
    program.write_text(SLOW_WITH_TWO.format(ffmpeg=ffmpeg()))
    program.chmod(0o755)
    with django_db_blocker.unblock():
        media = MediaProcess(IMAGEIO_FFMPEG_EXE=str(program), MEDIA_RESERVE_MB=str(2**31 - 1))
    yield media
    media.process.kill()
    media.process.wait()


def names(session: StreamSession, playlist: str) -> list[str]:
    return [one.uri for one in media_playlist(session, playlist).playlists]


def folders(session: StreamSession, playlist: str) -> list[str]:
    """Return the run and rendition of each segment, in order."""
    return [
        Path(segment.uri).parent.relative_to("runs").as_posix()
        for segment in media_playlist(session, playlist).segments
    ]


def test_the_best_encoded_rendition_is_shed_and_its_players_go_on(media: MediaProcess) -> None:
    session = make_session(state=StreamSession.State.SCHEDULED)
    folder = show_folder(session)
    with watching(folder) as versions, push(media.address(session.stream_key), gop=50):
        eventually(lambda: names(session, "index") == ["high.m3u8", "low.m3u8", "audio.m3u8"])
        assert not (health.read(session.pk) or health.Health(0)).sheds

        eventually(lambda: names(session, "index") == ["low.m3u8", "audio.m3u8"])
        eventually(lambda: folders(session, "high").count("0002/low") >= 3)
        eventually(lambda: (health.read(session.pk) or health.Health(0)).sheds)
        assert (health.read(session.pk) or health.Health(0)).is_disk_low
        high, low = media_playlist(session, "high"), media_playlist(session, "low")
        shows.end(session, actor="test")
        eventually((folder / "replay.m3u8").exists, within_s=5)

    assert {one.split("/")[0] for one in folders(session, "high-replay")} == {"0001", "0002"}
    first = next(one for one in high.segments if one.uri.startswith("runs/0002/"))
    assert first.discontinuity
    assert first.init_section.uri == "runs/0002/low/init.mp4"
    assert [one.uri for one in high.segments if "runs/0002" in one.uri] == [
        one.uri for one in low.segments if "runs/0002" in one.uri
    ]
    assert faults(versions, lambda uri: (folder / uri).read_bytes()) == []
    assert names(session, "replay") == ["high-replay.m3u8", "low-replay.m3u8", "audio-replay.m3u8"]
    eventually(lambda: not Broadcast.objects.filter(ended_at=None).exists())


def test_an_encoder_that_never_keeps_up_is_relieved_and_not_only_started_again(media: MediaProcess) -> None:
    session = make_session(state=StreamSession.State.SCHEDULED)
    with push(media.address(session.stream_key), size="640x360", rate=15, gop=30):
        eventually(lambda: folders(session, "low").count("0002/low") >= 2, within_s=25)

    assert names(session, "index") == ["low.m3u8", "audio.m3u8"]
    eventually(lambda: not Broadcast.objects.filter(ended_at=None).exists())


@pytest.mark.parametrize(
    ("source", "left"),
    [
        (Source(1280, 720, 25.0, keyframe_s=None), ["low", "audio"]),
        (Source(1280, 720, 25.0, keyframe_s=1.0), ["high", "audio"]),
        (Source(has_sound=True), ["audio"]),
    ],
    ids=["both encoded", "one copied", "sound alone"],
)
def test_one_picture_always_stays_and_a_copy_costs_nothing(source: Source, left: list[str]) -> None:
    assert [step.name for step in ladder.fit(source, sheds=True)] == left


def test_a_camera_that_begins_with_little_stays_the_better_one() -> None:
    high, low, _ = ladder.fit(Source(1280, 720, 30.0, keyframe_s=1.0, bit_rate_bps=150_000))

    assert high.is_copied
    assert high.bandwidth_bps > low.bandwidth_bps
    assert ladder.fit(Source(1280, 720, 30.0, keyframe_s=1.0, bit_rate_bps=6_000_000))[0].bandwidth_bps == 6_128_000
