"""Sound and picture that stop, come back, jump, or are on clocks of their own: every playlist is judged.

The encoder is ours, for no real one does as it is told; what it sends is ffmpeg's.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from streams import health
from streams.ingest.flv import AUDIO, VIDEO
from streams.models import Broadcast, StreamSession
from tests.support.factories import make_session
from tests.support.media_process import MediaProcess, decode, media_playlist, show_folder
from tests.support.playlist_conformance import faults, watching
from tests.support.realtime_servers import eventually
from tests.support.scripted_encoder import ScriptedEncoder

State = StreamSession.State

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.keeps_redis]

COPIED: tuple[str, ...] = ()
ENCODED = ("-g", "100")


@pytest.fixture(scope="module")
def media(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[MediaProcess]:
    with django_db_blocker.unblock():
        media = MediaProcess()
    yield media
    media.process.kill()
    media.process.wait()


@pytest.fixture
def session(media: MediaProcess) -> Iterator[StreamSession]:
    session = make_session(state=State.SCHEDULED)
    with conforming(session, media):
        yield session


@contextmanager
def conforming(session: StreamSession, media: MediaProcess) -> Iterator[None]:
    """See that every playlist of the show is as it should be, and that all renditions agree, whatever happens."""
    with watching(show_folder(session)) as versions:
        yield
        eventually(lambda: not media.encoders() and not Broadcast.objects.filter(ended_at=None).exists())
    assert versions
    assert faults(versions, lambda uri: (show_folder(session) / uri).read_bytes()) == []


def segments(session: StreamSession, name: str = "high") -> int:
    playlist = media_playlist(session, name)
    return (playlist.media_sequence or 0) + len(playlist.segments)


def grows(session: StreamSession, by: int = 4) -> None:
    """Wait until every rendition has so many segments more: the show goes on for all."""
    names = [one.uri.removesuffix(".m3u8") for one in media_playlist(session, "index").playlists]
    before = {name: segments(session, name) for name in names}
    assert before
    eventually(lambda: all(segments(session, name) >= count + by for name, count in before.items()), within_s=40)


def runs(session: StreamSession, name: str = "high") -> list[str]:
    return sorted({segment.uri.split("/")[1] for segment in media_playlist(session, name).segments})


def told(session: StreamSession) -> tuple[bool, bool] | None:
    """Return whether the studio is told of sound, and of picture."""
    now = health.read(session.pk)
    return (now.has_sound, now.has_picture) if now else None


@pytest.mark.parametrize("options", [COPIED, ENCODED], ids=["copied", "encoded"])
def test_sound_that_stops_is_silence_and_is_heard_again(
    media: MediaProcess, session: StreamSession, options: tuple[str, ...]
) -> None:
    with ScriptedEncoder(media.port, session.stream_key, *options) as encoder:
        eventually(lambda: segments(session) >= 2)
        encoder.leaves_out.add(AUDIO)
        eventually(lambda: told(session) == (False, True))
        grows(session)
        encoder.leaves_out.clear()
        eventually(lambda: told(session) == (True, True))
        grows(session)
        counts = decode(session, media_playlist(session, "high"))

    assert runs(session) == ["0001"]
    # A mono frame at 44.1 kHz lasts 23 ms, silent or not: none is missing.
    assert all(abs(count - 25 - 43) <= 3 for count in list(counts.values())[1:-1]), counts


@pytest.mark.parametrize("options", [COPIED, ENCODED], ids=["copied", "encoded"])
def test_picture_that_stops_stands_still_and_is_shown_again(
    media: MediaProcess, session: StreamSession, options: tuple[str, ...]
) -> None:
    with ScriptedEncoder(media.port, session.stream_key, *options) as encoder:
        eventually(lambda: segments(session) >= 2)
        encoder.leaves_out.add(VIDEO)
        eventually(lambda: told(session) == (True, False))
        eventually(lambda: runs(session) == ["0001", "0002"], within_s=20)
        grows(session)
        still = media_playlist(session, "index").playlists[0].stream_info
        assert (still.resolution, still.frame_rate) == ((320, 180), 5.0)

        encoder.leaves_out.clear()  # and no header comes with it
        eventually(lambda: told(session) == (True, True))
        eventually(lambda: runs(session)[-1] == "0003", within_s=20)
        grows(session)
        again = media_playlist(session, "index").playlists[0].stream_info
        assert (again.resolution, again.frame_rate) == ((320, 180), 25.0)
        assert encoder.is_connected

    assert runs(session) == ["0001", "0002", "0003"]
    assert runs(session, "audio") == runs(session, "low") == runs(session)


def test_picture_that_comes_back_with_a_header_is_shown_too(media: MediaProcess, session: StreamSession) -> None:
    with ScriptedEncoder(media.port, session.stream_key) as encoder:
        eventually(lambda: segments(session) >= 1)
        encoder.leaves_out.add(VIDEO)
        eventually(lambda: runs(session) == ["0001", "0002"], within_s=20)
        encoder.send_header(VIDEO)
        encoder.leaves_out.clear()
        eventually(lambda: runs(session)[-1] == "0003", within_s=20)
        grows(session)


@pytest.mark.parametrize("missing", [AUDIO, VIDEO], ids=["sound", "picture"])
def test_what_is_announced_and_never_comes_keeps_nobody_waiting(
    media: MediaProcess, session: StreamSession, missing: int
) -> None:
    with ScriptedEncoder(media.port, session.stream_key) as encoder:
        encoder.leaves_out.add(missing)
        encoder.send_header(missing)
        eventually(lambda: segments(session) >= 3, within_s=20)
        encoder.leaves_out.clear()
        eventually(lambda: told(session) == (True, True))
        grows(session)

    assert len(runs(session)) == (1 if missing == AUDIO else 2)


def test_sound_alone_after_a_picture_has_a_slate(media: MediaProcess, session: StreamSession) -> None:
    with ScriptedEncoder(media.port, session.stream_key):
        eventually(lambda: segments(session) >= 2)
    eventually(lambda: not Broadcast.objects.filter(ended_at=None).exists())

    with ScriptedEncoder(media.port, session.stream_key) as encoder:
        encoder.leaves_out.add(VIDEO)
        eventually(lambda: runs(session) == ["0001", "0002"], within_s=20)
        grows(session)
    assert runs(session, "audio") == runs(session, "low") == runs(session)
    assert media_playlist(session, "index").playlists[0].stream_info.resolution == (320, 180)


@pytest.mark.parametrize("options", [COPIED, ENCODED], ids=["copied", "encoded"])
@pytest.mark.parametrize(
    "shifts_ms",
    [
        {AUDIO: 3_000, VIDEO: 0},
        {AUDIO: 0, VIDEO: 3_000},
        {AUDIO: 3_600_000, VIDEO: 0},
        {AUDIO: 100, VIDEO: 2**32 - 2_000},
        {AUDIO: 2**32 - 2_000, VIDEO: 2**32 - 2_000},
    ],
    ids=["sound ahead", "picture ahead", "an hour apart", "picture about to wrap", "both about to wrap"],
)
def test_tracks_on_clocks_of_their_own_need_one_run(
    media: MediaProcess, session: StreamSession, shifts_ms: dict[int, int], options: tuple[str, ...]
) -> None:
    with ScriptedEncoder(media.port, session.stream_key, *options) as encoder:
        encoder.shifts_ms.update(shifts_ms)
        eventually(lambda: segments(session) >= 7, within_s=40)
        counts = decode(session, media_playlist(session, "high"))

    assert runs(session) == ["0001"]
    assert all(abs(count - 25 - 43) <= 5 for count in list(counts.values())[1:-1]), counts


@pytest.mark.parametrize(
    "jumps_ms",
    [{AUDIO: 5_000}, {AUDIO: -2_000}, {VIDEO: 5_000}, {VIDEO: -2_000}, {AUDIO: 7_200_000, VIDEO: 7_200_000}],
    ids=["sound on", "sound back", "picture on", "picture back", "both on by hours"],
)
def test_times_that_jump_are_followed_by_nobody(
    media: MediaProcess, session: StreamSession, jumps_ms: dict[int, int]
) -> None:
    with ScriptedEncoder(media.port, session.stream_key) as encoder:
        eventually(lambda: segments(session) >= 2)
        for _ in range(3):
            for kind, by_ms in jumps_ms.items():
                encoder.shifts_ms[kind] += by_ms
            grows(session, by=2)
        grows(session)
        playlist = media_playlist(session, "high")
        assert told(session) == (True, True)

    # The picture may be copied no more where its keyframes are no second apart any more.
    assert len(runs(session)) <= 2
    gaps = [
        (two.program_date_time - one.program_date_time).total_seconds() - one.duration
        for one, two in zip(playlist.segments, playlist.segments[1:], strict=False)
    ]
    assert max(gaps) < 1.5
