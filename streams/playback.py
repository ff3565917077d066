"""Where a show is played from."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from streams.hls import origin
from streams.models import StreamSession

State = StreamSession.State

LIVE_PLAYLIST, PREVIEW_PLAYLIST, REPLAY_PLAYLIST = origin.LIVE, origin.PREVIEW, origin.REPLAY


def shows_folder() -> Path:
    """Return where the folders of all shows lie."""
    return Path(settings.MEDIA_ROOT) / "sessions"


def folder(session_id: UUID) -> Path:
    """Return where the segments, playlists and journal of a show lie."""
    return shows_folder() / str(session_id)


def playlist_url(session: StreamSession) -> str:
    """Return the address of the show's multivariant playlist, or "" while there is nothing for viewers to play."""
    if session.is_on_air:
        return _url(session, LIVE_PLAYLIST)
    if session.state == State.ENDED and session.is_recorded and not session.is_replay_over and not is_secret(session):
        return _url(session, REPLAY_PLAYLIST)
    return ""


def preview_url(session: StreamSession) -> str:
    """Return the address of what only the host may see before Go live, or "" when there is no picture yet."""
    return _url(session, PREVIEW_PLAYLIST) if session.state == State.REHEARSAL else ""


def live_since(session: StreamSession) -> datetime | None:
    """Return the moment before which viewers may see nothing, for a show that was rehearsed before it went live."""
    return session.started_at if session.has_preview else None


def is_secret(session: StreamSession) -> bool:
    """Whether all there is of this show is a rehearsal, which nobody but its host may ever see."""
    return session.has_preview and session.started_at is None


def _url(session: StreamSession, name: str) -> str:
    """The address, if the playlist was written: a second after Go live, where a show was rehearsed."""
    if not (folder(session.pk) / name).exists():
        return ""
    return f"{settings.MEDIA_BASE_URL}/sessions/{session.pk}/{name}"
