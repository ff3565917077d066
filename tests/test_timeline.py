"""Where packets are placed, by their own times and by when they arrive; and the silence that stands in for sound."""

import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest import flv
from streams.ingest.ffmpeg import ffmpeg
from streams.ingest.flv import AUDIO, VIDEO, Tag
from streams.media.packet_queue import PacketQueue
from streams.media.silence import ELEMENTS, GAP_MS_MAX, Silence, form_of
from streams.media.timeline import TimeLine

SOUND, PICTURE = b"\xaf\x01s", b"\x27\x01\0\0\0p"


def tag(kind: int, timestamp_ms: int, at_ms: float) -> Tag:
    return Tag(kind, timestamp_ms % 2**32, SOUND if kind == AUDIO else PICTURE, 1000 + at_ms / 1000)


def place(*tags: Tag) -> list[tuple[int, int | None]]:
    line = TimeLine()
    placed = [(one.kind, line.place(one)) for one in tags]
    return [(kind, found.timestamp_ms if found else None) for kind, found in placed]


def both(
    begin_ms: int, end_ms: int, *, sound_ms: int = 0, picture_ms: int = 0, late_ms: int = 0, leaves_out: int = 0
) -> list[Tag]:
    """Return sound and picture of a time, each with its own shift."""
    shifts = {AUDIO: sound_ms, VIDEO: picture_ms}
    return [
        tag(kind, at_ms + shifts[kind], at_ms + late_ms)
        for at_ms in range(begin_ms, end_ms, 40)
        for kind in (VIDEO, AUDIO)
        if kind != leaves_out
    ]


def apart_ms(placed: list[tuple[int, int | None]]) -> int:
    """Return how far sound is ahead of the picture in the end."""
    last = {kind: at_ms for kind, at_ms in placed if at_ms is not None}
    return last[AUDIO] - last[VIDEO]


def test_tracks_on_one_clock_are_left_as_they_are() -> None:
    tags = both(500, 3_000, sound_ms=700)

    assert place(*tags) == [(one.kind, one.timestamp_ms) for one in tags]


@pytest.mark.parametrize("wraps", [2**32 - 1_000, 2**31 - 1_000])
def test_times_wrap_once_in_49_days(wraps: int) -> None:
    placed = place(*both(0, 2_000, sound_ms=wraps, picture_ms=wraps))

    assert placed == [(one.kind, one.timestamp_ms + wraps) for one in both(0, 2_000)]


@pytest.mark.parametrize("shift_ms", [2_000, -5_000, 3_600_000, 2**31 + 5])
def test_a_track_on_another_clock_is_placed_by_its_arrival(shift_ms: int) -> None:
    placed = place(*both(10_000, 12_000, sound_ms=shift_ms))

    assert abs(apart_ms(placed)) <= 40
    assert [at_ms for kind, at_ms in placed if kind == VIDEO] == list(range(10_000, 12_000, 40))


@pytest.mark.parametrize(("sound_ms", "picture_ms"), [(5_000, 0), (0, 5_000), (0, -3_000), (9_000_000, 9_000_000)])
def test_a_jump_is_no_time(sound_ms: int, picture_ms: int) -> None:
    placed = place(*both(10_000, 12_000), *both(12_000, 14_000, sound_ms=sound_ms, picture_ms=picture_ms))

    assert abs(apart_ms(placed)) <= 4
    for kind in (AUDIO, VIDEO):
        times = [at_ms for one, at_ms in placed if one == kind and at_ms is not None]
        assert len(times) == 100
        assert {later - at_ms for at_ms, later in pairwise(times)} <= {40, 42}


def test_a_network_that_stalls_moves_nothing() -> None:
    """Six seconds come at once, of which the encoder left out five of the picture."""
    stalled = [*both(2_000, 3_000, late_ms=6_000), *both(3_000, 8_000, leaves_out=VIDEO)]
    burst = [Tag(one.kind, one.timestamp_ms, one.body, 1008 + index / 10_000) for index, one in enumerate(stalled)]
    tags = [*both(0, 2_000), *burst, *both(8_000, 9_000)]

    assert place(*tags) == [(one.kind, one.timestamp_ms) for one in tags]


