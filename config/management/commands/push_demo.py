"""The demo's camera: a film without an end, pushed by RTMP through the same door as any encoder's."""

import subprocess
import time
from argparse import ArgumentParser
from typing import Any

import imageio_ffmpeg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo import film
from config.launcher import processes
from config.launcher.processes import Program
from streams.models import StreamSession

SLUG = "demo-live"
LOOK_EVERY_S = 5
PAUSE_S = 2


class Command(BaseCommand):
    help = "Push the demo's moving picture to its live show, until stopped. A show that was ended is left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--show", default=SLUG, help="the show's slug (default: %(default)s)")

    def handle(self, *args: Any, show: str, **options: Any) -> None:
        font = film.write_font(settings.HOME / "demo" / "clock.ttf")
        while True:
            try:
                session = StreamSession.objects.get(slug=show)
            except StreamSession.DoesNotExist as error:
                raise CommandError(f"there is no show {show}: run seed_demo first") from error
            if session.state == StreamSession.State.ENDED:
                time.sleep(LOOK_EVERY_S)
                continue
            process = processes.spawn(_camera(session.stream_key, font=str(font)), output=subprocess.DEVNULL)
            process.wait()
            time.sleep(PAUSE_S)


def _camera(stream_key: str, *, font: str) -> Program:
    """Return the ffmpeg that plays the film in real time: a keyframe a second, so that nobody need encode it again."""
    return Program(
        name="camera",
        argv=[
            imageio_ffmpeg.get_ffmpeg_exe(),
            *("-hide_banner", "-loglevel", "error", "-nostdin", "-re"),
            *film.endless(film.KILN, font=font),
            *("-map", "[picture]", "-map", "[sound]"),
            *("-c:v", "libx264", "-preset", "superfast", "-profile:v", "main", "-b:v", "1800k", "-maxrate", "2200k"),
            *("-bufsize", "2200k", "-g", str(film.RATE), "-keyint_min", str(film.RATE), "-sc_threshold", "0"),
            *("-c:a", "aac", "-b:a", "96k", "-ar", "48000"),
            *("-f", "flv", f"rtmp://{settings.PUBLIC_HOST}:{settings.RTMP_PORT}/live/{stream_key}"),
        ],
    )
