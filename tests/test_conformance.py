"""The judge of playlists is judged: a show that is well passes, and each rule finds the fault that it is for."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streams.hls import encoder, ladder
from streams.hls.origin import Origin
from streams.hls.watcher import Watcher
from streams.ingest.ffmpeg import ffmpeg
from tests.support.playlist_conformance import Read, Version, Watch, faults, playlist_faults

START = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
SOURCE = ladder.Source(160, 90, 25.0, keyframe_s=1.0, has_sound=True, can_copy_sound=True)
SECONDS = 4


def make_source(keyframe_every: int) -> bytes:
    picture = ["-f", "lavfi", "-i", f"testsrc2=s=160x90:r=25:d={SECONDS}"]
    sound = ["-f", "lavfi", "-i", f"sine=r=44100:d={SECONDS}"]
    codecs = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-g",
        str(keyframe_every),
        "-c:a",
        "aac",
    ]
    argv = [ffmpeg(), "-v", "error", *picture, *sound, *codecs, "-f", "flv", "-"]
    return subprocess.run(argv, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("show")


@pytest.fixture(scope="module")
def show(folder: Path) -> list[Version]:
    """A show of two runs by our own origin, with real files, and each version of its playlists."""
    origin, watch, source = Origin(folder), Watch(folder), make_source(25)
    for number in (1, 2):
        anchor_at = START + timedelta(seconds=10 * number)
        watcher = Watcher(folder, run=number, anchor_at=anchor_at, steps=ladder.fit(SOURCE))
        watcher.make_folders()
        command = encoder.command(ffmpeg(), SOURCE, watcher.steps, watcher.folder)
        subprocess.run(command, input=source, capture_output=True, check=True)
        run, *segments = watcher.poll()
        for entries in ([run, *segments[:3]], segments[3:]):
            origin.add(entries)
            origin.publish()
            watch.look()
    origin.publish(has_ended=True)
    origin.publish_replay()
    watch.look()
    return watch.versions


@pytest.fixture(scope="module")
def read(folder: Path) -> Read:
    return lambda uri: (folder / uri).read_bytes()


def test_a_show_that_is_well_passes(show: list[Version], read: Read) -> None:
    assert {version.name for version in show} == {
        *("index.m3u8", "high.m3u8", "low.m3u8", "audio.m3u8"),
        *("replay.m3u8", "high-replay.m3u8", "low-replay.m3u8", "audio-replay.m3u8"),
    }
    assert sum(version.name == "low.m3u8" for version in show) == 5

    assert faults(show, read) == []


def change(show: Sequence[Version], name: str, old: str, new: str, *which: int) -> list[Version]:
    """Replace a text, which must be there, in some versions of a playlist; in all of them if none is named."""
    found = [place for place, version in enumerate(show) if version.name == name]
    places = {found[number] for number in which} or set(found)
    assert any(old in show[place].text for place in places)
    return [
        replace(version, text=version.text.replace(old, new)) if place in places else version
        for place, version in enumerate(show)
    ]


DISCONTINUITY = "#EXT-X-DISCONTINUITY\n"
SECOND_MAP = '#EXT-X-MAP:URI="runs/0002/low/init.mp4"\n'


@pytest.mark.parametrize(
    ("words", "old", "new", "which"),
    [
        ("longer than the target of 1 s", "#EXTINF:1.000000", "#EXTINF:1.500000", ()),
        ("media_sequence fell from 2 to 0", "MEDIA-SEQUENCE:0", "MEDIA-SEQUENCE:2", (1,)),
        ("discontinuity_sequence fell from 1 to 0", "Y-SEQUENCE:0", "Y-SEQUENCE:1", (1,)),
        ("segment 0 changed", "Y-SEQUENCE:0", "Y-SEQUENCE:1", (2, 3, 4)),
        ("segment 1 changed", "000001.m4s", "000000.m4s", (2,)),
        ("lists a file twice", "000001.m4s", "000000.m4s", ()),
        ("the target duration fell", "DURATION:1", "DURATION:2", (1,)),
        ("changed after its end", "DURATION:1", "DURATION:1\n#EXT-X-ENDLIST", (2,)),
        ("that its segments are independent", "T-SEGMENTS", "T", ()),
        ("map and discontinuity do not change together", SECOND_MAP, "", ()),
        ("has the map runs/0001/low/init.mp4", SECOND_MAP, "", ()),
        ("have the discontinuities [0, 1] and [0]", DISCONTINUITY, "", ()),
        ("are 0.050 s apart at", "20.023Z", "20.073Z", ()),
        ("after the one before it ended", ":21.", ":22.", ()),
        ("begins -", "2026-05-04T18:00:1", "2026-05-04T18:00:5", ()),
        ("segment 0 has no date", "#EXT-X-PROGRAM-DATE-TIME", "#EXT-X-NOTHING", ()),
    ],
)
def test_a_broken_playlist_is_found(
    show: list[Version], words: str, old: str, new: str, which: tuple[int, ...]
) -> None:
    found = playlist_faults(change(show, "low.m3u8", old, new, *which))

    assert any(words in one for one in found), found


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        ("high.m3u8 is said to be", "160x90", "320x180"),
        ("low.m3u8 is said to be", "avc1.", "avc1.f"),
        ("lower.m3u8 is said to be", "low.m3u8", "lower.m3u8"),
    ],
)
def test_a_wrong_word_on_a_rendition_is_found(show: list[Version], read: Read, words: str, old: str, new: str) -> None:
    found = faults(change(show, "index.m3u8", old, new), read)

    assert any(words in one for one in found), found


def test_what_was_taken_back_or_left_out_is_found(show: list[Version]) -> None:
    low = [version for version in show if version.name == "low.m3u8"]

    assert "low.m3u8: segment 3 was taken back" in playlist_faults([low[1], low[0]])
    later = replace(low[4], text=low[4].text.replace("MEDIA-SEQUENCE:0", "MEDIA-SEQUENCE:9"))
    assert "low.m3u8: segments between 3 and 9 were never listed" in playlist_faults([low[1], later])


def test_a_file_that_comes_after_its_playlist_is_found(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    (tmp_path / "index.m3u8").write_text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n")
    assert watch.look()
    (tmp_path / "low.m3u8").write_text("#EXTM3U\n")

    assert watch.look()
    assert not watch.look()
    assert watch.versions[0].missing == ("low.m3u8",)
    assert "index.m3u8: lists low.m3u8, which is not there" in playlist_faults(watch.versions)


def test_a_segment_that_does_not_decode_is_found(show: list[Version], read: Read) -> None:
    def torn(uri: str) -> bytes:
        data = read(uri)
        return data if uri != "runs/0002/high/000001.m4s" else data[: len(data) // 2] + bytes(len(data) // 2)

    assert any(one.startswith("runs/0002/high/init.mp4: does not decode") for one in faults(show, torn))


def test_a_segment_that_begins_without_a_keyframe_is_found(show: list[Version], read: Read, tmp_path: Path) -> None:
    cut = ["-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_segment_type", "fmp4", "-hls_flags", "split_by_time"]
    cut += ["-hls_segment_filename", str(tmp_path / "%06d.m4s"), str(tmp_path / "high.m3u8")]
    subprocess.run(
        [ffmpeg(), "-copyts", "-i", "pipe:0", *cut], input=make_source(250), capture_output=True, check=True
    )

    def cut_anywhere(uri: str) -> bytes:
        return (tmp_path / Path(uri).name).read_bytes() if uri.startswith("runs/0001/high/") else read(uri)

    assert [one for one in faults(show, cut_anywhere) if "keyframe" in one] == [
        f"runs/0001/high/init.mp4: runs/0001/high/00000{number}.m4s does not begin with a keyframe"
        for number in (1, 2, 3)
    ]
