"""A picture that stands still, for a source whose picture has stopped: its own last keyframe, or a slate."""

from collections import deque
from dataclasses import dataclass

from streams.ingest import ffmpeg, flv
from streams.ingest.exceptions import ProtocolError
from streams.ingest.flv import Tag

COLOUR = "0x17171b"
STEP_MS = 200
"""A still is repeated this often: on each whole second there is one, for a segment to begin with."""


@dataclass(frozen=True, slots=True)
class Still:
    """A keyframe, and the sequence header that it is decoded by."""

    header: Tag
    keyframe: Tag


async def slate(width: int, height: int) -> Still:
    """Return a plain picture of a size, in H.264. Raises ProtocolError if ffmpeg makes none."""
    argv = [ffmpeg.ffmpeg(), "-hide_banner", "-nostats", "-loglevel", "error"]
    argv += ["-f", "lavfi", "-i", f"color=c={COLOUR}:s={width}x{height}:r=1", "-frames:v", "1"]
    argv += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-f", "flv", "pipe:1"]
    process = await ffmpeg.spawn(argv, has_output=True)
    if process.stdin is None or process.stdout is None:  # spawn makes both
        raise RuntimeError("no pipes")
    process.stdin.close()
    last_words: deque[str] = deque(maxlen=3)
    tags = [tag async for tag in flv.read_tags(process.stdout)]
    await ffmpeg.listen(process, last_words)
    await ffmpeg.stop(process, within_s=1)
    header = next((tag for tag in tags if tag.is_header), None)
    keyframe = next((tag for tag in tags if tag.is_keyframe), None)
    if header is None or keyframe is None:
        raise ProtocolError(f"no slate of {width}x{height}: {'; '.join(last_words)}")
    return Still(header, keyframe)
