"""Whom a host trusts with a show's chat."""

from django.db import transaction
from django.db.models import Q, QuerySet

from shop import audit
from shop.models import User
from shop.people import verification
from shop.people.lookalikes import is_taken
from streams.exceptions import CantModerate
from streams.models import ChatMessage, Moderator, StreamSession

Role = ChatMessage.Role


def role_of(session: StreamSession, user: User) -> ChatMessage.Role:
    """Return what someone is in a show: its host, a moderator (named by the host, or staff), or a viewer."""
    if user.pk == session.host_id:
        return Role.HOST
    is_moderator = user.is_staff or Moderator.objects.filter(session=session, user=user).exists()
    return Role.MODERATOR if is_moderator else Role.VIEWER


def name_in(session: StreamSession, user: User, role: ChatMessage.Role) -> str:
    """Return the name under which someone speaks in a show.

    A viewer's that is, or looks like, the name of its host, of a moderator or of the shop is left out: who bore it
    first doesn't matter.
    """
    if role != Role.VIEWER or not user.display_name:
        return user.public_name
    moderators = Moderator.objects.filter(session=session).values_list("user__display_name", flat=True)
    is_borrowed = is_taken(user.display_name, others=[session.host.display_name, *moderators])
    return User(public_id=user.public_id).public_name if is_borrowed else user.public_name


def list_moderated(user: User) -> QuerySet[StreamSession]:
    """Return the shows whose chat someone may moderate."""
    shows = StreamSession.objects.select_related("host", "pinned")
    if user.is_staff:
        return shows
    return shows.filter(Q(host=user) | Q(pk__in=Moderator.objects.filter(user=user).values("session")))


def name(session: StreamSession, email: str, *, actor: str) -> User:
    """Make somebody a moderator, by an address that they have shown to be theirs. Twice does it once.

    Raises CantModerate: `unknown`, or `is_trusted` for the host and staff, who moderate anyway.
    """
    user = verification.list_verified(email).first()
    if user is None:
        raise CantModerate("unknown")
    if user.is_staff or user.pk == session.host_id:
        raise CantModerate("is_trusted")
    with transaction.atomic():
        if Moderator.objects.get_or_create(session=session, user=user)[1]:
            _record("name_moderator", session, user, actor)
    return user


def dismiss(session: StreamSession, user: User, *, actor: str) -> None:
    """Have somebody be a viewer again. Twice does it once."""
    with transaction.atomic():
        if Moderator.objects.filter(session=session, user=user).delete()[0]:
            _record("dismiss_moderator", session, user, actor)


def _record(action: str, session: StreamSession, user: User, actor: str) -> None:
    audit.record(actor=actor, action=action, subject=f"show:{session.slug}", person=audit.actor_of(user))
