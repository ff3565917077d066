"""Where to begin to watch: the rendition that suits a device, and the segment that holds a moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import m3u8
import pytest

from streams import playback, watch
from streams.hls.journal import FILE
from streams.hls.origin import Origin
from streams.hls.recording import Rendition, Run, Segment
from streams.models import StreamSession
from tests.support.api_client import Caller
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db

START = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
HIGH = Rendition("high", "avc1.64001f,mp4a.40.2", 3_000_000, 1280, 720, 25.0)
LOW = Rendition("low", "avc1.64001f,mp4a.40.2", 800_000, 640, 360, 25.0)
AUDIO = Rendition("audio", "mp4a.40.2", 128_000)
LADDER = (HIGH, LOW, AUDIO)


def record(session: StreamSession, *runs: tuple[float, int], duration_s: float = 1.0) -> Origin:
    """Write the journal of a show whose runs begin so many seconds after START and have so many segments."""
    origin = Origin(playback.folder(session.pk))
    for number, (begins_s, count) in enumerate(runs, start=1):
        begins_at = START + timedelta(seconds=begins_s)
        entries: list[Run | Segment] = [Run(number, begins_at, LADDER)]
        for index in range(count):
            at = begins_at + timedelta(seconds=index * duration_s)
            for one in LADDER:
                uri = f"runs/{number:04d}/{one.name}/{index:06d}.m4s"
                entries.append(Segment(number, one.name, uri, at, duration_s, size=100_000))
        origin.add(entries)
    return origin


@pytest.fixture
def live() -> StreamSession:
    session = make_session("kiln", started_at=START)
    record(session, (0, 100)).publish()
    return session


def ask(query: str = "", *, slug: str = "kiln", caller: Caller | None = None) -> Any:
    return (caller or Caller()).get(f"watch/{slug}?{query}")


def test_a_phone_at_a_moment_of_a_live_show(live: StreamSession) -> None:
    answer = ask("device=phone&offset=62.5")

    base = f"http://testserver/media/sessions/{live.pk}"
    assert answer.status_code == 200
    assert answer.json() == {
        "playlist_url": f"{base}/low.m3u8",
        "rendition": "low",
        "segment_url": f"{base}/runs/0001/low/000062.m4s",
        "offset": 62.5,
        "segment_offset": 62.0,
    }


@pytest.mark.usefixtures("live")
def test_each_device_gets_what_it_makes_use_of() -> None:
    chosen = {device: ask(f"device={device}").json()["rendition"] for device in ("phone", "tablet", "desktop", "tv")}

    assert chosen == {"phone": "low", "tablet": "high", "desktop": "high", "tv": "high"}
    assert ask().json()["rendition"] == "high"


@pytest.mark.parametrize(
    ("renditions", "device", "name"),
    [
        # upright: the shorter side counts
        ((Rendition("high", "", 1_000_000, 720, 1280), Rendition("low", "", 500_000, 360, 640)), "phone", "low"),
        ((Rendition("high", "", 1_000_000, 360, 640), Rendition("low", "", 500_000, 180, 320)), "phone", "high"),
        # too many bits are as bad as too many lines
        ((Rendition("high", "", 90_000_000, 1280, 720), Rendition("low", "", 800_000, 640, 360)), "tv", "low"),
        # all too much: the least
        ((Rendition("high", "", 9_000_000, 3840, 2160), Rendition("low", "", 5_000_000, 1920, 1080)), "phone", "low"),
        # sound alone is for shows that have no picture
        ((Rendition("low", "", 9_000_000, 1920, 1080), AUDIO), "phone", "low"),
        ((AUDIO,), "tv", "audio"),
    ],
)
def test_the_choice(renditions: tuple[Rendition, ...], device: str, name: str) -> None:
    assert watch.choose(renditions, device=device).name == name


def test_without_an_offset_a_live_show_begins_at_its_newest(live: StreamSession) -> None:
    answer = ask().json()

    playlist = m3u8.loads((playback.folder(live.pk) / "high.m3u8").read_text())
    assert answer["segment_url"].endswith(playlist.segments[-1].uri)
    assert (answer["offset"], answer["segment_offset"]) == (99.0, 99.0)


def test_a_replay_counts_as_its_player_does_without_the_pauses() -> None:
    session = make_session("kiln", state="ended", started_at=START)
    record(session, (0, 10), (300, 10), duration_s=1.04).publish_replay()

    for offset in (0, 5.0, 10.4, 20.7):
        answer = ask(f"device=tv&offset={offset}").json()
        assert answer["playlist_url"].endswith("/high-replay.m3u8")
        playlist = m3u8.loads((playback.folder(session.pk) / "high-replay.m3u8").read_text())
        at, held = 0.0, []
        for segment in playlist.segments:
            if at <= offset < at + segment.duration:
                held.append((segment.uri, round(at, 6)))
            at += segment.duration
        [(uri, begins)] = held
        assert answer["segment_url"].endswith(f"/{uri}")
        assert answer["segment_offset"] == pytest.approx(begins)
    assert ask().json()["offset"] == 0


def test_what_was_before_go_live_counts_for_nothing() -> None:
    session = make_session("kiln", started_at=START + timedelta(seconds=30.5), has_preview=True)
    record(session, (0, 40)).publish(since=session.started_at)

    assert ask("offset=0").json()["segment_url"].endswith("/runs/0001/high/000030.m4s")
    assert ask("offset=10").json()["errors"] == {"offset": ["The show is 10.0 seconds long."]}


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("device=fridge", "device"),
        ("offset=-1", "offset"),
        ("offset=soon", "offset"),
        ("offset=nan", "offset"),
        ("offset=inf", "offset"),
        ("offset=1e999", "offset"),
        ("offset=100", "offset"),
    ],
)
def test_what_is_wrong_is_named(query: str, field: str) -> None:
    answer = ask(query)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize("state", ["scheduled", "live", "interrupted", "ended"])
def test_a_show_without_a_picture_says_why(state: str) -> None:
    make_session("kiln", state=state)

    answer = ask()

    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (409, "nothing_to_play", state)


def test_a_rehearsal_is_nobodys_to_watch() -> None:
    host = make_user(is_host=True)
    session = make_session("kiln", host=host, state="rehearsal", has_preview=True)
    Origin(playback.new_preview(session.pk)).publish_preview()

    assert (ask().json()["code"], ask().json()["state"]) == ("nothing_to_play", "scheduled")
    assert ask(caller=Caller(host)).json()["code"] == "nothing_to_play"
    assert ask(slug="nope").status_code == 404


def test_a_line_that_is_being_written_is_left_out(live: StreamSession) -> None:
    with (playback.folder(live.pk) / FILE).open("ab") as file:
        file.write(b'{"kind": "segment", "run": 1, "rendition": "high", "uri": "runs/0001/hi')

    assert ask().json()["offset"] == 99.0
