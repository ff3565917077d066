"""Shows on a real media process: pushed by a real encoder, read by another's parser, decoded by ffmpeg."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import m3u8
import pytest
from django.db import connection
from django.utils import timezone

from streams import broadcasts, keys, playback, shows
from streams.hls.origin import Origin
from streams.hls.recording import Rendition, Run, Segment
from streams.media.show import publish_replay
from streams.models import Broadcast, StreamSession
from tests.support.factories import make_session, make_user
from tests.support.media_process import NO_SOUND, MediaProcess, decode, media_playlist, push, show_folder
from tests.support.playlist_conformance import faults, watching
from tests.support.realtime_servers import eventually

State = StreamSession.State

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.keeps_redis]


@pytest.fixture(scope="module")
def media(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[MediaProcess]:
    with django_db_blocker.unblock():
        media = MediaProcess()
    yield media
    media.process.kill()
    media.process.wait()


@pytest.fixture(autouse=True)
def put_away(media: MediaProcess) -> Iterator[None]:
    """Begin each test with a media process that has nothing left to do from the last one."""
    yield
    eventually(lambda: not Broadcast.objects.filter(ended_at=None).exists() and not media.encoders())


@pytest.fixture
def session(media: MediaProcess) -> Iterator[StreamSession]:
    """A show of which every playlist is as it should be at any time, whatever a test does to it."""
    session = make_session(state=State.SCHEDULED)
    with conforming(session, media):
        yield session


def preview_of(session: StreamSession) -> Path:
    """Return the folder of a rehearsal, as its host is told where to play it."""
    name = playback.preview_url(session).partition(f"/sessions/{session.pk}/")[2]
    assert re.fullmatch(r"previews/[\w-]{22}/preview\.m3u8", name)
    return (show_folder(session) / name).parent


def segments_in(path: Path) -> list[m3u8.Segment]:
    return list(m3u8.loads(path.read_text()).segments) if path.exists() else []


def files_below(folder: Path, *, without: str = "/") -> list[str]:
    """Name the files of a folder, from which somebody may be removing them."""
    found = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    names = [path.relative_to(folder).as_posix() for path in found]
    return sorted(name for name in names if not name.startswith(without))


@contextmanager
def conforming(session: StreamSession, media: MediaProcess) -> Iterator[None]:
    with watching(show_folder(session)) as versions:
        yield
        eventually(lambda: not media.encoders())
    assert versions
    assert faults(versions, lambda uri: (show_folder(session) / uri).read_bytes()) == []


def is_in(session: StreamSession, state: State) -> bool:
    session.refresh_from_db()
    return session.state == state


def has_segments(session: StreamSession, count: int, name: str = "high") -> bool:
    return len(media_playlist(session, name).segments) >= count


def runs_of(playlist: m3u8.M3U8) -> list[str]:
    """Return the run folder of each segment, in order."""
    return [segment.uri.split("/")[1] for segment in playlist.segments]


def test_show_is_live_with_three_renditions_and_replayed_at_once(media: MediaProcess, session: StreamSession) -> None:
    begun_at = timezone.now()
    with push(media.address(session.stream_key), size="640x360"):
        eventually(lambda: is_in(session, State.LIVE))
        assert playback.playlist_url(session) == f"/media/sessions/{session.pk}/index.m3u8"
        eventually(lambda: has_segments(session, 3))
        index = media_playlist(session, "index")
        live = media_playlist(session, "high")
        shows.end(session, actor="test")
        eventually((show_folder(session) / "replay.m3u8").exists, within_s=5)
        eventually((show_folder(session) / "thumbnails.vtt").exists)

    assert [one.uri for one in index.playlists] == ["high.m3u8", "low.m3u8", "audio.m3u8"]
    high, low, audio = (one.stream_info for one in index.playlists)
    assert (high.resolution, low.resolution, audio.resolution) == ((640, 360), (320, 180), None)
    assert high.codecs.startswith("avc1.")
    assert high.codecs.endswith(",mp4a.40.2")
    assert (audio.codecs, high.frame_rate) == ("mp4a.40.2", 25.0)
    assert (live.target_duration, live.media_sequence, live.is_endlist) == (1, 0, False)
    assert abs(live.segments[0].program_date_time - begun_at) < timedelta(seconds=5)

    session.refresh_from_db()
    assert playback.playlist_url(session).endswith("/replay.m3u8")
    assert media_playlist(session, "high").is_endlist
    for name, per_second in (("high", 25 + 43), ("low", 25 + 43), ("audio", 43)):
        replay = media_playlist(session, f"{name}-replay")
        assert replay.is_endlist
        counts = decode(session, replay)
        assert len(counts) >= 3
        # The last segment is cut short by the end.
        assert all(abs(count - per_second) <= 3 for count in list(counts.values())[:-1])
    broadcast = Broadcast.objects.get(session=session)
    assert broadcast.ended_at is not None


def test_killed_ffmpeg_is_a_new_run_behind_a_discontinuity(media: MediaProcess, session: StreamSession) -> None:
    with push(media.address(session.stream_key)) as encoder:
        eventually(lambda: has_segments(session, 2))
        (ffmpeg,) = media.encoders()
        ffmpeg.send_signal(signal.SIGKILL)
        eventually(lambda: "0002" in runs_of(media_playlist(session, "low")))
        assert encoder.process.poll() is None
        live = media_playlist(session, "high")

    first = runs_of(live).index("0002")
    assert [segment.discontinuity for segment in live.segments].index(True) == first
    assert live.segments[first].init_section.uri == "runs/0002/high/init.mp4"
    assert live.segments[first - 1].init_section.uri == "runs/0001/high/init.mp4"
    assert live.segments[first].program_date_time > live.segments[first - 1].program_date_time
    assert is_in(session, State.LIVE)


def test_frozen_ffmpeg_is_replaced(media: MediaProcess, session: StreamSession) -> None:
    with push(media.address(session.stream_key)):
        eventually(lambda: has_segments(session, 1))
        (ffmpeg,) = media.encoders()
        ffmpeg.suspend()
        eventually(lambda: "0002" in runs_of(media_playlist(session, "high")))

        assert ffmpeg.pid not in [one.pid for one in media.encoders()]
        # it was not too slow: nothing is shed
        assert len(media_playlist(session, "index").playlists) == 3


def test_lost_publisher_interrupts_and_its_return_resumes(media: MediaProcess, session: StreamSession) -> None:
    with push(media.address(session.stream_key)):
        eventually(lambda: is_in(session, State.LIVE))
    eventually(lambda: is_in(session, State.INTERRUPTED))
    assert session.interrupted_at is not None
    assert not media_playlist(session, "high").is_endlist
    assert not broadcasts.is_open(session.pk)

    with push(media.address(session.stream_key), size="480x270"):
        eventually(lambda: is_in(session, State.LIVE))
        eventually(lambda: "0002" in runs_of(media_playlist(session, "high")))
    resolution = media_playlist(session, "index").playlists[0].stream_info.resolution
    assert resolution == (480, 270)
    assert Broadcast.objects.filter(session=session).count() == 2


def test_source_without_sound_gets_silence(media: MediaProcess, session: StreamSession) -> None:
    with push(media.address(session.stream_key), size="180x320", sound=NO_SOUND):
        eventually(lambda: has_segments(session, 3) and has_segments(session, 3, "audio"))
    eventually(lambda: is_in(session, State.INTERRUPTED))

    index = media_playlist(session, "index")
    assert index.playlists[0].stream_info.codecs.endswith(",mp4a.40.2")
    assert index.playlists[0].stream_info.resolution == (180, 320)
    assert all(decode(session, media_playlist(session, "audio")).values())
    ends = {name: media_playlist(session, name).segments[-1] for name in ("high", "audio")}
    apart = ends["high"].program_date_time - ends["audio"].program_date_time
    assert abs(apart) < timedelta(seconds=0.1)  # silence goes no further than the picture


def test_source_with_rare_keyframes_is_cut_to_seconds_all_the_same(
    media: MediaProcess, session: StreamSession
) -> None:
    with push(media.address(session.stream_key), size="322x182", rate=30, gop=600):
        eventually(lambda: has_segments(session, 3))
        playlist = media_playlist(session, "high")

    assert playlist.target_duration == 1
    assert all(abs(segment.duration - 1) < 0.05 for segment in playlist.segments)
    assert media_playlist(session, "index").playlists[0].stream_info.resolution == (322, 182)


def test_keys_that_open_nothing(media: MediaProcess, session: StreamSession) -> None:
    used = session.stream_key
    with push(media.address(used)) as first:
        eventually(lambda: is_in(session, State.LIVE))
        with push(media.address(used)) as second:
            assert "Another encoder" in second.last_words()
        assert first.process.poll() is None
    rotated = keys.rotate(session)
    for key in (used, "never-a-key", ""):
        with push(media.address(key)) as refused:
            assert "not valid" in refused.last_words()

    ended = make_session(state=State.ENDED)
    with push(media.address(ended.stream_key)) as late:
        assert "has ended" in late.last_words()
    assert Broadcast.objects.count() == 1
    assert rotated != used


def test_show_with_preview_waits_for_the_host(media: MediaProcess) -> None:
    session = shows.create(host=make_user(is_host=True), title="With a preview", has_preview=True)
    with conforming(session, media), push(media.address(session.stream_key)):
        eventually(lambda: is_in(session, State.REHEARSAL))
        session.refresh_from_db()
        assert playback.playlist_url(session) == ""
        preview = preview_of(session)
        eventually(lambda: len(segments_in(preview / "high-preview.m3u8")) >= 2)
        with watching(preview) as versions:
            eventually(lambda: len(segments_in(preview / "high-preview.m3u8")) >= 4)
            names = files_below(show_folder(session))
        assert faults(versions, lambda uri: (preview / uri).read_bytes()) == []
        assert {name.split("/")[0] for name in names} == {"previews"}
        secret = {name: (show_folder(session) / name).read_bytes() for name in names if name.endswith(".m4s")}

        shows.go_live(session)
        session.refresh_from_db()
        assert session.started_at
        eventually(lambda: playback.playlist_url(session))
        shown = media_playlist(session, "high").segments
        assert shown[0].program_date_time >= session.started_at
        eventually(lambda: len(media_playlist(session, "high").segments) >= 3)
        # Every name that a stranger could make up from what is public now.
        public = files_below(show_folder(session), without="previews")
        runs = {name.rpartition("/")[0] for name in public if name.startswith("runs/")}
        assert runs == {f"runs/{session.owner_epoch or 1:04d}/{one}" for one in ("high", "low", "audio")}
        for folder in runs:
            for number in range(int(Path(shown[0].uri).stem)):
                assert not (show_folder(session) / folder / f"{number:06d}.m4s").exists()
        assert not [name for name in public if "preview" in name]
        published = {(show_folder(session) / name).read_bytes() for name in public if name.endswith(".m4s")}
        assert not published & set(secret.values())
        told = b"".join((show_folder(session) / name).read_bytes() for name in public if not name.endswith(".m4s"))
        assert preview.name.encode() not in told
        shows.end(session, actor="test")
        eventually((show_folder(session) / "replay.m3u8").exists, within_s=5)

    replay = media_playlist(session, "high-replay")
    assert replay.segments[0].program_date_time >= session.started_at
    assert replay.media_sequence == 0
    eventually(lambda: not preview.exists())


def test_each_rehearsal_has_an_address_of_its_own_and_leaves_no_trace(media: MediaProcess) -> None:
    session = shows.create(host=make_user(is_host=True), title="Twice rehearsed", has_preview=True)
    folders = []
    for _ in range(2):
        with push(media.address(session.stream_key)):
            eventually(lambda: is_in(session, State.REHEARSAL))
            session.refresh_from_db()
            folders.append(preview_of(session))
            if len(folders) == 2:
                eventually(lambda: not folders[0].exists())
        eventually(lambda: is_in(session, State.SCHEDULED))
    shows.end(session, actor="test")

    assert len(folders[0].name) >= 22
    assert folders[0].name != folders[1].name
    eventually(lambda: files_below(show_folder(session)) == [])


def test_a_killed_media_process_leaves_no_rehearsal(media: MediaProcess) -> None:
    session = shows.create(host=make_user(is_host=True), title="Cut off", has_preview=True)
    with push(media.address(session.stream_key)):
        eventually(lambda: is_in(session, State.REHEARSAL))
        session.refresh_from_db()
        preview = preview_of(session)
        media.restart()

    eventually(lambda: not preview.exists(), within_s=15)
    eventually(lambda: is_in(session, State.SCHEDULED))


def test_a_mere_rehearsal_leaves_nothing_to_play(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    session = make_session(state=State.ENDED, has_preview=True)
    at = timezone.now()
    Origin(playback.folder(session.pk)).add(
        [
            Run(1, at, (Rendition("audio", "mp4a.40.2", 128_000),)),
            Segment(1, "audio", "runs/0001/audio/000000.m4s", at, 1.0, size=1000),
        ]
    )

    publish_replay(session)

    assert not list(playback.folder(session.pk).glob("*.m3u8"))
    (playback.folder(session.pk) / playback.REPLAY_PLAYLIST).touch()
    assert playback.playlist_url(session) == ""


@pytest.mark.slow
def test_killed_media_process_takes_its_ffmpeg_along_and_finds_the_show(
    media: MediaProcess, session: StreamSession
) -> None:
    with push(media.address(session.stream_key)):
        eventually(lambda: is_in(session, State.LIVE))
        (ffmpeg,) = media.encoders()
        media.restart()
        eventually(lambda: not ffmpeg.is_running())
    assert is_in(session, State.INTERRUPTED)

    with push(media.address(session.stream_key)):
        eventually(lambda: is_in(session, State.LIVE))


def test_lost_lock_ends_the_encode(media: MediaProcess, session: StreamSession) -> None:
    with push(media.address(session.stream_key)):
        eventually(lambda: is_in(session, State.LIVE))
        (ffmpeg,) = media.encoders()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        eventually(lambda: not ffmpeg.is_running(), within_s=5)
        eventually(lambda: is_in(session, State.INTERRUPTED))

    with push(media.address(session.stream_key)):
        eventually(lambda: is_in(session, State.LIVE))


@pytest.mark.slow
def test_asked_to_end_it_leaves_within_seconds(session: StreamSession) -> None:
    media = MediaProcess()
    with push(media.address(session.stream_key)):
        eventually(lambda: is_in(session, State.LIVE))
        (ffmpeg,) = media.encoders()

        assert media.stop() == 0

    assert not ffmpeg.is_running()
    assert is_in(session, State.INTERRUPTED)
    assert not broadcasts.is_open(session.pk)
