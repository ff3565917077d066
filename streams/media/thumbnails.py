"""Draws the sheet of pictures for a replay's seek bar from segments that are recorded already."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

from PIL import Image

from streams.hls import playlist, thumbnails
from streams.hls.exceptions import BadMedia
from streams.hls.journal import Journal
from streams.hls.origin import replace_file
from streams.hls.thumbnails import SHEET, TRACK, Plan, Shot
from streams.ingest import ffmpeg

NICENESS = 15
RUN_WITHIN_S = 60
QUALITY = 70


async def draw(folder: Path, *, since: datetime | None = None) -> bool:
    """Write the sheet, then the track that names it; False when the show has no picture.

    One ffmpeg at a time, behind everything else that the machine does. Raises OSError or BadMedia.
    """
    recording = (await asyncio.to_thread(Journal, folder)).recording
    plan = thumbnails.plan(recording, since=playlist.kept_since(recording, since))
    if plan is None:
        return False
    drawn: list[tuple[Shot, bytes]] = []
    for shots in plan.runs():
        drawn += zip(shots, await _pictures(folder, plan, shots), strict=False)
    if not drawn:
        raise BadMedia("no segment gave a picture")
    await asyncio.to_thread(_write, folder, plan, drawn)
    return True


async def _pictures(folder: Path, plan: Plan, shots: Sequence[Shot]) -> list[bytes]:
    """Decode the first picture of each of one run's shots. Raises BadMedia with ffmpeg's last words."""
    process = await ffmpeg.spawn(thumbnails.command(ffmpeg.ffmpeg(), plan), has_output=True, niceness=NICENESS)
    words: deque[str] = deque(maxlen=3)
    feeding = asyncio.create_task(_feed(process, folder, shots))
    listening = asyncio.create_task(ffmpeg.listen(process, words))
    try:
        if process.stdout is None:  # spawn was asked for one
            raise RuntimeError("no pipe")
        async with asyncio.timeout(RUN_WITHIN_S):
            data = await process.stdout.read()
            await feeding
            if await process.wait():
                raise BadMedia("; ".join(words))
    except TimeoutError as error:
        raise BadMedia("ffmpeg took too long over the thumbnails") from error
    finally:
        feeding.cancel()
        if process.returncode is None:
            process.kill()
            await process.wait()
        await listening
    size = plan.width * plan.height * 3
    return [data[at : at + size] for at in range(0, len(data) - size + 1, size)]


async def _feed(process: asyncio.subprocess.Process, folder: Path, shots: Sequence[Shot]) -> None:
    if process.stdin is None:  # spawn always makes one
        raise RuntimeError("no pipe")
    try:
        for uri in (playlist.init_uri(shots[0].segment), *(shot.segment.uri for shot in shots)):
            process.stdin.write(await asyncio.to_thread((folder / uri).read_bytes))
            await process.stdin.drain()
    except ConnectionError:
        pass  # it has ended, and its exit status says more
    finally:
        process.stdin.close()


def _write(folder: Path, plan: Plan, drawn: Sequence[tuple[Shot, bytes]]) -> None:
    rows = -(-len(drawn) // thumbnails.COLUMNS)
    columns = min(len(drawn), thumbnails.COLUMNS)
    sheet = Image.new("RGB", (columns * plan.width, rows * plan.height))
    for index, (_, picture) in enumerate(drawn):
        sheet.paste(Image.frombytes("RGB", (plan.width, plan.height), picture), thumbnails.place(plan, index))
    encoded = BytesIO()
    sheet.save(encoded, "JPEG", quality=QUALITY, optimize=True)
    replace_file(folder / SHEET, encoded.getvalue())
    replace_file(folder / TRACK, thumbnails.render(plan, [shot for shot, _ in drawn]).encode())
