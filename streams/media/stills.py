"""Takes a frame of a show to stand for it in lists, where its host has given it no poster."""

import asyncio
from collections import deque
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageStat

from streams.hls import playlist
from streams.hls.exceptions import BadMedia
from streams.hls.journal import Journal
from streams.hls.recording import Recording, Segment
from streams.ingest import ffmpeg
from streams.media.thumbnails import NICENESS, RUN_WITHIN_S

ENOUGH = timedelta(seconds=10)
LOOKS = 3
LONG_SIDE = 960
QUALITY = 80


async def draw(folder: Path, *, since: datetime | None = None, has_ended: bool = False) -> bytes | None:
    """Return a frame as WebP; None for sound alone, and while a show has just begun.

    Nothing is shown that was filmed before `since`. Of a few frames the one with most to see is taken, for shows begin
    with black and with empty tables. Raises OSError or BadMedia.
    """
    recording = (await asyncio.to_thread(Journal, folder)).recording
    segments = choose(recording, since=since, has_ended=has_ended)
    pictures = [await _first_picture(folder, segment) for segment in segments]
    return _encode(max(pictures, key=_contrast)) if pictures else None


def choose(recording: Recording, *, since: datetime | None, has_ended: bool) -> list[Segment]:
    """Return the segments to look at: of the finest picture, spread over what there is to see."""
    since = playlist.kept_since(recording, since)
    renditions = {one.name: one for run in recording.runs for one in run.renditions if one.has_picture}
    for rendition in sorted(renditions.values(), key=lambda one: one.width * one.height, reverse=True):
        segments = [one for one in recording.segments.get(rendition.name, []) if not since or one.begins_at >= since]
        if not segments:
            continue
        if not has_ended and segments[-1].ends_at - segments[0].begins_at < ENOUGH:
            return []
        return list(dict.fromkeys(segments[len(segments) * part // (LOOKS + 1)] for part in range(1, LOOKS + 1)))
    return []


async def _first_picture(folder: Path, segment: Segment) -> Image.Image:
    """Decode the first frame of a segment. Raises OSError or BadMedia."""
    fit = f"scale='min({LONG_SIDE},iw)':'min({LONG_SIDE},ih)':force_original_aspect_ratio=decrease"
    argv = [ffmpeg.ffmpeg(), "-hide_banner", "-nostats", "-loglevel", "error", "-threads", "1", "-f", "mp4"]
    argv += ["-i", "pipe:0", "-an", "-frames:v", "1", "-vf", fit, "-c:v", "png", "-f", "image2pipe", "pipe:1"]
    media = [await asyncio.to_thread((folder / uri).read_bytes) for uri in (playlist.init_uri(segment), segment.uri)]
    process = await ffmpeg.spawn(argv, has_output=True, niceness=NICENESS)
    try:
        async with asyncio.timeout(RUN_WITHIN_S):
            data, words = await process.communicate(b"".join(media))
    except TimeoutError as error:
        raise BadMedia("ffmpeg took too long over a frame") from error
    finally:
        await ffmpeg.stop(process, within_s=0)
    if process.returncode or not data:
        raise BadMedia("; ".join(deque(words.decode(errors="replace").splitlines(), maxlen=3)) or "no picture")
    return Image.open(BytesIO(data)).convert("RGB")


def _contrast(picture: Image.Image) -> float:
    return float(sum(ImageStat.Stat(picture).stddev))


def _encode(picture: Image.Image) -> bytes:
    encoded = BytesIO()
    picture.save(encoded, "WEBP", quality=QUALITY)
    return encoded.getvalue()