def test_a_picture_that_pauses_while_its_clock_stands_comes_back_where_the_sound_is() -> None:
    before, paused = both(0, 2_000), both(2_000, 7_000, leaves_out=VIDEO)
    after = both(7_000, 9_000, picture_ms=-5_000)

    assert abs(apart_ms(place(*before, *paused, *after))) <= 40


def test_a_track_that_falls_behind_bit_by_bit_is_brought_back() -> None:
    tags = [
        one
        for at_ms in range(0, 60_000, 40)
        for one in (tag(VIDEO, at_ms, at_ms), tag(AUDIO, round(at_ms * 0.9), at_ms))
    ]

    assert abs(apart_ms(place(*tags))) < 2_000


@given(st.lists(st.tuples(st.sampled_from([AUDIO, VIDEO]), st.integers(0, 2**32 - 1), st.integers(0, 3_000))))
def test_each_track_goes_on_and_never_back(packets: list[tuple[int, int, int]]) -> None:
    at_ms, tags = 0, []
    for kind, timestamp_ms, later_ms in packets:
        at_ms += later_ms
        tags.append(tag(kind, timestamp_ms, at_ms))
    placed = place(*tags)

    for kind in (AUDIO, VIDEO):
        times = [at for one, at in placed if one == kind and at is not None]
        assert times == sorted(times)


def test_a_header_that_tells_another_time_is_no_reason_to_drop_what_waits() -> None:
    publication = PacketQueue("a show")
    publication.take(Tag(VIDEO, 0, b"\x17\x00\0\0\0", 1000.0))
    for at_ms in range(0, 2_000, 40):
        publication.take(tag(VIDEO, 1_000_000_000 + at_ms, at_ms))

    assert publication.dropped_pictures == 0
    assert publication.behind_ms == 1_960


# --- silence ---


def config(rate_index: int, channels: int, object_type: int = 2) -> Tag:
    bits = f"{object_type:05b}{rate_index:04b}{channels:04b}000"
    return Tag(AUDIO, 0, b"\xaf\x00" + int(bits, 2).to_bytes(2))


@pytest.mark.parametrize("channels", sorted(ELEMENTS))
@pytest.mark.parametrize(("rate_index", "rate"), [(3, 48_000), (4, 44_100), (8, 16_000)])
def test_silence_of_every_form_is_decoded_as_such(channels: int, rate_index: int, rate: int) -> None:
    header = config(rate_index, channels)
    form = form_of(header)
    assert form is not None
    assert form.frame_ms == 1000 * 1024 / rate
    data = flv.file_header(has_sound=True, has_picture=False) + flv.encode(header, timestamp_ms=0)
    data += Silence(form).until(1_000)

    argv = [ffmpeg(), "-v", "error", "-f", "flv", "-i", "pipe:0", "-f", "s16le", "pipe:1"]
    done = subprocess.run(argv, input=data, capture_output=True, check=True)

    assert done.stderr == b""
    assert set(done.stdout) == {0}
    seconds = len(done.stdout) / 2 / rate / {7: 8}.get(channels, channels)
    assert abs(seconds - 1) < 0.1


@pytest.mark.parametrize(
    "header",
    [
        config(3, 0),
        config(13, 2),
        config(3, 2, object_type=1),
        Tag(AUDIO, 0, b"\xaf\x00"),
        Tag(AUDIO, 0, b"\xaf\x00\x7f"),
    ],
)
def test_there_is_no_silence_for_what_we_can_not_read(header: Tag) -> None:
    assert form_of(header) is None


def test_a_broken_clock_costs_no_memory() -> None:
    assert len(Silence().until(GAP_MS_MAX * 1000)) < 100
