"""One recording of a browser: a container that begins with its own header and counts from zero."""

import asyncio
import re
from dataclasses import dataclass

from streams.ingest.publisher import Publisher
from streams.ingest.remux import FLUSH_S, Remuxer

# What MediaRecorder calls its containers → ffmpeg's demuxers. Nothing else is ever opened.
DEMUXERS = {"video/webm": "matroska", "video/x-matroska": "matroska", "video/mp4": "mp4"}
H264 = re.compile(r"(?i)\b(avc[13]|h264)\b")


class UnknownRecording(Exception):
    """A browser that records in a way we can't read."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How to read a recording. Chromium and Safari make H.264, which is kept as it is; Firefox makes VP8."""

    demuxer: str
    has_h264: bool


def kind_of(mime: str) -> Kind:
    """Read what MediaRecorder says it makes. Raises UnknownRecording."""
    demuxer = DEMUXERS.get(mime.partition(";")[0].strip().lower())
    if demuxer is None:
        raise UnknownRecording(mime)
    return Kind(demuxer, H264.search(mime) is not None)


class Recording:
    """Feeds a browser's chunks to a translation of their own; `relaying` ends, with why, when no more comes of it."""

    def __init__(self, remuxer: Remuxer, publisher: Publisher) -> None:
        self._remuxer = remuxer
        self.relaying = asyncio.create_task(remuxer.relay(publisher))

    @classmethod
    async def begin(cls, kind: Kind, publisher: Publisher) -> "Recording":
        source = ["-protocol_whitelist", "pipe", "-f", kind.demuxer, "-i", "pipe:0"]
        return cls(await Remuxer.start(source, copies_picture=kind.has_h264), publisher)

    @property
    def last_words(self) -> str:
        return self._remuxer.last_words

    async def feed(self, chunk: bytes) -> None:
        """Raises ConnectionError when nothing reads it any more."""
        feeding = asyncio.ensure_future(self._remuxer.feed(chunk))
        try:
            await asyncio.wait({feeding, self.relaying}, return_when=asyncio.FIRST_COMPLETED)
            if not feeding.done():
                raise ConnectionError("nothing comes of it any more")
            feeding.result()
        finally:
            feeding.cancel()

    async def end(self) -> None:
        """Hand on what was fed, and be gone in two seconds."""
        self._remuxer.end()
        await asyncio.wait({self.relaying}, timeout=FLUSH_S)
        await self.close()

    async def close(self) -> None:
        """Be gone at once. Calling it twice is safe."""
        self.relaying.cancel()
        await asyncio.gather(self.relaying, return_exceptions=True)
        await self._remuxer.close()
