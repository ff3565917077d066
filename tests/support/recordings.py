"""The recording of a show that is over, as a run of ffmpeg leaves it."""

import subprocess
from datetime import timedelta

from streams import playback
from streams.hls.mp4 import describe
from streams.hls.origin import Origin
from streams.hls.recording import Rendition, Run, Segment
from streams.ingest.ffmpeg import ffmpeg
from streams.models import StreamSession


def film(session: StreamSession, *, length_s: int, segment_s: int = 1, fps: int = 10) -> None:
    """Record some seconds from the show's start, and publish the replay."""
    folder = playback.folder(session.pk)
    part = folder / "runs/0001/high"
    part.mkdir(parents=True)
    source = ["-f", "lavfi", "-i", f"testsrc2=s=320x180:r={fps}", "-f", "lavfi", "-i", "sine=r=48000"]
    codecs = ["-t", str(length_s), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    codecs += ["-g", str(segment_s * fps), "-c:a", "aac"]
    hls = ["-f", "hls", "-hls_time", str(segment_s), "-hls_list_size", "0", "-hls_segment_type", "fmp4"]
    hls += ["-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", str(part / "%06d.m4s")]
    subprocess.run(
        [ffmpeg(), "-v", "error", *source, *codecs, *hls, str(part / "ffmpeg.m3u8")], check=True, timeout=30
    )
    tracks = describe((part / "init.mp4").read_bytes())
    assert session.started_at
    entries: list[Run | Segment] = [
        Run(1, session.started_at, (Rendition("high", tracks.codecs, 500_000, tracks.width, tracks.height, fps),))
    ]
    for index, path in enumerate(sorted(part.glob("*.m4s"))):
        at = session.started_at + timedelta(seconds=index * segment_s)
        size = path.stat().st_size
        entries.append(Segment(1, "high", f"runs/0001/high/{path.name}", at, float(segment_s), size=size))
    origin = Origin(folder)
    origin.add(entries)
    origin.publish_replay()
