"""Who may see a show, and whose it is."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from shop.models import User
from streams.models import StreamSession


def list_visible(user: User | AnonymousUser) -> QuerySet[StreamSession]:
    """Return the shows that someone may see: all but other hosts' rehearsals."""
    is_public = ~Q(state=StreamSession.State.REHEARSAL)
    shows = StreamSession.objects.select_related("host", "pinned")
    return shows.filter(is_public | Q(host=user)) if isinstance(user, User) else shows.filter(is_public)


def get_visible(slug: str, user: User | AnonymousUser) -> StreamSession:
    """Raises StreamSession.DoesNotExist for strangers to a rehearsal, as if there were none."""
    return list_visible(user).get(slug=slug)


def may_rehearse(slug: str, user_id: int | None) -> bool:
    """Whether someone is in on a show's rehearsals: its host, and staff."""
    if user_id is None:
        return False
    is_host = StreamSession.objects.filter(slug=slug, host_id=user_id, host__is_active=True)
    return is_host.exists() or User.objects.filter(pk=user_id, is_staff=True, is_active=True).exists()


def list_own(user: User) -> QuerySet[StreamSession]:
    """Return a host's shows, the newest first."""
    shows = StreamSession.objects.select_related("host", "pinned")
    return shows.filter(host=user).order_by("-created_at", "-id")


def get_own(slug: str, user: User) -> StreamSession:
    """Raises StreamSession.DoesNotExist for other people's shows, as if there were none."""
    return list_own(user).get(slug=slug)


def actor(user: User) -> str:
    """Return the opaque word for a person in the audit log."""
    return f"user:{user.public_id}"
