"""Take publishers' media and make the shows' playlists."""

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from streams.media.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run the media process: ingest (RTMP, SRT, cameras), one ffmpeg a show, playlists. Ends on SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asyncio.run(serve())
        except OSError as error:
            raise CommandError(f"can't listen: {error.strerror}") from error


async def serve() -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await Supervisor().run(stopping)
