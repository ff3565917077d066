"""Records a film as a show's replay: two renditions and an audio-only one, fMP4, with the clock of its evening."""

import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import imageio_ffmpeg

from config.demo import film

SEGMENT_S = 4
RENDITIONS = ("720p", "360p", "audio")
REPLAY = "replay.m3u8"
ENCODE_WITHIN_S = 300


def record(shots: Sequence[film.Shot], folder: Path, *, started_at: datetime) -> None:
    """Encode a film once through into an empty folder, and write its playlists; `replay.m3u8` is written last.

    Raises subprocess.CalledProcessError, with what ffmpeg said, or TimeoutExpired.
    """
    run = folder / "runs" / "0001"
    for name in RENDITIONS:
        (run / name).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        font = film.write_font(Path(scratch) / "clock.ttf")
        subprocess.run(
            [imageio_ffmpeg.get_ffmpeg_exe(), *_arguments(shots, run, font)],
            check=True,
            capture_output=True,
            text=True,
            timeout=ENCODE_WITHIN_S,
        )
    for name in RENDITIONS:
        text = (run / name / "made.m3u8").read_text()
        (folder / f"{name}.m3u8").write_text(_dated(text, f"runs/0001/{name}", started_at))
        (run / name / "made.m3u8").unlink()
    multivariant = (run / "made.m3u8").read_text().replace("/made.m3u8", ".m3u8")
    (run / "made.m3u8").unlink()
    (folder / REPLAY).write_text(multivariant)


def _arguments(shots: Sequence[film.Shot], run: Path, font: Path) -> list[str]:
    """Return ffmpeg's arguments: the picture once, split in two sizes, keyframes where segments begin."""
    inputs = film.once(shots, font=font)
    graph = inputs[-1] + ";[picture]split[large][s];[s]scale=640:360[small];[sound]asplit=3[a][b][c]"
    streams = ("[large]", "[a]", "[small]", "[b]", "[c]")
    return [
        *("-hide_banner", "-loglevel", "error", "-nostdin", "-y"),
        *inputs[:-1],
        graph,
        *(part for stream in streams for part in ("-map", stream)),
        *("-t", str(film.length(shots))),
        *("-c:v", "libx264", "-preset", "superfast", "-crf", "24", "-profile:v", "main", "-sc_threshold", "0"),
        *("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_S})"),
        *("-maxrate:v:0", "2000k", "-bufsize:v:0", "4000k"),
        *("-maxrate:v:1", "650k", "-bufsize:v:1", "1300k"),
        *("-c:a", "aac", "-b:a", "96k", "-ar", "48000"),
        *("-f", "hls", "-hls_time", str(SEGMENT_S), "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"),
        *("-hls_flags", "independent_segments", "-hls_fmp4_init_filename", "init_%v.mp4"),
        *("-hls_segment_filename", str(run / "%v" / "%05d.m4s"), "-master_pl_name", "made.m3u8"),
        *("-var_stream_map", "v:0,a:0,name:720p v:1,a:1,name:360p a:2,name:audio"),
        str(run / "%v" / "made.m3u8"),
    ]


def _dated(text: str, path: str, started_at: datetime) -> str:
    """Put the time of its beginning before each segment, and its folder before each file."""
    lines = []
    at = started_at
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{at.isoformat(timespec='milliseconds')}")
            at += timedelta(seconds=float(line.removeprefix("#EXTINF:").split(",")[0]))
        if line.startswith("#EXT-X-MAP:"):
            line = line.replace('URI="', f'URI="{path}/')
        elif line and not line.startswith("#"):
            line = f"{path}/{line}"
        lines.append(line)
    return "\n".join(lines) + "\n"
