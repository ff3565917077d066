"""Who may send a camera to which show: a signed word that the studio fetches just before, good for a minute."""

import uuid

from django.core import signing

from streams import broadcasts
from streams.exceptions import KeyRefused
from streams.models import StreamSession

CAMERA_PATH = "/camera/"  # of the media process
SALT = "streams.camera"
MAX_AGE_S = 60


def issue(session: StreamSession) -> str:
    """Return a ticket for a show's host."""
    return signing.dumps({"show": str(session.pk), "host": session.host_id}, salt=SALT)


def redeem(ticket: str) -> StreamSession:
    """Return the show that a ticket opens. Raises KeyRefused (unknown, ended)."""
    try:
        said = signing.loads(ticket, salt=SALT, max_age=MAX_AGE_S)
    except signing.BadSignature as error:
        raise KeyRefused("unknown") from error
    hosted = StreamSession.objects.filter(host_id=said["host"], host__is_host=True, host__is_active=True)
    session = hosted.filter(pk=uuid.UUID(said["show"])).first()
    if session is None:
        raise KeyRefused("unknown")
    return broadcasts.check_running(session)
