"""ffmpeg as a translator: what comes in another form than RTMP's leaves it as the packets that the pipeline takes."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence

from streams.ingest import avc, ffmpeg, flv
from streams.ingest.exceptions import UnknownCodec
from streams.ingest.flv import Tag
from streams.ingest.publisher import SILENCE_S, Publisher

logger = logging.getLogger(__name__)

PROBE_US = 1_000_000
PROBE_BYTES = 1_000_000
BUFFER_BYTES = 1024 * 1024
FLUSH_S = 2.0
COPIED_PICTURE = ("-c:v", "copy")
# Only for what must be H.264 first: a keyframe a second, so that it need not be encoded again.
ENCODED_PICTURE = (
    *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"),
    *("-crf", "21", "-maxrate", "4M", "-bufsize", "4M", "-force_key_frames", "expr:gte(t,n_forced)"),
)
SOUND = ("-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2", "-af", "aresample=async=1")
# Written packet by packet; a sound or a picture that stops is waited for one second, not ten.
OUTPUT = (
    *("-max_interleave_delta", "1000000", "-flush_packets", "1"),
    *("-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1"),
)


def command(source: Sequence[str], *, copies_picture: bool) -> list[str]:
    """Return the command that reads `source`, ffmpeg's options for an input, and writes FLV on stdout."""
    argv = [ffmpeg.ffmpeg(), "-hide_banner", "-nostats", "-loglevel", "error"]
    argv += ["-analyzeduration", str(PROBE_US), "-probesize", str(PROBE_BYTES), *source]
    argv += ["-map", "0:v:0?", "-map", "0:a:0?", *(COPIED_PICTURE if copies_picture else ENCODED_PICTURE)]
    return [*argv, *SOUND, *OUTPUT]


class Remuxer:
    """One running translation. `start` it, `feed` it unless it fetches for itself, read `tags`, and `close` it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:  # spawn makes both
            raise RuntimeError("no pipes")
        self._process = process
        self._input = process.stdin
        self._last_words: deque[str] = deque(maxlen=3)
        self._listening = asyncio.create_task(ffmpeg.listen(process, self._last_words))
        self.tags: AsyncIterator[Tag] = flv.read_tags(process.stdout)

    @classmethod
    async def start(cls, source: Sequence[str], *, copies_picture: bool) -> "Remuxer":
        return cls(await ffmpeg.spawn(command(source, copies_picture=copies_picture), has_output=True))

    @property
    def last_words(self) -> str:
        return "; ".join(self._last_words)

    async def feed(self, data: bytes) -> None:
        """Write to its stdin, as fast as it reads. Raises ConnectionError once it has ended."""
        self._input.write(data)
        await self._input.drain()

    def end(self) -> None:
        """Say that nothing more will be fed; what it still has comes out of `tags`."""
        self._input.close()

    async def relay(self, publisher: Publisher, *, first: Tag | None = None) -> str:
        """Hand on packets to the last one, and return why it was the last: "silent" after ten seconds without any.

        `first` is one that was read already. Raises ProtocolError for media that nobody could play.
        """
        if first is not None:
            hand_on(first, publisher)
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    tag = await anext(self.tags, None)
            except TimeoutError:
                return "silent"
            if tag is None:
                return "ended by the encoder"
            hand_on(tag, publisher)

    async def close(self) -> None:
        """End it, whatever it is doing. Calling it twice is safe."""
        self._input.close()
        await ffmpeg.stop(self._process, within_s=0)
        await self._listening


def hand_on(tag: Tag, publisher: Publisher) -> None:
    """Give a packet to the pipeline. Raises ProtocolError for one that nobody could play."""
    if codec := tag.unknown_codec:
        raise UnknownCodec(codec)
    if tag.is_picture and tag.is_header:
        avc.picture_size(tag.body)
    publisher.take(tag)
