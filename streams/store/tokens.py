"""Addresses of playlists that one lease alone may play, where our own server hands out the files (PLAYLIST_TOKENS).

The token stands in the path, `<MEDIA_BASE_URL>/for/<token>/sessions/…`, so that every address in a playlist, which is
relative, has it too, and no playlist is written anew for each viewer. It is signed for one show and names a lease:
a segment needs the signature, a playlist also a lease that still plays.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.core import signing

from streams import leases
from streams.models import StreamSession

PART = "for"
GUARDED = (".m3u8", ".m4s", ".mp4", ".vtt")
GOOD_FOR = timedelta(days=1)
# An address stays the same for so long: who asks twice finds in a cache what they had, and a picture goes on.
STEADY_S = 3600
HOST = "host"  # the studio's own picture needs no lease
LOOK = "look"  # nor does a look at a show; who plays on takes one
LOOK_FOR = timedelta(minutes=2)


def address(url: str, session: StreamSession, *, lease: str = LOOK) -> str:
    """Return the address of a show's file for one lease, HOST or LOOK; the plain one where files are open to all."""
    if not settings.PLAYLIST_TOKENS or not url:
        return url
    base = settings.MEDIA_BASE_URL
    signer = _Signer(str(session.pk), steady_s=1 if lease == LOOK else STEADY_S)
    return f"{base}/{PART}/{signer.sign(f'{session.slug}:{lease}')}{url.removeprefix(base)}"


def split(path: str) -> tuple[str, str]:
    """Part a path below the media root into its token, or "", and the file's own path."""
    part, _, rest = path.partition("/")
    token, _, name = rest.partition("/")
    return (token, name) if part == PART else ("", path)


def is_guarded(name: str) -> bool:
    """Whether a file is a show's video, which wants a token."""
    return name.endswith(GUARDED)


def is_allowed(token: str, name: str) -> bool:
    """Tell whether a token opens a file of a show. `name` is the file's path below the media root.

    With Redis away any lease is believed, as its heartbeat is.
    """
    folder, *parts = name.split("/")
    if folder != "sessions" or len(parts) < 2 or any(part.startswith(".") or not part for part in parts):
        return False
    signer = _Signer(parts[0])
    try:
        slug, _, lease = signer.unsign(token, max_age=GOOD_FOR).partition(":")
        if lease == LOOK:
            signer.unsign(token, max_age=LOOK_FOR)
    except signing.BadSignature:
        return False
    return lease in {HOST, LOOK} or not name.endswith(".m3u8") or leases.is_playing(lease, session=slug)


class _Signer(signing.TimestampSigner):
    """Signs for one show, with the time in steps of `steady_s`."""

    def __init__(self, session_id: str, *, steady_s: int = 1) -> None:
        super().__init__(salt=f"streams.store.tokens:{session_id}")
        self._steady_s = steady_s

    def timestamp(self) -> str:
        now_s = int(time.time())
        return signing.b62_encode(now_s - now_s % self._steady_s)
