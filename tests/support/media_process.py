"""A real media process against the tests' database, real encoders that push to it, and a real decoder."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import m3u8
import psutil

from streams import playback
from streams.ingest.ffmpeg import ffmpeg
from streams.models import StreamSession
from tests.support.realtime_servers import ROOT, database_urls, eventually
from tests.support.showfloor import free_ports

SOUND = ("-f", "lavfi", "-i", "sine=f=220:r=44100")
NO_SOUND = ("-an",)


class MediaProcess:
    """`manage.py run_media` on ports of its own."""

    def __init__(self, **environment: str) -> None:
        self.environment = environment
        ports = free_ports()
        self.port = ports["RTMP_PORT"]
        self.srt_port = ports["SRT_PORT"]
        self.process = self._start()

    def address(self, key: str) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live/{key}"

    def srt_address(self, session: StreamSession, *, key: str = "") -> str:
        """Return where a show's encoder sends by SRT, with another key than the show's if one is given."""
        assert session.srt_slot is not None
        return f"srt://127.0.0.1:{self.srt_port + session.srt_slot}?passphrase={key or session.stream_key}"

    @property
    def camera_address(self) -> str:
        return f"ws://127.0.0.1:{self.srt_port}/camera/"

    def encoders(self) -> list[psutil.Process]:
        """Return the ffmpegs that it runs."""
        return psutil.Process(self.process.pid).children()

    def restart(self) -> None:
        """Kill it without a warning, as a power cut would, and start it again."""
        self.process.kill()
        self.process.wait()
        self.process = self._start()

    def stop(self) -> int:
        """Ask it to end, and return its exit status. Raises TimeoutExpired if that takes over twenty seconds."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_media"],
            cwd=ROOT,
            env={
                **os.environ,
                **database_urls(),
                "RTMP_PORT": str(self.port),
                "SRT_PORT": str(self.srt_port),
                **self.environment,
            },
        )
        eventually(self._listens, within_s=30)
        return process

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


class Push:
    """An encoder at work."""

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)

    def __enter__(self) -> "Push":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Cut it off in the middle of whatever it sends."""
        self.process.kill()
        self.process.wait()

    def last_words(self, within_s: float = 10) -> str:
        """Wait for it to give up, and return why."""
        return self.process.communicate(timeout=within_s)[1].decode()


def push(address: str, *, size: str = "320x180", rate: int = 25, gop: int = 25, sound: Sequence[str] = SOUND) -> Push:
    """Start an encoder that sends a moving picture in real time, until it is stopped."""
    picture = ("-re", "-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}")
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", str(gop), "-c:a", "aac")
    container = "mpegts" if address.startswith("srt:") else "flv"
    return Push([ffmpeg(), "-v", "error", "-nostdin", *picture, *sound, *codecs, "-f", container, address])


def show_folder(session: StreamSession) -> Path:
    return playback.folder(session.pk)


def media_playlist(session: StreamSession, name: str) -> m3u8.M3U8:
    """Read a playlist as it is now; an empty one if it isn't there yet."""
    path = show_folder(session) / f"{name}.m3u8"
    return m3u8.loads(path.read_text() if path.exists() else "#EXTM3U")


def decode(session: StreamSession, playlist: m3u8.M3U8) -> dict[str, int]:
    """Decode each segment by itself, behind its own init file; return how many pictures and sounds each gave.

    Raises AssertionError with the decoder's words if it complains about any.
    """
    counts = {}
    for segment in playlist.segments:
        data = b"".join((show_folder(session) / uri).read_bytes() for uri in (segment.init_section.uri, segment.uri))
        result = subprocess.run(
            [ffmpeg(), "-v", "error", "-i", "pipe:0", "-map", "0:v?", "-map", "0:a", "-f", "framecrc", "pipe:1"],
            input=data,
            capture_output=True,
            check=False,
        )
        assert (result.returncode, result.stderr) == (0, b""), f"{segment.uri}: {result.stderr.decode()}"
        counts[segment.uri] = sum(not line.startswith(b"#") for line in result.stdout.splitlines())
    return counts
