"""Read the few facts that playlists need out of fMP4 files (ISO/IEC 14496-12 and -15)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from streams.hls.exceptions import BadMedia

PATH_TO_SAMPLE_ENTRIES = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
STSD_HEADER_BYTES = 8
VISUAL_ENTRY_BYTES = 78  # before the boxes inside a VisualSampleEntry
AUDIO_ENTRY_BYTES = 28  # before those inside an AudioSampleEntry
DECODER_SPECIFIC_INFO = 5


@dataclass(frozen=True, slots=True)
class Tracks:
    """What an init file declares. `codecs` is as RFC 6381 writes it."""

    codecs: str
    width: int = 0
    height: int = 0


def describe(init: bytes) -> Tracks:
    """Read an init file's codecs and picture size. Raises BadMedia."""
    codecs: list[str] = []
    width = height = 0
    try:
        for kind, entry in _sample_entries(init, PATH_TO_SAMPLE_ENTRIES):
            if kind == b"avc1":
                width, height = struct.unpack_from(">HH", entry, 24)
                codecs.append(_avc_codec(entry[VISUAL_ENTRY_BYTES:]))
            elif kind == b"mp4a":
                codecs.append(_aac_codec(entry[AUDIO_ENTRY_BYTES:]))
            else:
                raise BadMedia(f"no name for codec {kind!r}")
    except (struct.error, IndexError) as error:
        raise BadMedia("an init file is cut short") from error
    if not codecs:
        raise BadMedia("an init file has no tracks")
    return Tracks(",".join(codecs), width, height)


def begins_at_s(segment_head: bytes) -> float:
    """Read a segment's earliest presentation time from its first segment index (the picture's, if it has one).

    The first few hundred bytes of the file are enough. Raises BadMedia.
    """
    for kind, body in _boxes(segment_head):
        if kind == b"sidx":
            version = body[0]
            (timescale,) = struct.unpack_from(">I", body, 8)
            (earliest,) = struct.unpack_from(">Q" if version else ">I", body, 12)
            return float(earliest / timescale)
    raise BadMedia("a segment has no index")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = 0
    while offset + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, offset)
        if size < 8:
            raise BadMedia(f"a box {kind!r} of {size} bytes")
        yield kind, data[offset + 8 : offset + size]
        offset += size


def _sample_entries(data: bytes, path: tuple[bytes, ...]) -> Iterator[tuple[bytes, bytes]]:
    """Walk down to the sample entries of every track."""
    for kind, body in _boxes(data):
        if kind != path[0]:
            continue
        if len(path) == 1:
            yield from _boxes(body[STSD_HEADER_BYTES:])
        else:
            yield from _sample_entries(body, path[1:])


def _avc_codec(boxes: bytes) -> str:
    for kind, body in _boxes(boxes):
        if kind == b"avcC":
            return f"avc1.{body[1:4].hex()}"
    raise BadMedia("no avcC box")


def _aac_codec(boxes: bytes) -> str:
    for kind, body in _boxes(boxes):
        if kind == b"esds":
            return f"mp4a.40.{_audio_object_type(body[4:])}"
    raise BadMedia("no esds box")


def _audio_object_type(descriptors: bytes) -> int:
    """Read the audio object type from an elementary stream descriptor (ISO/IEC 14496-1, 7.2.6)."""
    offset = 0
    while offset < len(descriptors):
        tag = descriptors[offset]
        offset += 1
        size = 0
        while True:  # seven bits a byte, the eighth says that more follow
            byte = descriptors[offset]
            offset += 1
            size = size << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        if tag == DECODER_SPECIFIC_INFO:
            object_type = descriptors[offset] >> 3
            if object_type == 31:
                object_type = 32 + ((descriptors[offset] & 7) << 3 | descriptors[offset + 1] >> 5)
            return object_type
        # An ES descriptor and a decoder configuration hold the next one after a few bytes of their own.
        offset += {3: 3, 4: 13}.get(tag, size)
    raise BadMedia("no AudioSpecificConfig")
