"""Addresses of playlists that one lease alone may play, where our own server hands out the files (PLAYLIST_TOKENS).

The token stands in the path, `<MEDIA_BASE_URL>/for/<token>/sessions/…`, so that every address in a playlist, which is
relative, has it too, and no playlist is written anew for each viewer. It is signed for one show and names a lease:
a segment needs the signature, a playlist also a lease that still plays.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing

from streams import leases

PART = "for"
GOOD_FOR = timedelta(days=1)
HOST = "host"  # the studio's own picture needs no lease


def address(url: str, session_id: UUID, *, lease: str) -> str:
    """Return a playlist's address for one lease, or for HOST; the plain one where playlists are open to all."""
    if not settings.PLAYLIST_TOKENS or not url:
        return url
    base = settings.MEDIA_BASE_URL
    return f"{base}/{PART}/{_signer(str(session_id)).sign(lease)}{url.removeprefix(base)}"


def is_allowed(token: str, name: str) -> bool:
    """Tell whether a token opens a file of a show. `name` is the file's path below the media root.

    With Redis away any lease is believed, as its heartbeat is.
    """
    try:
        lease = _signer(name.split("/")[1]).unsign(token, max_age=GOOD_FOR)
    except signing.BadSignature:
        return False
    return lease == HOST or not name.endswith(".m3u8") or leases.is_playing(lease)


def _signer(session_id: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"streams.store.tokens:{session_id}")
