"""What a media file is served as, by web itself and by a bucket; deploy/ says the same to the front doors."""

import gzip
from pathlib import PurePosixPath

TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".vtt": "text/vtt; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
"""What is served at all: a file of another kind (a journal, a log, a key) does not exist for the outside."""

SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A picture that somebody uploaded must not run as a page of ours."""

PLAYLIST_CACHE = "max-age=1"
FINISHED_CACHE = "max-age=86400"
SEGMENT_CACHE = "max-age=31536000, immutable"
WORTH_BYTES = 16_000
PICTURE_CACHE = "max-age=86400"


def content_type(name: str) -> str:
    """Return what a file of a known kind is. `name` is its path below the media root. Raises KeyError."""
    kind = PurePosixPath(name).suffix
    return "audio/mp4" if "/audio/" in name and kind in {".m4s", ".mp4"} else TYPES[kind]


def cache_control(name: str) -> str:
    """Return how long a file may be kept: a playlist changes each second, what a run made never does.

    Nor does a replay's media playlist, which holds hours. What lists them changes with the captions, as theirs does.
    """
    if name.endswith("-replay.m3u8") and not name.endswith("/captions-replay.m3u8"):
        return FINISHED_CACHE
    if name.endswith(".m3u8"):
        return PLAYLIST_CACHE
    return SEGMENT_CACHE if "/runs/" in name else PICTURE_CACHE


def compressed(name: str, body: bytes) -> bytes | None:
    """Return a long playlist as gzip, of which a tenth is left; None for what is as well as it is."""
    if not name.endswith(".m3u8") or len(body) < WORTH_BYTES:
        return None
    return gzip.compress(body, mtime=0)
