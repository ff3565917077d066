"""Who may see a show, and whose it is."""

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When

from shop.models import User
from streams.models import Moderator, StreamSession

State = StreamSession.State


def list_visible(user: User | AnonymousUser, *, state: str = "") -> QuerySet[StreamSession]:
    """Return the shows, or those in a state, as someone sees them: `as_seen` makes of them what may be handed out.

    A rehearsal is one to its host, its moderators and staff; to everybody else the show is still planned.
    """
    hidden = Q(state=State.REHEARSAL)
    if isinstance(user, User):
        hidden &= ~_insiders(user)
    seen_state = Case(When(hidden, then=Value(State.SCHEDULED)), default=F("state"), output_field=CharField())
    shows = StreamSession.objects.select_related("host", "pinned").annotate(seen_state=seen_state)
    return shows.filter(seen_state=state) if state else shows


def as_seen(shows: Iterable[StreamSession]) -> list[StreamSession]:
    """Return shows of `list_visible` as that person sees them: nothing of a hidden rehearsal can be told from them."""
    seen = list(shows)
    for show in seen:
        if show.state != show.seen_state:  # type: ignore[attr-defined]
            show.state = show.seen_state  # type: ignore[attr-defined]
            show.hidden_since = show.rehearsed_at or show.created_at
    return seen


def get_visible(slug: str, user: User | AnonymousUser) -> StreamSession:
    """Return a show as someone sees it. Raises StreamSession.DoesNotExist."""
    [show] = as_seen([list_visible(user).get(slug=slug)])
    return show


def may_rehearse(slug: str, user_id: int | None) -> bool:
    """Whether someone is in on a show's rehearsals: its host, its moderators, and staff."""
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    return user is not None and StreamSession.objects.filter(_insiders(user), slug=slug).exists()


def _insiders(user: User) -> Q:
    if user.is_staff:
        return ~Q(pk=None)
    return Q(host=user) | Q(pk__in=Moderator.objects.filter(user=user).values("session"))


def list_own(user: User) -> QuerySet[StreamSession]:
    """Return a host's shows, the newest first."""
    shows = StreamSession.objects.select_related("host", "pinned")
    return shows.filter(host=user).order_by("-created_at", "-id")


def get_own(slug: str, user: User) -> StreamSession:
    """Raises StreamSession.DoesNotExist for other people's shows, as if there were none."""
    return list_own(user).get(slug=slug)
