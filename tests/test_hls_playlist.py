"""Playlists, written from recordings made by hand and read by another's parser."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import m3u8
import pytest

from streams.hls import ladder, playlist
from streams.hls.clock import SourceClock
from streams.hls.exceptions import StaleRun
from streams.hls.journal import FILE, Journal
from streams.hls.ladder import Source
from streams.hls.origin import Origin
from streams.hls.recording import Recording, Rendition, Run, Segment

START = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
HIGH = Rendition("high", "avc1.64001f,mp4a.40.2", 2_000_000, 1280, 720, 25.0)
AUDIO = Rendition("audio", "mp4a.40.2", 128_000)


def a_run(number: int = 1, *, at_s: float = 0) -> Run:
    return Run(number, START + timedelta(seconds=at_s), (HIGH, AUDIO))


def a_segment(index: int, *, run: int = 1, at_s: float, duration_s: float = 1.0, rendition: str = "high") -> Segment:
    uri = f"runs/{run:04d}/{rendition}/{index:06d}.m4s"
    return Segment(run, rendition, uri, START + timedelta(seconds=at_s), duration_s, size=250_000)


def a_recording(*entries: Run | Segment) -> Recording:
    recording = Recording()
    for entry in entries:
        recording.add(entry)
    return recording


def a_show(seconds: int, *, run: int = 1, at_s: float = 0) -> list[Run | Segment]:
    return [a_run(run, at_s=at_s), *(a_segment(index, run=run, at_s=at_s + index) for index in range(seconds))]


def test_first_segment_stands_alone() -> None:
    text = playlist.render_live(a_recording(*a_show(1)), "high")

    assert text == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:1\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MAP:URI="runs/0001/high/init.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-05-04T18:00:00.000Z\n"
        "#EXTINF:1.000000,\n"
        "runs/0001/high/000000.m4s\n"
    )


def test_live_window_moves_and_replay_keeps_all() -> None:
    recording = a_recording(*a_show(100))

    live = m3u8.loads(playlist.render_live(recording, "high"))
    replay = m3u8.loads(playlist.render_replay(recording, "high"))

    assert (live.media_sequence, len(live.segments), live.is_endlist) == (70, 30, False)
    assert live.segments[0].program_date_time == START + timedelta(seconds=70)
    assert (replay.media_sequence, len(replay.segments), replay.is_endlist) == (0, 100, True)
    assert replay.playlist_type == "vod"


def test_each_run_has_its_map_and_a_discontinuity_before_it() -> None:
    recording = a_recording(*a_show(3), *a_show(2, run=4, at_s=10))

    live = m3u8.loads(playlist.render_live(recording, "high"))

    assert [segment.init_section.uri for segment in live.segments] == (
        ["runs/0001/high/init.mp4"] * 3 + ["runs/0004/high/init.mp4"] * 2
    )
    assert [segment.discontinuity for segment in live.segments] == [False, False, False, True, False]
    assert live.discontinuity_sequence == 0
    assert live.segments[3].program_date_time == START + timedelta(seconds=10)


def test_discontinuities_that_left_the_window_stay_counted() -> None:
    recording = a_recording(*a_show(40), *a_show(40, run=2, at_s=50), *a_show(29, run=3, at_s=100))

    text = playlist.render_live(recording, "high")
    live = m3u8.loads(text)

    assert (live.media_sequence, live.discontinuity_sequence) == (79, 1)
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1


def test_sequences_never_fall_while_a_show_grows() -> None:
    recording = Recording()
    before = (0, 0)
    for entry in a_show(50) + a_show(2, run=2, at_s=60) + a_show(50, run=3, at_s=70):
        recording.add(entry)
        live = m3u8.loads(playlist.render_live(recording, "high"))
        now = (live.media_sequence, live.discontinuity_sequence)
        assert now[0] >= before[0]
        assert now[1] >= before[1]
        before = now
    assert before == (72, 2)


@pytest.mark.parametrize(("duration_s", "target_s"), [(1.0, 1), (1.49, 1), (1.5, 2), (3.2, 3)])
def test_target_is_the_longest_duration_rounded(duration_s: float, target_s: int) -> None:
    recording = a_recording(a_run(), a_segment(0, at_s=0, duration_s=duration_s), a_segment(1, at_s=5, duration_s=0.3))

    assert m3u8.loads(playlist.render_live(recording, "high")).target_duration == target_s


def test_nothing_from_before_going_live_is_shown() -> None:
    recording = a_recording(*a_show(20))
    went_live = START + timedelta(seconds=10.5)

    for text in (
        playlist.render_live(recording, "high", since=went_live),
        playlist.render_replay(recording, "high", since=went_live),
    ):
        shown = m3u8.loads(text)
        assert (shown.media_sequence, len(shown.segments)) == (10, 10)


def test_a_rehearsal_is_in_no_playlist_but_the_hosts(tmp_path: Path) -> None:
    origin = Origin(tmp_path)
    origin.add(a_show(5))
    origin.publish_preview()
    went_live = START + timedelta(seconds=5)

    origin.publish(since=went_live)
    origin.publish_replay(since=went_live)

    assert sorted(path.name for path in tmp_path.glob("*.m3u8")) == ["high-preview.m3u8", "preview.m3u8"]

    origin.add([a_segment(5, at_s=5)])
    origin.publish(since=went_live)
    origin.withdraw_preview()

    assert sorted(path.name for path in tmp_path.glob("*.m3u8")) == ["high.m3u8", "index.m3u8"]
    assert m3u8.load(str(tmp_path / "high.m3u8")).files == ["runs/0001/high/000005.m4s"]


def test_multivariant_playlist_says_what_the_files_are() -> None:
    recording = a_recording(*a_show(1), a_segment(0, at_s=0, rendition="audio"))

    index = m3u8.loads(playlist.render_multivariant(recording))

    assert [one.uri for one in index.playlists] == ["high.m3u8", "audio.m3u8"]
    high, audio = (one.stream_info for one in index.playlists)
    assert (high.codecs, high.resolution, high.frame_rate) == ("avc1.64001f,mp4a.40.2", (1280, 720), 25.0)
    assert (high.bandwidth, audio.bandwidth) == (2_000_000, 2_000_000)  # what was asked for; the segment's own peak
    assert (audio.codecs, audio.resolution) == ("mp4a.40.2", None)
    assert m3u8.loads(playlist.render_multivariant(recording, suffix="-replay")).playlists[0].uri == "high-replay.m3u8"


def test_journal_comes_back_as_it_was_and_forgets_a_torn_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(a_show(3))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"kind": "segment", "run": 1, "rend')

    again = Journal(tmp_path)
    again.append([a_segment(3, at_s=3)])

    assert again.recording.segments == {"high": [a_segment(index, at_s=index) for index in range(4)]}
    assert Journal(tmp_path).recording == again.recording


def test_a_stale_owner_can_not_write(tmp_path: Path) -> None:
    stale, owner = Journal(tmp_path), Journal(tmp_path)
    stale.append(a_show(2))
    owner.append(a_show(1, run=2, at_s=5))
    before = (tmp_path / FILE).read_bytes()

    with pytest.raises(StaleRun):
        stale.append([a_segment(2, at_s=2)])
    with pytest.raises(StaleRun):
        stale.append(a_show(1, run=2, at_s=9))

    assert (tmp_path / FILE).read_bytes() == before


def test_ended_show_is_closed_and_has_a_replay(tmp_path: Path) -> None:
    origin = Origin(tmp_path)
    origin.add([*a_show(3), a_segment(0, at_s=0, rendition="audio")])
    origin.publish()
    assert "ENDLIST" not in (tmp_path / "high.m3u8").read_text()

    origin.publish(has_ended=True)
    origin.publish_replay()

    assert m3u8.load(str(tmp_path / "high.m3u8")).is_endlist
    replay = m3u8.load(str(tmp_path / "replay.m3u8"))
    assert [one.uri for one in replay.playlists] == ["high-replay.m3u8", "audio-replay.m3u8"]
    assert not list(tmp_path.glob(".*"))


def test_a_regular_source_is_copied_and_scaled_down_once() -> None:
    high, low, audio = ladder.fit(Source(1920, 1080, 30.0, keyframe_s=1.0, has_sound=True))

    assert (high.is_copied, high.width, high.height) == (True, 1920, 1080)
    assert (low.is_copied, low.width, low.height) == (False, 640, 360)
    assert not audio.has_picture


@pytest.mark.parametrize("keyframe_s", [None, 2.0, 0.75, 1.2])
def test_uneven_keyframes_are_encoded_anew(keyframe_s: float | None) -> None:
    high = ladder.fit(Source(1920, 1080, 60.0, keyframe_s=keyframe_s))[0]

    assert (high.is_copied, high.width, high.height, high.frame_rate) == (False, 1280, 720, 30.0)


@pytest.mark.parametrize(
    ("size", "high", "low"),
    [
        ((1280, 720), (1280, 720), (640, 360)),
        ((1080, 1920), (720, 1280), (360, 640)),
        ((640, 360), (640, 360), (320, 180)),
        ((426, 240), (426, 240), (212, 120)),
        ((853, 479), (852, 478), (424, 238)),
        ((2560, 720), (1280, 360), (640, 180)),
    ],
)
def test_the_ladder_never_scales_up(size: tuple[int, int], high: tuple[int, int], low: tuple[int, int]) -> None:
    steps = ladder.fit(Source(*size, 30.0), may_copy=False)

    assert [(step.width, step.height) for step in steps[:2]] == [high, low]


def test_sound_alone_has_one_rendition() -> None:
    assert [step.name for step in ladder.fit(Source(has_sound=True))] == ["audio"]


def test_a_clock_drifts_only_when_even_the_quickest_packets_come_late() -> None:
    clock = SourceClock(offset_s=100.0)
    for second in range(120):
        clock.note(arrival_s=100.0 + second + (3 if second % 5 else 0), timestamp_s=second)
        assert not clock.has_drifted
    for second in range(120, 140):
        clock.note(arrival_s=100.6 + second, timestamp_s=second)
    assert clock.has_drifted
