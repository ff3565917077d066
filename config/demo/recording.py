"""Records a film as a show: what an encoder would send, through the same steps that a live show takes."""

import asyncio
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import imageio_ffmpeg

from config.demo import film
from streams.hls import encoder, ladder
from streams.hls.origin import Origin
from streams.hls.watcher import Watcher
from streams.media import thumbnails

RUN = 1
RECORD_WITHIN_S = 300
SOURCE = ladder.Source(
    width=film.WIDTH,
    height=film.HEIGHT,
    frame_rate=film.RATE,
    keyframe_s=ladder.SEGMENT_S,
    bit_rate_bps=2_000_000,
    has_sound=True,
    can_copy_sound=True,
)


def record(shots: Sequence[film.Shot], folder: Path, *, started_at: datetime, captions: bytes) -> None:
    """Record a film once through into a show's empty folder: segments, journal, replay, captions, thumbnails.

    Its clock begins at `started_at`. A film lasts a minute at most: that is what ffmpeg's list of segments holds.
    Raises OSError, subprocess.SubprocessError (with what ffmpeg said) or HlsError.
    """
    steps = ladder.fit(SOURCE)
    watcher = Watcher(folder, run=RUN, anchor_at=started_at, steps=steps)
    watcher.make_folders()
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    with TemporaryDirectory() as scratch:
        sent = Path(scratch) / "sent.flv"
        font = film.write_font(Path(scratch) / "clock.ttf")
        _run([ffmpeg, *_sending(shots, font), str(sent)])
        with sent.open("rb") as source:
            _run(encoder.command(ffmpeg, SOURCE, steps, watcher.folder), stdin=source.fileno())
    origin = Origin(folder)
    origin.add(watcher.poll())
    origin.publish(has_ended=True)
    origin.publish_replay()
    origin.put_captions(captions)
    asyncio.run(thumbnails.draw(folder))


def _run(command: list[str], *, stdin: int = subprocess.DEVNULL) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, stdin=stdin, timeout=RECORD_WITHIN_S)


def _sending(shots: Sequence[film.Shot], font: Path) -> list[str]:
    """Return the arguments of an encoder that sends a film: a keyframe a second, as hosts are asked to."""
    return [
        *("-hide_banner", "-loglevel", "error", "-nostdin", "-y"),
        *film.once(shots, font=font),
        *("-map", "[picture]", "-map", "[sound]", "-t", str(film.length(shots))),
        *("-c:v", "libx264", "-preset", "superfast", "-profile:v", "main", "-bf", "0", "-crf", "23"),
        *("-maxrate", "2000k", "-bufsize", "2000k", "-g", "600", "-sc_threshold", "0"),
        *("-force_key_frames", f"expr:gte(t,n_forced*{ladder.SEGMENT_S:g})"),
        *("-c:a", "aac", "-b:a", "96k", "-ar", "48000", "-ac", "2", "-f", "flv"),
    ]
