"""One track that stops, codecs that nobody plays, pictures that can't be cut, by every door: real encoders."""

import subprocess
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from streams import broadcasts, health, shows
from streams.ingest.camera import tickets
from streams.ingest.ffmpeg import ffmpeg
from streams.models import Broadcast, StreamSession
from tests.support.factories import make_user
from tests.support.markup import flat
from tests.support.media_process import MediaProcess, Push, media_playlist, show_folder
from tests.support.playlist_conformance import faults, watching
from tests.support.realtime_servers import eventually
from tests.test_ingest import wait_for_port

State = StreamSession.State

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.keeps_redis]

PICTURE = ("-re", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25")
SOUND = ("-re", "-f", "lavfi", "-i", "sine=f=220:r=44100")
SHORT = ("-t", "4")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-bf", "0")
AAC = ("-c:a", "aac")


@pytest.fixture(scope="module")
def media(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[MediaProcess]:
    with django_db_blocker.unblock():
        media = MediaProcess()
    yield media
    media.process.kill()
    media.process.wait()


@pytest.fixture(autouse=True)
def put_away(media: MediaProcess) -> Iterator[None]:
    yield
    StreamSession.objects.update(srt_slot=None)
    eventually(lambda: not Broadcast.objects.filter(ended_at=None).exists() and not media.encoders())


@pytest.fixture
def session() -> StreamSession:
    return shows.create(host=make_user(is_host=True), title="A planned show")


def send(media: MediaProcess, session: StreamSession, door: str, options: Sequence[str]) -> Push:
    """Have ffmpeg send by a door, with its muxer told not to wait for what doesn't come."""
    wait_for_port(media, session)
    address, form = {
        "rtmp": (media.address(session.stream_key), "flv"),
        "srt": (media.srt_address(session), "mpegts"),
    }[door]
    waits = ("-max_interleave_delta", "500000")
    return Push([ffmpeg(), "-v", "error", "-nostdin", *options, *waits, "-f", form, address])


def segments(session: StreamSession, name: str = "high") -> int:
    playlist = media_playlist(session, name)
    return (playlist.media_sequence or 0) + len(playlist.segments)


def goes_on_without(session: StreamSession, missing: str) -> None:
    """Wait until the studio says what is missing, and every rendition goes on all the same."""
    eventually(lambda: segments(session) >= 2, within_s=40)
    eventually(lambda: not getattr(health.read(session.pk) or health.Health(0), f"has_{missing}"), within_s=40)
    before = {name: segments(session, name) for name in ("high", "low", "audio")}
    eventually(lambda: all(segments(session, name) >= count + 4 for name, count in before.items()), within_s=40)


@pytest.mark.parametrize("door", ["rtmp", "srt"])
@pytest.mark.parametrize("missing", ["picture", "sound"])
def test_one_track_ends_and_the_other_goes_on(
    media: MediaProcess, session: StreamSession, door: str, missing: str
) -> None:
    picture = (*SHORT, *PICTURE) if missing == "picture" else PICTURE
    sound = (*SHORT, *SOUND) if missing == "sound" else SOUND
    folder = show_folder(session)
    with watching(folder) as versions:
        with send(media, session, door, [*picture, *sound, *H264, *AAC]):
            goes_on_without(session, missing)
        eventually(lambda: not media.encoders())

    assert faults(versions, lambda uri: (folder / uri).read_bytes()) == []


@pytest.mark.parametrize("missing", ["picture", "sound"])
def test_one_track_of_a_browsers_camera_stops(media: MediaProcess, session: StreamSession, missing: str) -> None:
    picture = (*SHORT, *PICTURE) if missing == "picture" else PICTURE
    sound = (*SHORT, *SOUND) if missing == "sound" else SOUND
    form = ("-c:a", "libopus", "-max_interleave_delta", "500000", "-f", "matroska", "-live", "1", "pipe:1")
    recorder = subprocess.Popen(
        [ffmpeg(), "-v", "error", "-nostdin", *picture, *sound, *H264, *form], stdout=subprocess.PIPE
    )
    origin: Any = f"http://127.0.0.1:{settings.PORT}"
    folder = show_folder(session)
    with watching(folder) as versions:
        with connect(media.camera_address, origin=origin, compression=None) as socket:
            hello = {"type": "hello", "ticket": tickets.issue(session), "mime": "video/x-matroska;codecs=avc1,opus"}
            socket.send(orjson.dumps(hello).decode())
            assert orjson.loads(socket.recv(20)) == {"type": "ready"}
            sending = threading.Thread(target=partial(record, recorder, socket), daemon=True)
            sending.start()
            try:
                goes_on_without(session, missing)
            finally:
                recorder.kill()
                recorder.wait()
                sending.join()
        eventually(lambda: not media.encoders())

    assert faults(versions, lambda uri: (folder / uri).read_bytes()) == []


def record(recorder: subprocess.Popen[bytes], socket: Any) -> None:
    """Send what a recorder makes, as MediaRecorder hands it out."""
    assert recorder.stdout
    try:
        while chunk := recorder.stdout.read1(20_000):
            socket.send(chunk)
    except ConnectionClosed:
        return


@pytest.mark.parametrize("door", ["rtmp", "srt"])
def test_the_studio_says_what_arrived_and_what_to_set(media: MediaProcess, session: StreamSession, door: str) -> None:
    hevc = ("-c:v", "libx265", "-x265-params", "log-level=none:keyint=25", "-preset", "ultrafast", *AAC)
    with send(media, session, door, [*PICTURE, *SOUND, *hevc]):
        eventually(lambda: broadcasts.refused_codec(session.pk) == "HEVC (H.265)", within_s=40)
    client = Client()
    client.force_login(session.host)

    figures = client.get(f"/api/v1/host/sessions/{session.slug}/figures").json()
    page = flat(client.get(f"/host/shows/{session.slug}/").content.decode())

    assert figures["refused_codec"] == "HEVC (H.265)"
    assert '<p class="warn" data-warn="refused_codec">' in page
    assert "<b data-refused-codec>HEVC (H.265)</b>" in page
    assert "set the video encoder to H.264" in page

    with send(media, session, "rtmp", [*PICTURE, *SOUND, *H264, *AAC]):
        eventually(lambda: segments(session) >= 1, within_s=40)
        assert broadcasts.refused_codec(session.pk) == ""
        page = flat(client.get(f"/host/shows/{session.slug}/").content.decode())
        assert '<p class="warn" data-warn="refused_codec" hidden>' in page


@pytest.mark.parametrize(
    ("options", "profile"),
    [
        (("-pix_fmt", "yuv422p"), "7a"),
        (("-pix_fmt", "yuv420p10le"), "6e"),
        (("-pix_fmt", "yuv444p"), "f4"),
        (("-bf", "2", "-preset", "fast", "-x264-params", "open-gop=1:keyint=25:min-keyint=25:scenecut=0"), "64"),
    ],
    ids=["4:2:2", "10 bits", "4:4:4", "open GOPs"],
)
def test_a_picture_that_can_not_be_cut_or_played_is_encoded(
    media: MediaProcess, session: StreamSession, options: tuple[str, ...], profile: str
) -> None:
    folder = show_folder(session)
    with watching(folder) as versions:
        with send(media, session, "rtmp", [*PICTURE, *SOUND, *H264, *options, *AAC]):
            eventually(lambda: segments(session) >= 3, within_s=40)
        eventually(lambda: not media.encoders())

    codecs = media_playlist(session, "index").playlists[0].stream_info.codecs
    assert codecs.startswith("avc1.6400")  # High, as we write it, and not what came
    assert profile == "64" or not codecs.startswith(f"avc1.{profile}")
    assert faults(versions, lambda uri: (folder / uri).read_bytes()) == []
    runs = {segment.uri.split("/")[1] for segment in media_playlist(session, "high").segments}
    assert runs == {"0001"}


@pytest.mark.parametrize("gop", ["25", "60"], ids=["copied", "encoded"])
@pytest.mark.parametrize("rate", ["25", "30"])
def test_renditions_agree_where_pictures_are_sent_out_of_order(
    media: MediaProcess, session: StreamSession, gop: str, rate: str
) -> None:
    folder = show_folder(session)
    picture = ("-re", "-f", "lavfi", "-i", f"testsrc2=s=320x180:r={rate}")
    with watching(folder) as versions:
        gop = rate if gop == "25" else gop
        options = (*H264, "-bf", "2", "-preset", "fast", "-g", gop, *AAC)
        with send(media, session, "rtmp", [*picture, *SOUND, *options]):
            eventually(lambda: segments(session) >= 4, within_s=40)
        eventually(lambda: not media.encoders())

    assert faults(versions, lambda uri: (folder / uri).read_bytes()) == []
