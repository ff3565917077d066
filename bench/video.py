"""Video: seconds from publish to a playable segment, from the end to a replay, the ladder's headroom, and its cost.

nginx-rtmp, where it is installed, gets the same source in the same run.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from rich.console import Console

from bench import lab, nginx_rtmp
from bench.report import Figures, percentile

if TYPE_CHECKING:
    from streams.models import StreamSession

PROJECT = Path(__file__).resolve().parent.parent
RUNS = 10
SOURCE_S = 20
STEADY_S = 15.0
WITHIN_S = 30
# Like a camera: ffmpeg's own -re would begin with half a second at once.
REAL_TIME = ("-readrate", "1", "-readrate_initial_burst", "0.04")
SOURCES = {"keyframes every second, copied": 25, "keyframes every 10 s, encoded": 250}


def run() -> Figures:
    with lab.databases() as home:
        sources = {name: _make_source(home / f"{gop}.flv", gop) for name, gop in SOURCES.items()}
        media = _start_media()
        try:
            figures = dict(_first_picture(sources)) | _costs(sources, media)
        finally:
            media.send_signal(signal.SIGTERM)
            media.wait()
        for name, source in sources.items():
            figures[f"ladder, {name} (times real time)"] = _headroom(source, home)
        if nginx_rtmp.is_there():
            source = next(iter(sources.values()))
            for fragment_s in (1, 2):
                figures |= _nginx_rtmp(source, home, fragment_s)
        else:
            Console(stderr=True).print(nginx_rtmp.HOW_TO_GET_IT)
        return figures


def _make_source(path: Path, gop: int) -> Path:
    """Encode what a host's camera might send: 720p25 with sound."""
    from streams.ingest.ffmpeg import ffmpeg

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
    from streams import playback, shows

    figures = {}
    replays: list[float] = []
    for name, source in sources.items():
        starts: list[float] = []
        for number in range(RUNS):
            show = _new_show(f"{name} {number}")
            folder = playback.folder(show.pk)
            began = time.monotonic()
            with _pushing(source, _address(show)):
                _wait_until((folder / "index.m3u8").exists)
                starts.append(time.monotonic() - began)
                _decode(folder)
                began = time.monotonic()
                shows.end(show, actor="bench")
                _wait_until((folder / "replay.m3u8").exists)
                replays.append(time.monotonic() - began)
        figures |= _starts(name, starts)
    figures["end to replay, p50 (s)"] = percentile(replays, 0.5)
    figures["end to replay, max (s)"] = max(replays)
    return figures


def _costs(sources: dict[str, Path], media: subprocess.Popen[bytes]) -> Figures:
    """Push for a while, and count what the media process and its ffmpeg take."""
    from streams import playback, shows

    figures = {}
    for name, source in sources.items():
        show = _new_show(f"{name}, steady")
        with _pushing(source, _address(show)):
            _wait_until((playback.folder(show.pk) / "index.m3u8").exists)
            figures[f"{name}: CPU seconds a show-minute"] = _cost(media.pid)
            shows.end(show, actor="bench")
            _wait_until((playback.folder(show.pk) / "replay.m3u8").exists)
    return figures


def _nginx_rtmp(source: Path, home: Path, fragment_s: int) -> Figures:
    """Do what can be done with it: no other rendition is made, and no show ends."""
    name = f"nginx-rtmp, fragments of {fragment_s} s"
    starts: list[float] = []
    with nginx_rtmp.running(home, fragment_s=fragment_s) as (process, address, folder):
        _wait_until(lambda: _listens(int(address.split(":")[2].partition("/")[0])))
        for number in range(RUNS):
            playlist = folder / f"{number}.m3u8"
            began = time.monotonic()
            with _pushing(source, f"{address}{number}"):
                _wait_until(lambda playlist=playlist: playlist.exists() and ".ts" in playlist.read_text())
                starts.append(time.monotonic() - began)
                _decode_data((folder / f"{number}-0.ts").read_bytes())
        with _pushing(source, f"{address}steady"):
            _wait_until((folder / "steady.m3u8").exists)
            cost_s = _cost(process.pid)
    return {**_starts(name, starts), f"{name}: CPU seconds a show-minute": cost_s}


def _new_show(title: str) -> "StreamSession":
    from shop.models import User
    from streams import shows

    host = User.objects.filter(is_host=True).first()
    host = host or User.objects.create_user("host@example.com", "showfloor", is_host=True)
    return shows.create(host=host, title=title)


def _address(show: "StreamSession") -> str:
    return f"rtmp://127.0.0.1:{os.environ['RTMP_PORT']}/live/{show.stream_key}"


@contextmanager
def _pushing(source: Path, address: str) -> Iterator[None]:
    from streams.ingest.ffmpeg import ffmpeg

    argv = [ffmpeg(), "-v", "quiet", "-nostdin", *REAL_TIME, "-i", source, "-c", "copy", "-f", "flv", address]
    encoder = subprocess.Popen(argv)
    try:
        yield
    finally:
        encoder.kill()
        encoder.wait()


def _starts(name: str, starts: list[float]) -> dict[str, float]:
    return {
        f"publish to playable, {name}, p50 of {RUNS} (s)": percentile(starts, 0.5),
        f"publish to playable, {name}, max (s)": max(starts),
    }


def _cost(pid: int) -> float:
    """Return the CPU seconds that a process and those below it take in a minute, from what they take in STEADY_S."""
    below = psutil.Process(pid).children(recursive=True)
    before_s, began = _cpu_s([psutil.Process(pid), *below]), time.monotonic()
    time.sleep(STEADY_S)
    after_s, ended = _cpu_s([psutil.Process(pid), *below]), time.monotonic()
    return 60 * (after_s - before_s) / (ended - began)


def _cpu_s(processes: list[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (one.cpu_times() for one in processes))


def _decode(folder: Path) -> None:
    """Decode the first segment of each rendition that the multivariant playlist names."""
    import m3u8

    for variant in m3u8.load(str(folder / "index.m3u8")).playlists:
        first = m3u8.load(str(folder / variant.uri)).segments[0]
        _decode_data((folder / first.init_section.uri).read_bytes() + (folder / first.uri).read_bytes())


def _decode_data(data: bytes) -> None:
    from streams.ingest.ffmpeg import ffmpeg

    argv = [ffmpeg(), "-v", "error", "-i", "pipe:0", "-f", "null", "-"]
    words = subprocess.run(argv, input=data, capture_output=True, check=True).stderr
    if words:
        raise RuntimeError(f"a segment does not decode: {words.decode()}")


def _headroom(source: Path, home: Path) -> float:
    """Encode a source with the default ladder as fast as this machine can."""
    from streams.hls import encoder, ladder
    from streams.ingest.ffmpeg import ffmpeg

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
