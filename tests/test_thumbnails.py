"""The pictures of a replay's seek bar, drawn by ffmpeg from segments that ffmpeg made."""

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from streams.hls import encoder, ladder, thumbnails
from streams.hls.exceptions import BadMedia
from streams.hls.origin import Origin
from streams.hls.recording import Recording, Rendition, Run, Segment
from streams.hls.watcher import Watcher
from streams.ingest.ffmpeg import ffmpeg
from streams.media.thumbnails import draw

START = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
CUE = re.compile(r"(\d\d):(\d\d):([\d.]+) --> (\d\d):(\d\d):([\d.]+)\nthumbnails\.jpg#xywh=(\d+),(\d+),(\d+),(\d+)")


def record(folder: Path, run: int, *, colour: str, size: tuple[int, int], seconds: int, at_s: float) -> None:
    """Add a run of one colour to a show, through the steps of a live one; its source has two keyframes a second."""
    source = ladder.Source(
        *size, frame_rate=10.0, keyframe_s=0.5, bit_rate_bps=100_000, has_sound=True, can_copy_sound=True
    )
    steps = ladder.fit(source)
    watcher = Watcher(folder, run=run, anchor_at=START + timedelta(seconds=at_s), steps=steps)
    watcher.make_folders()
    picture = f"color=c={colour}:s={size[0]}x{size[1]}:r=10"
    sending = [ffmpeg(), "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "anullsrc"]
    sending += ["-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "5"]
    sent = subprocess.run([*sending, "-c:a", "aac", "-f", "flv", "-"], check=True, capture_output=True)
    subprocess.run(
        encoder.command(ffmpeg(), source, steps, watcher.folder), input=sent.stdout, check=True, capture_output=True
    )
    origin = Origin(folder)
    origin.add(watcher.poll())
    origin.publish_replay()


def cues(folder: Path) -> list[tuple[float, float, tuple[int, ...]]]:
    """Read the track: from, until, and where on the sheet."""
    found = CUE.findall((folder / "thumbnails.vtt").read_text())
    return [(seconds(*one[:3]), seconds(*one[3:6]), tuple(map(int, one[6:]))) for one in found]


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    found = picture.getpixel((x, y))
    assert isinstance(found, tuple)
    return found[0], found[1], found[2]


def leftovers(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


def seconds(hours: str, minutes: str, rest: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


async def test_each_cue_shows_its_moment_across_runs(tmp_path: Path) -> None:
    record(tmp_path, 1, colour="red", size=(320, 180), seconds=6, at_s=0)
    record(tmp_path, 2, colour="blue", size=(320, 180), seconds=4, at_s=60)

    assert await draw(tmp_path)

    told = cues(tmp_path)
    assert [(round(begin), round(end)) for begin, end, _ in told] == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 10)]
    assert (tmp_path / "thumbnails.vtt").read_text().startswith("WEBVTT\n\n")
    with Image.open(tmp_path / "thumbnails.jpg") as sheet:
        assert sheet.size == (5 * 160, 90)
        seen = [pixel(sheet, x + w // 2, y + h // 2) for _, _, (x, y, w, h) in told]
    assert [red > blue for red, _, blue in seen] == [True, True, True, False, False]
    assert not leftovers(tmp_path, ".*")


async def test_a_run_of_another_shape_keeps_its_shape(tmp_path: Path) -> None:
    record(tmp_path, 1, colour="red", size=(320, 180), seconds=2, at_s=0)
    record(tmp_path, 2, colour="blue", size=(180, 320), seconds=2, at_s=60)

    await draw(tmp_path)

    with Image.open(tmp_path / "thumbnails.jpg") as sheet:
        assert sheet.size == (2 * 90, 160)
        wide, upright = sheet.crop((0, 0, 90, 160)), sheet.crop((90, 0, 180, 160))
        assert max(pixel(wide, 45, 5)) < 20  # padded above and below
        assert pixel(wide, 45, 80)[0] > 150
        assert pixel(upright, 45, 5)[2] > 150


async def test_sound_alone_has_none(tmp_path: Path) -> None:
    origin = Origin(tmp_path)
    origin.add(
        [
            Run(1, START, (Rendition("audio", "mp4a.40.2", 128_000),)),
            Segment(1, "audio", "runs/0001/audio/000000.m4s", START, 1.0, size=1000),
        ]
    )

    assert not await draw(tmp_path)
    assert not leftovers(tmp_path, "thumbnails.*")


def truncate(path: Path) -> None:
    path.write_bytes(b"\0" * 100)


@pytest.mark.parametrize("spoil", [truncate, Path.unlink], ids=["garbage", "gone"])
async def test_broken_segments_leave_no_half_track(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    record(tmp_path, 1, colour="red", size=(320, 180), seconds=2, at_s=0)
    for path in (tmp_path / "runs" / "0001" / "low").glob("*.mp4"):
        spoil(path)

    with pytest.raises((OSError, BadMedia)):
        await draw(tmp_path)

    assert not leftovers(tmp_path, "*thumbnails.*")


def test_a_long_show_fits_one_sheet_and_begins_after_go_live() -> None:
    recording = Recording()
    recording.add(Run(1, START, (Rendition("high", "avc1.64001f", 2_000_000, 1280, 720, 25.0),)))
    for second in range(3 * 3600):
        at = START + timedelta(seconds=second)
        recording.add(Segment(1, "high", f"runs/0001/high/{second:06d}.m4s", at, 1.0, size=1))

    plan = thumbnails.plan(recording, since=START + timedelta(seconds=600))

    assert plan is not None
    assert thumbnails.MOST - 4 <= len(plan.shots) <= thumbnails.MOST
    assert plan.shots[0].segment.begins_at == START + timedelta(seconds=600)
    assert plan.shots[0].at_s == 0.0
    assert (plan.width, plan.height) == (160, 90)
