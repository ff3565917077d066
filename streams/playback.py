"""Where a show is played from."""

import secrets
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from streams.hls import origin
from streams.models import StreamSession

State = StreamSession.State

PREVIEWS = "previews"
LIVE_PLAYLIST, PREVIEW_PLAYLIST, REPLAY_PLAYLIST = origin.LIVE, origin.PREVIEW, origin.REPLAY


def shows_folder() -> Path:
    """Return where the folders of all shows lie."""
    return Path(settings.MEDIA_ROOT) / "sessions"


def folder(session_id: UUID) -> Path:
    """Return where the segments, playlists and journal of a show lie."""
    return shows_folder() / str(session_id)


def previews() -> list[Path]:
    """Return the folders of all rehearsals, each `<show>/previews/<random name>`."""
    return list(shows_folder().glob(f"{'?' * 36}/{PREVIEWS}/*"))


def new_preview(session_id: UUID) -> Path:
    """Return the folder of a rehearsal that begins. Its name is what keeps strangers out of it."""
    return folder(session_id) / PREVIEWS / secrets.token_urlsafe(16)


def stored_as(folder: Path) -> str:
    """Return what the names of a folder's files begin with in a bucket."""
    return f"{folder.relative_to(settings.MEDIA_ROOT).as_posix()}/"


def playlist_url(session: StreamSession) -> str:
    """Return the address of the show's multivariant playlist, or "" while there is nothing for viewers to play."""
    if session.is_on_air:
        return _url(session, LIVE_PLAYLIST)
    if session.state == State.ENDED and session.is_recorded and not session.is_replay_over and not is_secret(session):
        return _url(session, REPLAY_PLAYLIST)
    return ""


def preview_url(session: StreamSession) -> str:
    """Return the address of what only insiders may see before Go live, or "" when there is no picture yet.

    Whoever has the address can read what is there: give it to nobody else (`access.get_visible`).
    """
    if session.state != State.REHEARSAL:
        return ""
    # One that a killed process has left is taken away before another one is shown.
    found = next((folder(session.pk) / PREVIEWS).glob(f"*/{PREVIEW_PLAYLIST}"), None)
    return _url(session, f"{PREVIEWS}/{found.parent.name}/{PREVIEW_PLAYLIST}") if found else ""


def live_since(session: StreamSession) -> datetime | None:
    """Return the moment before which viewers may see nothing, for a show that was rehearsed before it went live."""
    return session.started_at if session.has_preview else None


def is_secret(session: StreamSession) -> bool:
    """Whether all there is of this show is a rehearsal, which strangers may never see."""
    return session.has_preview and session.started_at is None


def _url(session: StreamSession, name: str) -> str:
    """The address, if the playlist was written: a second after Go live, where a show was rehearsed."""
    if not (folder(session.pk) / name).exists():
        return ""
    return f"{settings.MEDIA_BASE_URL}/sessions/{session.pk}/{name}"
