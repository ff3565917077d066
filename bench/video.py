"""Video: seconds from publish to a playable segment, from the end to a replay, and the ladder's headroom."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import lab
from bench.report import Figures, percentile

PROJECT = Path(__file__).resolve().parent.parent
RUNS = 10
SOURCE_S = 20
WITHIN_S = 30
# Like a camera: ffmpeg's own -re would begin with half a second at once.
REAL_TIME = ("-readrate", "1", "-readrate_initial_burst", "0.04")
SOURCES = {"keyframes every second, copied": 25, "keyframes every 10 s, encoded": 250}


def run() -> Figures:
    with lab.databases() as home:
        sources = {name: _make_source(home / f"{gop}.flv", gop) for name, gop in SOURCES.items()}
        media = _start_media()
        try:
            figures = dict(_first_picture(sources))
        finally:
            media.send_signal(signal.SIGTERM)
            media.wait()
        for name, source in sources.items():
            figures[f"ladder, {name} (times real time)"] = _headroom(source, home)
        return figures


def _make_source(path: Path, gop: int) -> Path:
    """Encode what a host's camera might send: 720p25 with sound."""
    from streams.media.child import ffmpeg

    picture = ["-f", "lavfi", "-i", f"testsrc2=s=1280x720:r=25:d={SOURCE_S}"]
    sound = ["-f", "lavfi", "-i", f"sine=r=48000:d={SOURCE_S}"]
    codecs = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-b:v", "3M", "-g", str(gop)]
    codecs += ["-sc_threshold", "0", "-c:a", "aac", "-ac", "2"]
    subprocess.run([ffmpeg(), "-v", "error", *picture, *sound, *codecs, str(path)], check=True)
    return path


def _start_media() -> subprocess.Popen[bytes]:
    media = subprocess.Popen([sys.executable, "manage.py", "run_media"], cwd=PROJECT, stderr=subprocess.DEVNULL)
    _wait_until(lambda: _listens(int(os.environ["RTMP_PORT"])))
    return media


def _first_picture(sources: dict[str, Path]) -> Figures:
    """Push to a new show again and again; each is ended once it plays."""
    from shop.models import User
    from streams import playback, shows
    from streams.media.child import ffmpeg

    host = User.objects.create_user("host@example.com", "showfloor", is_host=True)
    figures = {}
    replays: list[float] = []
    for name, source in sources.items():
        starts: list[float] = []
        for number in range(RUNS):
            show = shows.create(host=host, title=f"{name} {number}")
            folder = playback.folder(show.pk)
            address = f"rtmp://127.0.0.1:{os.environ['RTMP_PORT']}/live/{show.stream_key}"
            began = time.monotonic()
            encoder = subprocess.Popen(
                [ffmpeg(), "-v", "quiet", "-nostdin", *REAL_TIME, "-i", source, "-c", "copy", "-f", "flv", address]
            )
            try:
                _wait_until((folder / "index.m3u8").exists)
                starts.append(time.monotonic() - began)
                _decode(folder)
                began = time.monotonic()
                shows.end(show, actor="bench")
                _wait_until((folder / "replay.m3u8").exists)
                replays.append(time.monotonic() - began)
            finally:
                encoder.kill()
                encoder.wait()
        figures[f"publish to playable, {name}, p50 of {RUNS} (s)"] = percentile(starts, 0.5)
        figures[f"publish to playable, {name}, max (s)"] = max(starts)
    figures["end to replay, p50 (s)"] = percentile(replays, 0.5)
    figures["end to replay, max (s)"] = max(replays)
    return figures


def _decode(folder: Path) -> None:
    """Decode the first segment of each rendition that the multivariant playlist names."""
    import m3u8

    from streams.media.child import ffmpeg

    for variant in m3u8.load(str(folder / "index.m3u8")).playlists:
        first = m3u8.load(str(folder / variant.uri)).segments[0]
        data = (folder / first.init_section.uri).read_bytes() + (folder / first.uri).read_bytes()
        argv = [ffmpeg(), "-v", "error", "-i", "pipe:0", "-f", "null", "-"]
        words = subprocess.run(argv, input=data, capture_output=True, check=True).stderr
        if words:
            raise RuntimeError(f"{first.uri} does not decode: {words.decode()}")


def _headroom(source: Path, home: Path) -> float:
    """Encode a source with the default ladder as fast as this machine can."""
    from streams.hls import encoder, ladder
    from streams.media.child import ffmpeg

    gop = int(source.stem)
    about = ladder.Source(
        1280, 720, 25.0, keyframe_s=gop / 25, bit_rate_bps=3_000_000, has_sound=True, can_copy_sound=True
    )
    steps = ladder.fit(about)
    folder = home / f"ladder-{gop}"
    for step in steps:
        (folder / step.name).mkdir(parents=True)
    began = time.monotonic()
    with source.open("rb") as file:
        subprocess.run(
            encoder.command(ffmpeg(), about, steps, folder), stdin=file, stderr=subprocess.DEVNULL, check=True
        )
    return SOURCE_S / (time.monotonic() - began)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("it took too long")
        time.sleep(0.01)
