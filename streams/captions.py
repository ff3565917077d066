"""Captions of a show that is over: its host's WebVTT file, kept beside the recording. docs/video.md tells more."""

from django.db import transaction

from shop import audit
from streams import playback
from streams.exceptions import StateRefused
from streams.hls import captions
from streams.hls.exceptions import NoReplay
from streams.hls.journal import Journal
from streams.hls.origin import Playlists
from streams.models import StreamSession
from streams.store.bucket import find_bucket
from streams.store.exceptions import StoreAway
from streams.store.playlists import BucketPlaylists

MOST_BYTES = captions.MOST_BYTES


def give(session: StreamSession, data: bytes, *, actor: str) -> None:
    """Give a replay captions, in place of those it has. Calling twice is safe.

    Raises BadCaptions; StateRefused without a replay; StoreAway when the disk or the bucket does not take them.
    """
    _put(session, data)
    _record(session, "give_captions", actor=actor)


def remove(session: StreamSession, *, actor: str) -> None:
    """Take a replay's captions away. Calling twice is safe. Raises StateRefused, StoreAway."""
    _put(session, None)
    _record(session, "remove_captions", actor=actor)


def has_captions(session: StreamSession) -> bool:
    return (playback.folder(session.pk) / captions.FILE).exists()


def _put(session: StreamSession, data: bytes | None) -> None:
    folder, bucket = playback.folder(session.pk), find_bucket()
    if session.state != StreamSession.State.ENDED or not playback.playlist_url(session):
        raise StateRefused(session.state, "have captions")
    try:
        recording = Journal(folder).recording
        playlists = BucketPlaylists(folder, recording, bucket) if bucket else Playlists(folder, recording)
        playlists.put_captions(data, since=playback.live_since(session))
    except (NoReplay, FileNotFoundError) as error:
        raise StateRefused(session.state, "have captions") from error
    except OSError as error:
        raise StoreAway(str(error)) from error


def _record(session: StreamSession, action: str, *, actor: str) -> None:
    with transaction.atomic():
        audit.record(actor=actor, action=action, subject=f"show:{session.slug}")
