"""Sources whose pictures come when they like, as a browser's camera makes them.

`data/camera.flv` is what Chromium's MediaRecorder made of its fake camera on a busy machine, as FLV.
"""

import subprocess
from pathlib import Path

import pytest

from streams.hls import encoder, ladder, mp4
from streams.ingest import flv
from streams.ingest.ffmpeg import ffmpeg
from streams.ingest.flv import Tag
from streams.media.stream_probe import _frame_rate

RECORDED = Path(__file__).parent / "data" / "camera.flv"
TAKEN_MS = [0, 158, 272, 480, 738, 819, 886, 919, 968, 1017]


def picture(timestamp_ms: int) -> Tag:
    return Tag(flv.VIDEO, timestamp_ms, b"\x27\x01")


@pytest.mark.parametrize(
    ("times_ms", "rate"),
    [
        ([0, 40, 80, 120], 25.0),
        ([0, 33, 67, 100, 133], 30.0),
        ([0, 500, 1000], 2.0),
        (TAKEN_MS, 20.408),
        ([0], 0.0),
        ([0, 0], 0.0),
    ],
    ids=["25", "30 in whole milliseconds", "slow but regular", "a camera that begins", "one picture", "at once"],
)
def test_frame_rate_is_the_one_that_is_meant(times_ms: list[int], rate: float) -> None:
    assert _frame_rate([picture(time_ms) for time_ms in times_ms]) == rate


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "control"])
def test_small_rendition_of_an_irregular_source_is_worth_seeing(tmp_path: Path, is_told: bool) -> None:
    """Left to guess, ffmpeg takes this for 1000 pictures a second, and x264 gives each of them next to nothing."""
    source = ladder.Source(1280, 720, 20.0, 1.0, 270_000, has_sound=True, can_copy_sound=True)
    steps = ladder.fit(source)
    for step in steps:
        (tmp_path / step.name).mkdir()
    command = encoder.command(ffmpeg(), source, steps, tmp_path)
    if not is_told:
        at = command.index("-x264-params")
        del command[at : at + 2]
    subprocess.run(command, input=RECORDED.read_bytes(), check=True, capture_output=True)

    init = (tmp_path / "low" / encoder.INIT).read_bytes()
    level = int(mp4.describe(init).codecs[9:11], 16)
    assert (level <= 31) is is_told  # 3.1; what many pictures a second ask of a player
